import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { PermanentError } from '../schema/contracts/errors.ts'

export interface FolderEntry {
  /** Relative path with forward slashes. */
  path: string
  bytes: number
  /** False for links, sockets and the like, which a release never holds. */
  regular: boolean
}

/** Reads a release folder and nothing outside it. Paths are relative; PermanentError PATH_OUTSIDE for any other. */
export class ReleaseFolder {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  /** Everything in the folder but folders themselves, sorted by path. PermanentError NO_FOLDER when there is none. */
  async list(): Promise<FolderEntry[]> {
    const known = await stat(this.#root).catch(() => undefined)
    if (!known?.isDirectory())
      throw new PermanentError('NO_FOLDER', `no folder at ${this.#root}; name a release folder`, { path: this.#root })
    const entries: FolderEntry[] = []
    const folders = ['']
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      for (const entry of await readdir(join(this.#root, folder), { withFileTypes: true })) {
        const path = folder === '' ? entry.name : `${folder}/${entry.name}`
        if (entry.isDirectory()) folders.push(path)
        else if (entry.isFile()) entries.push({ path, bytes: (await stat(join(this.#root, path))).size, regular: true })
        else entries.push({ path, bytes: 0, regular: false })
      }
    }
    return entries.sort((a, b) => (a.path < b.path ? -1 : 1))
  }

  /** A small file whole; PermanentError FILE_TOO_LARGE above `maxBytes`, FILE_MISSING when it is not there. */
  async read(path: string, maxBytes: number): Promise<Buffer> {
    await using file = await this.open(path)
    if (file.byteLength > maxBytes)
      throw new PermanentError('FILE_TOO_LARGE', `${path} has ${file.byteLength} bytes, at most ${maxBytes} expected`)
    return Buffer.from(await file.slice(0, file.byteLength))
  }

  async digest(path: string): Promise<{ sha256: string; bytes: number }> {
    const hash = createHash('sha256')
    let bytes = 0
    for await (const chunk of createReadStream(this.#inside(path), { highWaterMark: 1024 * 1024 })) {
      hash.update(chunk as Buffer)
      bytes += (chunk as Buffer).length
    }
    return { sha256: hash.digest('hex'), bytes }
  }

  /** Random access to one file; whoever opens it disposes of it. */
  async open(path: string) {
    const handle = await open(this.#inside(path), 'r').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') throw new PermanentError('FILE_MISSING', `${path} is missing`, { path }, error)
      throw error
    })
    const byteLength = (await handle.stat()).size
    return {
      byteLength,
      /** Bytes from `start` up to `end`, fewer only at the end of the file. */
      async slice(start: number, end = byteLength): Promise<ArrayBuffer> {
        const bytes = new Uint8Array(Math.max(0, Math.min(end, byteLength) - start))
        for (let done = 0; done < bytes.length;) {
          const { bytesRead } = await handle.read(bytes, done, bytes.length - done, start + done)
          if (bytesRead === 0) throw new PermanentError('FILE_TRUNCATED', `${path} ended while it was read`, { path })
          done += bytesRead
        }
        return bytes.buffer
      },
      [Symbol.asyncDispose]: () => handle.close(),
    }
  }

  #inside(path: string): string {
    if (path.split('/').some((part) => part === '' || part === '.' || part === '..')) {
      throw new PermanentError('PATH_OUTSIDE', `"${path}" is not a path inside the release`, { path })
    }
    return join(this.#root, path)
  }
}
