import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writePrivateFile } from '../../../infra/services/private-file.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mella-private-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('a file is replaced as a whole, readable by its owner alone, and nothing else is left', () => {
  const path = join(folder, 'a')
  writeFileSync(path, 'a much longer old content')
  writePrivateFile(path, 'new')
  expect([readFileSync(path, 'utf8'), (statSync(path).mode & 0o777).toString(8), readdirSync(folder)]).toEqual([
    'new',
    '600',
    ['a'],
  ])
})

test('a write that fails leaves the old file and no other', () => {
  const path = join(folder, 'a')
  writePrivateFile(path, 'old')
  expect(() => writePrivateFile(path, { toString: 'no text' } as unknown as string)).toThrow(TypeError)
  expect([readFileSync(path, 'utf8'), readdirSync(folder)]).toEqual(['old', ['a']])
})
