import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { datasetKey, keyFingerprint } from '../../infra/dataset-key.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'mella-dataset-key-'))
})
afterEach(() => rmSync(home, { recursive: true }))

const keyOf = (dataset: string, given: string | null = null) => datasetKey({ home, datasetKey: given }, dataset)
const fileOf = (dataset: string) => join(home, 'keys', `dataset-${dataset}.key`)

test('a dataset has a key of its own that stays, readable by its owner alone', () => {
  const key = keyOf('demo')
  expect(key).toHaveLength(32)
  expect(keyOf('demo')).toEqual(key)
  expect(keyOf('other')).not.toEqual(key)
  expect(readFileSync(fileOf('demo'), 'utf8')).toBe(`${key.toString('hex')}\n`)
  expect((statSync(fileOf('demo')).mode & 0o777).toString(8)).toBe('600')
})

test('a key given by setting is taken and not written', () => {
  expect(keyOf('demo', 'ab'.repeat(16))).toEqual(Buffer.alloc(16, 0xab))
  expect(readdirSync(home)).toEqual([])
})

test.each([
  'garbage',
  '',
  'ab'.repeat(15),
  `${'ab'.repeat(32)}f`,
  'AB'.repeat(32),
  `${'ab'.repeat(16)} ${'ab'.repeat(16)}`,
])('a key file that holds %j is an error, never another key', (text) => {
  keyOf('demo')
  writeFileSync(fileOf('demo'), text)
  expect(() => keyOf('demo')).toThrow(
    expect.objectContaining({
      code: 'BAD_KEY',
      message: `key of dataset demo: ${fileOf('demo')} does not hold hex`,
    }),
  )
  expect(readFileSync(fileOf('demo'), 'utf8')).toBe(text)
})

test('the fingerprint depends on the key and does not hold it', () => {
  expect(keyFingerprint(Buffer.alloc(32))).toBe('7591f20f92de00aa274a24b0633f9df6')
  expect(keyFingerprint(Buffer.alloc(32, 1))).not.toBe(keyFingerprint(Buffer.alloc(32)))
})
