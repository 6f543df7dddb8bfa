import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ReleaseFolder } from '../../infra/release-folder.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'folder-'))
  mkdirSync(join(root, 'a/b'), { recursive: true })
  writeFileSync(join(root, 'a/b/file'), '0123456789')
  writeFileSync(join(root, 'Z'), '')
  symlinkSync('/etc/passwd', join(root, 'a/link'))
})
afterEach(() => rmSync(root, { recursive: true }))

describe('a release folder', () => {
  it('lists what is in it by path, and says what is no file', async () => {
    expect(await new ReleaseFolder(root).list()).toEqual([
      { path: 'Z', bytes: 0, regular: true },
      { path: 'a/b/file', bytes: 10, regular: true },
      { path: 'a/link', bytes: 0, regular: false },
    ])
  })

  it('gives digest and pieces of a file', async () => {
    const folder = new ReleaseFolder(root)
    expect(await folder.digest('a/b/file')).toEqual({
      sha256: '84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882',
      bytes: 10,
    })
    await using file = await folder.open('a/b/file')
    expect(file.byteLength).toBe(10)
    expect(Buffer.from(await file.slice(2, 4)).toString()).toBe('23')
    expect(Buffer.from(await file.slice(8, 99)).toString()).toBe('89')
  })

  it('reads a small file and refuses a larger one', async () => {
    const folder = new ReleaseFolder(root)
    expect((await folder.read('a/b/file', 10)).toString()).toBe('0123456789')
    await expect(folder.read('a/b/file', 9)).rejects.toMatchObject({ code: 'FILE_TOO_LARGE' })
    await expect(folder.read('a/c', 9)).rejects.toMatchObject({ code: 'FILE_MISSING' })
  })

  it.each(['../x', '/etc/passwd', 'a/../../x', 'a//b', '.'])('does not leave itself by %j', async (path) => {
    await expect(new ReleaseFolder(root).open(path)).rejects.toMatchObject({ code: 'PATH_OUTSIDE' })
  })

  it('has to be there', async () => {
    await expect(new ReleaseFolder(join(root, 'x')).list()).rejects.toMatchObject({ code: 'NO_FOLDER' })
  })
})
