import { createHash } from 'node:crypto'
import type * as FileSystem from 'node:fs/promises'
import { mkdtemp, readdir, rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createFolderStore, type ObjectStore, removeAbandoned } from '../../infra/objects.ts'

/**
 * A disk whose next write ends with this after half of the bytes, or whose next new file cannot be made; steps of
 * writing are noted in order, and how many files are open.
 */
const disk = vi.hoisted(() => ({
  fault: null as string | null,
  noFile: null as string | null,
  beforeRename: null as ((from: string) => Promise<void>) | null,
  steps: [] as string[],
  open: 0,
}))

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof FileSystem>()
  const open = async (file: string, flags?: string) => {
    if (flags === 'wx' && disk.noFile !== null)
      throw Object.assign(new Error(`${disk.noFile}: open`), { code: disk.noFile })
    const handle = await real.open(file, flags)
    disk.open += 1
    const close = handle.close.bind(handle)
    handle.close = async () => {
      disk.open -= 1
      await close()
    }
    const name = file.endsWith('.tmp') ? 'file' : 'folder'
    for (const method of ['datasync', 'sync'] as const) {
      const run = handle[method].bind(handle)
      handle[method] = async () => {
        disk.steps.push(`sync ${name}`)
        await run()
      }
    }
    const write = handle.writeFile.bind(handle)
    handle.writeFile = async (bytes) => {
      const { fault } = disk
      if (fault === null) return write(bytes)
      await write((bytes as Uint8Array).subarray(0, 4))
      throw Object.assign(new Error(`${fault}: write`), { code: fault })
    }
    return handle
  }
  const rename = async (from: string, to: string) => {
    disk.steps.push('rename')
    await disk.beforeRename?.(from)
    await real.rename(from, to)
  }
  return { ...real, open, rename }
})

const BYTES = Buffer.from('a picture, say')
const SHA = createHash('sha256').update(BYTES).digest()
let root = ''
let store: ObjectStore

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'mella-test-objects-'))
  store = createFolderStore(root)
  disk.fault = null
  disk.noFile = null
  disk.steps.length = 0
})
afterEach(async () => {
  expect(disk.open).toBe(0)
  await rm(root, { recursive: true, force: true })
})

const filesOf = async () =>
  (await readdir(root, { recursive: true, withFileTypes: true })).filter((one) => one.isFile()).map((one) => one.name)

test('bytes lie under their sha256 and come back as they were', async () => {
  expect(await store.put(BYTES)).toEqual(SHA)
  expect(await store.get(SHA)).toEqual(BYTES)
  expect(await filesOf()).toEqual([SHA.toString('hex')])
})

test('bytes and name are on the disk before the object is there, the folder after', async () => {
  await store.put(BYTES)
  expect(disk.steps).toEqual(['sync file', 'rename', 'sync folder'])
})

test('an object that was changed on the disk is not given out', async () => {
  await store.put(BYTES)
  await writeFile(store.locate(SHA), 'A picture, say')
  await expect(store.get(SHA)).rejects.toMatchObject({ code: 'OBJECT_CORRUPT' })
})

test('a truncated object is not given out, and a part beyond its end is refused', async () => {
  await store.put(BYTES)
  await truncate(store.locate(SHA), 5)
  await expect(store.get(SHA)).rejects.toMatchObject({ code: 'OBJECT_CORRUPT' })
  await expect(store.getRange(SHA, 2, 8)).rejects.toMatchObject({ code: 'OBJECT_CORRUPT' })
})

test('putting the bytes again mends a truncated object', async () => {
  await store.put(BYTES)
  await truncate(store.locate(SHA), 5)
  await store.put(BYTES)
  expect(await store.get(SHA)).toEqual(BYTES)
})

test('what is not there is missing', async () => {
  await expect(store.get(SHA)).rejects.toMatchObject({ code: 'OBJECT_MISSING' })
  await expect(store.getRange(SHA, 0, 1)).rejects.toMatchObject({ code: 'OBJECT_MISSING' })
  expect(await store.has(SHA)).toBe(false)
})

test('a part is read without the rest', async () => {
  await store.put(BYTES)
  expect((await store.getRange(SHA, 2, 7)).toString()).toBe('picture')
  expect(await store.has(SHA)).toBe(true)
})

test('many that put the same bytes at once leave one object', async () => {
  const second = createFolderStore(root)
  const puts = Array.from({ length: 16 }, (_, index) => (index % 2 === 0 ? store : second).put(BYTES))
  expect(await Promise.all(puts)).toEqual(puts.map(() => SHA))
  expect(await filesOf()).toEqual([SHA.toString('hex')])
  expect(await store.get(SHA)).toEqual(BYTES)
})

test('bytes that are there are not written again', async () => {
  await store.put(BYTES)
  disk.steps.length = 0
  await createFolderStore(root).put(BYTES)
  expect(disk.steps).toEqual([])
})

test.each(['ENOSPC', 'EDQUOT'])('a full disk (%s) is a fault that passes, and leaves no file', async (fault) => {
  disk.fault = fault
  await expect(store.put(BYTES)).rejects.toMatchObject({ name: 'TransientError', code: 'STORE_FULL' })
  expect(await filesOf()).toEqual([])
  disk.fault = null
  await store.put(BYTES)
  expect(await store.get(SHA)).toEqual(BYTES)
})

test('a disk without room for one more file is full too', async () => {
  disk.noFile = 'ENOSPC'
  await expect(store.put(BYTES)).rejects.toMatchObject({ name: 'TransientError', code: 'STORE_FULL' })
})

test('room is asked for by taking it, and given back', async () => {
  disk.fault = 'ENOSPC'
  await expect(store.requireRoom(1000)).rejects.toMatchObject({ name: 'TransientError', code: 'STORE_FULL' })
  disk.fault = null
  await store.requireRoom(1000)
  expect(await filesOf()).toEqual([])
})

test('any other fault of the disk leaves no file either', async () => {
  disk.fault = 'EIO'
  await expect(store.put(BYTES)).rejects.toMatchObject({ name: 'TransientError', code: 'STORE_FAULT' })
  expect(await filesOf()).toEqual([])
})

test('what a killed writer left is removed after a day, what may still be written is not', async () => {
  await store.put(BYTES)
  const left = async (name: string, hoursAgo: number) => {
    const file = path.join(root, 'tmp', name)
    await writeFile(file, 'half')
    const at = new Date(Date.now() - hoursAgo * 3_600_000)
    await utimes(file, at, at)
  }
  await left('old.tmp', 25)
  await left('young.tmp', 23)
  await utimes(store.locate(SHA), 0, 0)
  expect(await removeAbandoned(root)).toBe(1)
  expect((await filesOf()).toSorted()).toEqual([SHA.toString('hex'), 'young.tmp'].toSorted())
})

test('a writer whose file was taken for abandoned fails for now, and nothing is at its name', async () => {
  disk.beforeRename = (from) => rm(from)
  await expect(store.put(BYTES)).rejects.toMatchObject({ name: 'TransientError', code: 'STORE_FAULT' })
  disk.beforeRename = null
  expect(await store.has(SHA)).toBe(false)
  expect(await store.put(BYTES)).toEqual(SHA)
})

test('a store without a file has nothing to remove', async () => {
  expect(await removeAbandoned(root)).toBe(0)
})
