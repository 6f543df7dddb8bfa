import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readOrMakeSecret, readSecret } from '../../infra/keys.ts'

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

test('a secret that somebody else made meanwhile holds, in a home that nobody had before', () => {
  const fresh = join(home, 'not', 'there')
  const made = readOrMakeSecret(fresh, 'a', () => {
    writeFileSync(join(fresh, 'keys', 'a'), 'faster\n')
    return 'slower'
  })
  expect([made, readdirSync(join(fresh, 'keys'))]).toEqual(['faster', ['a']])
})
