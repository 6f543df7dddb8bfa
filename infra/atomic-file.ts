import { createHash, randomUUID } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

export interface WrittenFile {
  sha256: string
  bytes: number
}

/**
 * A file that is there whole or not at all: bytes go to a temporary neighbour, `commit` syncs it and renames it over
 * `path`. Disposing without a commit leaves no trace, so a second writer of the same path does no harm.
 * Calls block: this is for worker threads and for small files.
 */
export class AtomicFile implements Disposable {
  readonly #path: string
  readonly #temporary: string
  readonly #hash = createHash('sha256')
  #fd: number | undefined
  #bytes = 0

  constructor(path: string) {
    this.#path = path
    this.#temporary = `${path}.${randomUUID()}.part`
    mkdirSync(dirname(path), { recursive: true })
    this.#fd = openSync(this.#temporary, 'wx', 0o644)
  }

  write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) done += writeSync(this.#fd!, bytes, done)
    this.#hash.update(bytes)
    this.#bytes += bytes.length
  }

  /** Digest and size of what is now at `path`. */
  commit(): WrittenFile {
    const fd = this.#fd!
    fsyncSync(fd)
    closeSync(fd)
    this.#fd = undefined
    renameSync(this.#temporary, this.#path)
    syncFolder(dirname(this.#path))
    return { sha256: this.#hash.digest('hex'), bytes: this.#bytes }
  }

  [Symbol.dispose](): void {
    if (this.#fd === undefined) return
    closeSync(this.#fd)
    this.#fd = undefined
    rmSync(this.#temporary, { force: true })
  }
}

/** Write a small file by the same road. */
export function writeFileAtomically(path: string, content: string | Uint8Array): WrittenFile {
  using file = new AtomicFile(path)
  file.write(typeof content === 'string' ? Buffer.from(content) : content)
  return file.commit()
}

/** The rename itself is durable only when its folder is synced. */
function syncFolder(path: string): void {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
