import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { datasetKey, keyFingerprint, readOrMakeSecret, readSecret } from '../../infra/keys.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'mella-keys-'))
})
afterEach(() => rmSync(home, { recursive: true }))

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8)

test('a secret is made once, readable by its owner alone, and nothing else is left in the folder', () => {
  const first = readOrMakeSecret(home, 'a', () => 'one')
  expect([first, readOrMakeSecret(home, 'a', () => 'two'), readSecret(home, 'a'), readSecret(home, 'b')]).toEqual([
    'one',
    'one',
    'one',
    null,
  ])
  expect([mode(join(home, 'keys')), mode(join(home, 'keys', 'a')), readdirSync(join(home, 'keys'))]).toEqual([
    '700',
    '600',
    ['a'],
  ])
})

test('a dataset has a key of its own that stays', () => {
  const key = datasetKey({ home, datasetKey: null }, 'demo')
  expect(key).toMatch(/^[0-9a-f]{64}$/)
  expect(datasetKey({ home, datasetKey: null }, 'demo')).toBe(key)
  expect(datasetKey({ home, datasetKey: null }, 'other')).not.toBe(key)
})

test('a key given by setting is taken and not written', () => {
  expect(datasetKey({ home, datasetKey: 'ab'.repeat(16) }, 'demo')).toBe('ab'.repeat(16))
  expect(readdirSync(home)).toEqual([])
})

test('a damaged key file is an error, never a new key', () => {
  datasetKey({ home, datasetKey: null }, 'demo')
  writeFileSync(join(home, 'keys', 'dataset-demo'), 'garbage')
  expect(() => datasetKey({ home, datasetKey: null }, 'demo')).toThrow(expect.objectContaining({ code: 'BAD_KEY' }))
})

test('the fingerprint depends on the key and does not hold it', () => {
  expect(keyFingerprint('00'.repeat(32))).toBe('7591f20f92de00aa274a24b0633f9df6')
  expect(keyFingerprint('01'.repeat(32))).not.toBe(keyFingerprint('00'.repeat(32)))
})
