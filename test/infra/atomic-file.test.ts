import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeFileAtomically } from '../../infra/atomic-file.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mella-atomic-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('a file is replaced as a whole, with its mode, and nothing else is left', () => {
  const path = join(folder, 'a')
  writeFileSync(path, 'a much longer old content')
  writeFileAtomically(path, 'new', 0o600)
  expect([readFileSync(path, 'utf8'), (statSync(path).mode & 0o777).toString(8), readdirSync(folder)]).toEqual([
    'new',
    '600',
    ['a'],
  ])
})

test('a write that fails leaves the old file and no other', () => {
  const path = join(folder, 'a')
  writeFileAtomically(path, 'old', 0o600)
  expect(() => writeFileAtomically(path, { toString: 'no text' } as unknown as string, 0o600)).toThrow(TypeError)
  expect([readFileSync(path, 'utf8'), readdirSync(folder)]).toEqual(['old', ['a']])
})
