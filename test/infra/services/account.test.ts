import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { canEnter, dataFolder, makeFolder } from '../../../infra/services/account.ts'

const STRANGER = { name: 'stranger', uid: 54_321, gid: 54_321 }
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mella-account-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('an account enters a folder when every folder above lets it pass', () => {
  mkdirSync(join(folder, 'a', 'b'), { recursive: true })
  chmodSync(folder, 0o700)
  expect(canEnter(join(folder, 'a', 'b'), STRANGER)).toBe(false)
  chmodSync(folder, 0o711)
  expect(canEnter(join(folder, 'a', 'b'), STRANGER)).toBe(true)
  expect(canEnter(join(folder, 'not', 'there'), STRANGER)).toBe(true)
  chmodSync(join(folder, 'a', 'b'), 0o755)
  chmodSync(join(folder, 'a'), 0o710)
  expect(canEnter(join(folder, 'a', 'b'), STRANGER)).toBe(false)
})

test('we ourselves are not asked', () => {
  chmodSync(folder, 0o700)
  expect(canEnter(folder, null)).toBe(true)
})

test('data stand in the home when the account can enter it, else in a folder of the system that depends on the home alone', () => {
  chmodSync(folder, 0o755)
  expect(dataFolder(folder, STRANGER)).toBe(join(folder, 'postgres'))
  chmodSync(folder, 0o700)
  const system = dataFolder(folder, STRANGER)
  expect(system).toMatch(/^\/var\/lib\/mella\/[0-9a-f]{16}\/postgres$/)
  expect(dataFolder(`${folder}/`, STRANGER)).toBe(system)
  mkdirSync(join(folder, 'postgres'))
  expect(dataFolder(folder, STRANGER)).toBe(join(folder, 'postgres'))
})

test('new folders can be entered whatever the umask, existing ones stay as they are', () => {
  chmodSync(folder, 0o700)
  const before = process.umask(0o077)
  try {
    makeFolder(join(folder, 'a', 'b'))
  } finally {
    process.umask(before)
  }
  const modes = [folder, join(folder, 'a'), join(folder, 'a', 'b')].map((path) =>
    (statSync(path).mode & 0o777).toString(8),
  )
  expect(modes).toEqual(['700', '755', '755'])
})
