import { expect, test } from 'vitest'
import { parseHashList } from '../../../activities/known-abuse/hash-list.ts'

const MD5 = 'a'.repeat(32)
const SHA1 = 'b'.repeat(40)
const LONG = 'c'.repeat(64)
const none = { sha256: [], sha1: [], md5: [], pdq: [] }

test('tells hashes by their length and reads past comments, blanks, case and line ends', () => {
  const text = `\ufeff# a list\r\n\n  ${MD5.toUpperCase()}  \r\n${SHA1} # seen twice\n${LONG}\n${LONG}`
  expect(parseHashList(text, 'list.txt').hashes).toEqual({ ...none, md5: [MD5], sha1: [SHA1], sha256: [LONG] })
})

test.each([
  ['a comment line', `# type: pdq\n${LONG}`, 'list.txt'],
  ['the file name', LONG, '/lists/our-PDQ.txt'],
])('takes 64 digits for PDQ where %s says so', (_, text, name) => {
  expect(parseHashList(text, name).hashes).toEqual({ ...none, pdq: [LONG] })
})

test('goes by the file, not by a folder above it, and by the comment before the name', () => {
  expect(parseHashList(LONG, '/pdq/list.txt').hashes.sha256).toEqual([LONG])
  expect(parseHashList(`#type: SHA256\n${LONG}`, 'pdq.txt').hashes.sha256).toEqual([LONG])
})

test('still tells the shorter hashes in a file that is named for PDQ', () => {
  expect(parseHashList(`${MD5}\n${LONG}`, 'pdq-and-md5.txt').hashes).toEqual({ ...none, md5: [MD5], pdq: [LONG] })
})

test('names the lines that are no hash', () => {
  const text = `# first\n${MD5}\nnot a hash\n${'a'.repeat(31)}\n${'g'.repeat(32)}`
  expect(() => parseHashList(text, 'list.txt')).toThrow(
    expect.objectContaining({
      name: 'PermanentError',
      code: 'ABUSE_LIST_BAD_LINE',
      message: expect.stringContaining("list.txt: no hash of the list's type on line 3, 4, 5"),
      details: { file: 'list.txt', lines: [3, 4, 5] },
    }),
  )
})

test('shows a few of many bad lines', () => {
  expect(() => parseHashList('x\n'.repeat(1000), 'list.txt')).toThrow('line 1, 2, 3, 4, 5 and 995 more')
})

test('takes a hash of another kind than the declared one for a bad line', () => {
  expect(() => parseHashList(`# type: pdq\n${MD5}`, 'list.txt')).toThrow(
    expect.objectContaining({ code: 'ABUSE_LIST_BAD_LINE', details: { file: 'list.txt', lines: [2] } }),
  )
})

test('has a digest of what it lists, not of how it is written', () => {
  const digest = (text: string, name = 'list.txt') => parseHashList(text, name).digest
  expect(digest(`${MD5}\n${SHA1}`)).toBe(digest(`# other\n${SHA1.toUpperCase()}\n\n${MD5}\n${MD5}\n`))
  expect(digest(LONG)).not.toBe(digest(LONG, 'pdq.txt'))
  expect(digest(MD5)).not.toBe(digest('d'.repeat(32)))
})

test('is empty when the file is', () => {
  expect(parseHashList('', 'list.txt').hashes).toEqual(none)
})
