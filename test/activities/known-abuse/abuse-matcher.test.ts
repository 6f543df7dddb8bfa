import { expect, test } from 'vitest'
import { createAbuseMatcher, hashPictureBytes } from '../../../activities/known-abuse/abuse-matcher.ts'
import { parseHashList } from '../../../activities/known-abuse/hash-list.ts'

const hashes = hashPictureBytes(Buffer.from('abc'))
const PDQ = `${'0'.repeat(32)}${'f'.repeat(32)}`

/** Turns the given number of bits of a hash, spread over it. */
function turned(hash: string, bits: number): string {
  const digits = Array.from(hash, (digit) => Number.parseInt(digit, 16))
  for (let bit = 0; bit < bits; bit++) digits[(bit * 7) % 64]! ^= 1 << Math.floor((bit * 7) / 64)
  return digits.map((digit) => digit.toString(16)).join('')
}

test('knows the hashes of a picture by their published values', () => {
  expect(hashes).toEqual({
    md5: '900150983cd24fb0d6963f7d28e17f72',
    sha1: 'a9993e364706816aba3e25717850c26c9cd0d89d',
    sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  })
})

test.each(['md5', 'sha1', 'sha256'] as const)('finds a picture by its %s and says in which list', (kind) => {
  const list = parseHashList(hashes[kind], 'list.txt')
  const matcher = createAbuseMatcher([parseHashList('d'.repeat(32), 'other.txt'), list])
  expect(matcher.match(hashes)).toEqual({ hit: true, list: list.digest, kind })
  expect(matcher.match(hashPictureBytes(Buffer.from('abd')))).toEqual({ hit: false })
})

test('finds a picture by PDQ up to a distance of 31, not at 32', () => {
  const list = parseHashList(`${'1'.repeat(64)}\n${PDQ}`, 'pdq.txt')
  const matcher = createAbuseMatcher([list])
  const at = (bits: number) => matcher.match({ ...hashes, pdq: { hash: turned(PDQ, bits), quality: 100 } })
  expect([0, 31].map(at)).toEqual([0, 31].map(() => ({ hit: true, list: list.digest, kind: 'pdq' })))
  expect(at(32)).toEqual({ hit: false })
})

test('takes another distance when told to', () => {
  const matcher = createAbuseMatcher([parseHashList(PDQ, 'pdq.txt')], { pdqThreshold: 10 })
  const at = (bits: number) => matcher.match({ ...hashes, pdq: { hash: turned(PDQ, bits), quality: 100 } }).hit
  expect([at(10), at(11)]).toEqual([true, false])
})

test('does not trust the PDQ of a featureless picture', () => {
  const matcher = createAbuseMatcher([parseHashList(PDQ, 'pdq.txt')])
  const at = (quality: number) => matcher.match({ ...hashes, pdq: { hash: PDQ, quality } }).hit
  expect([at(49), at(50)]).toEqual([false, true])
})

test('needs PDQ only where a list holds one', () => {
  const needs = (...names: string[]) =>
    createAbuseMatcher(names.map((name) => parseHashList('c'.repeat(64), name))).needsPdq
  expect([needs(), needs('list.txt'), needs('list.txt', 'pdq.txt')]).toEqual([false, false, true])
})

test('answers the same whatever the order of the lists', () => {
  const a = parseHashList(`${hashes.md5}\n${hashes.sha1}`, 'a.txt')
  const b = parseHashList(`${hashes.sha1}\n# more\n${'e'.repeat(32)}`, 'b.txt')
  const forward = createAbuseMatcher([a, b])
  const backward = createAbuseMatcher([b, a])
  expect(forward.match(hashes)).toEqual(backward.match(hashes))
  expect(forward.match(hashes)).toMatchObject({ kind: 'sha1', list: [a.digest, b.digest].toSorted()[0] })
  expect(forward.lists).toEqual(backward.lists)
})
