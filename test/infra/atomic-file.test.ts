import { createHash } from 'node:crypto'
import type * as FileSystem from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { AtomicFile, writeFileAtomically } from '../../infra/atomic-file.ts'

/** Steps of writing in order, and the files that are open. */
const disk = vi.hoisted(() => ({ steps: [] as string[], open: new Map<number, string>() }))

vi.mock('node:fs', async (original) => {
  const real = await original<typeof FileSystem>()
  return {
    ...real,
    openSync: (path: string, flags: string, mode?: number) => {
      const fd = real.openSync(path, flags, mode)
      disk.open.set(fd, path.endsWith('.part') ? 'file' : 'folder')
      return fd
    },
    fsyncSync: (fd: number) => {
      disk.steps.push(`sync ${disk.open.get(fd)}`)
      real.fsyncSync(fd)
    },
    closeSync: (fd: number) => {
      disk.open.delete(fd)
      real.closeSync(fd)
    },
    renameSync: (from: string, to: string) => {
      disk.steps.push('rename')
      real.renameSync(from, to)
    },
  }
})

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atomic-'))
})
afterEach(async () => {
  expect([...disk.open.values()]).toEqual([])
  disk.steps.length = 0
  await rm(folder, { recursive: true })
})

describe('a file that is there whole or not at all', () => {
  it('is at its path after commit, with digest and size of its bytes', async () => {
    const path = join(folder, 'a/b/file')
    using file = new AtomicFile(path)
    file.write(Buffer.from('one '))
    file.write(Buffer.from('two'))
    expect(file.commit()).toEqual({ sha256: createHash('sha256').update('one two').digest('hex'), bytes: 7 })
    expect(await readFile(path, 'utf8')).toBe('one two')
    expect(await readdir(join(folder, 'a/b'))).toEqual(['file'])
  })

  it('is on the disk before it is at its path, the folder after', () => {
    writeFileAtomically(join(folder, 'x'), 'y')
    expect(disk.steps).toEqual(['sync file', 'rename', 'sync folder'])
  })

  it('leaves the old file and no trace when it is not committed', async () => {
    const path = join(folder, 'file')
    await writeFile(path, 'old')
    {
      using file = new AtomicFile(path)
      file.write(Buffer.from('half'))
    }
    expect([await readFile(path, 'utf8'), await readdir(folder)]).toEqual(['old', ['file']])
  })

  it('may be written by two at once', async () => {
    const path = join(folder, 'file')
    using one = new AtomicFile(path)
    using two = new AtomicFile(path)
    one.write(Buffer.from('same'))
    two.write(Buffer.from('same'))
    expect(one.commit()).toEqual(two.commit())
    expect([await readFile(path, 'utf8'), await readdir(folder)]).toEqual(['same', ['file']])
  })

  it('can be written in one call', async () => {
    expect(writeFileAtomically(join(folder, 'x'), 'ř').bytes).toBe(2)
    expect(await readFile(join(folder, 'x'), 'utf8')).toBe('ř')
  })
})
