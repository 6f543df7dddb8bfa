import { createHash, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, open, opendir, readFile, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { AppError, PermanentError, TransientError } from '../schema/contracts/errors.ts'

/**
 * The content-addressed store: bytes under the sha256 of the bytes. The interface is what S3 can do: put, get, has,
 * range; nothing is ever changed in place.
 */
export interface ObjectStore {
  /** Stores the bytes, returns their sha256 (32 bytes). Safe to run twice and at the same time. */
  put(bytes: Uint8Array): Promise<Buffer>
  /** The bytes, verified against their name. Throws OBJECT_MISSING or OBJECT_CORRUPT. */
  get(sha: Uint8Array): Promise<Buffer>
  /** A slice, not verified as a whole: whoever reads a WARC record checks the record's own digest. */
  getRange(sha: Uint8Array, offset: number, length: number): Promise<Buffer>
  has(sha: Uint8Array): Promise<boolean>
  /** Writes so many bytes and takes them away again. Throws STORE_FULL when there is no room for them. */
  requireRoom(bytes: number): Promise<void>
  /** Where the object lies, for other programs and threads on the same machine. */
  locate(sha: Uint8Array): string
}

/** Two levels of 256 folders keep each under some 10,000 entries at 600 million objects. */
function relativePath(hex: string): string {
  return path.join(hex.slice(0, 2), hex.slice(2, 4), hex)
}

/** One folder for files that are being written, so that what killed writers left is found without a walk of the store. */
const TEMPORARY = 'tmp'
/** Many times what the slowest write of an object takes; one that outlives it fails as a fault that passes. */
const ABANDONED_MS = 24 * 3600 * 1000

/** A store in a folder: temp file, fsync, rename, fsync of the folder. */
export function createFolderStore(root: string): ObjectStore {
  const made = new Set<string>()
  const fileOf = (sha: Uint8Array) => path.join(root, relativePath(Buffer.from(sha).toString('hex')))

  async function make(folder: string): Promise<void> {
    if (made.has(folder)) return
    await mkdir(folder, { recursive: true })
    made.add(folder)
  }

  async function put(bytes: Uint8Array): Promise<Buffer> {
    const sha = createHash('sha256').update(bytes).digest()
    const target = fileOf(sha)
    if ((await sizeOf(target)) === bytes.byteLength) return sha
    const folder = path.dirname(target)
    try {
      await make(folder)
      await make(path.join(root, TEMPORARY))
      await writeDurably(newTemporary(root), target, bytes)
    } catch (error) {
      throw storeFault(error, root)
    }
    return sha
  }

  const get = (sha: Uint8Array) => readObject(fileOf(sha), sha, root)

  async function getRange(sha: Uint8Array, offset: number, length: number): Promise<Buffer> {
    const handle = await open(fileOf(sha), 'r').catch((error: unknown) => {
      throw missing(error, sha, root)
    })
    try {
      const bytes = Buffer.alloc(length)
      const { bytesRead } = await handle.read(bytes, 0, length, offset)
      if (bytesRead !== length)
        throw new PermanentError(
          'OBJECT_CORRUPT',
          `object ${hex(sha)} in ${root} is shorter than ${offset + length} bytes`,
        )
      return bytes
    } finally {
      await handle.close()
    }
  }

  async function requireRoom(bytes: number): Promise<void> {
    const temporary = newTemporary(root)
    try {
      await make(path.dirname(temporary))
      await writeSynced(temporary, Buffer.alloc(bytes), () => rm(temporary))
    } catch (error) {
      throw storeFault(error, root)
    }
  }

  const has = async (sha: Uint8Array) => (await sizeOf(fileOf(sha))) !== null
  return { put, get, getRange, has, requireRoom, locate: fileOf }
}

/**
 * Removes what killed writers left in the folder of a store: files that nobody has written to for a day, by the clock of
 * the file system, which other machines may share. Returns their number. Safe to run at any time and at the same time.
 */
export async function removeAbandoned(root: string): Promise<number> {
  const probe = newTemporary(root)
  await mkdir(path.dirname(probe), { recursive: true })
  await writeSynced(probe, new Uint8Array(0))
  const now = (await stat(probe)).mtimeMs
  await rm(probe)
  let removed = 0
  for await (const { name } of await opendir(path.dirname(probe))) {
    const file = path.join(path.dirname(probe), name)
    // One that is gone meanwhile was renamed by its writer, or removed by another of us.
    const writtenAt = await stat(file).then(
      ({ mtimeMs }) => mtimeMs,
      () => now,
    )
    if (!name.endsWith('.tmp') || now - writtenAt < ABANDONED_MS) continue
    await rm(file, { force: true })
    removed += 1
  }
  return removed
}

function newTemporary(root: string): string {
  return path.join(root, TEMPORARY, `${randomUUID()}.tmp`)
}

/**
 * Not before the datasync does a file system that allocates late say that it is full. `opened` may take the file's name
 * away: what it holds is then given back when it is closed, also by the death of the process.
 */
async function writeSynced(file: string, bytes: Uint8Array, opened?: () => Promise<void>): Promise<void> {
  const handle = await open(file, 'wx')
  try {
    await opened?.()
    await handle.writeFile(bytes)
    await handle.datasync()
  } finally {
    await handle.close()
  }
}

/** The object that lies at `file`, verified. Throws OBJECT_MISSING or OBJECT_CORRUPT. */
async function readObject(file: string, sha: Uint8Array, root: string): Promise<Buffer> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw missing(error, sha, root)
  })
  return verified(bytes, sha, root)
}

/**
 * The object that lies at `file`, as `locate` says, verified: for a thread that reads for itself what its process would
 * only pass on, and has nothing else to do meanwhile. Throws OBJECT_MISSING or OBJECT_CORRUPT.
 */
export function readObjectSync(file: string, sha: Uint8Array, root = path.join(file, '../../..')): Buffer {
  try {
    return verified(readFileSync(file), sha, root)
  } catch (error) {
    throw error instanceof AppError ? error : missing(error, sha, root)
  }
}

function verified(bytes: Buffer, sha: Uint8Array, root: string): Buffer {
  if (!createHash('sha256').update(bytes).digest().equals(Buffer.from(sha))) {
    throw new PermanentError(
      'OBJECT_CORRUPT',
      `object ${hex(sha)} in ${root} does not have the digest of its name: restore it from a copy`,
    )
  }
  return bytes
}

async function writeDurably(temporary: string, target: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeSynced(temporary, bytes)
    await rename(temporary, target)
    const directory = await open(path.dirname(target), 'r')
    try {
      await directory.sync()
    } finally {
      await directory.close()
    }
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

async function sizeOf(file: string): Promise<number | null> {
  return stat(file).then(
    (found) => found.size,
    () => null,
  )
}

function hex(sha: Uint8Array): string {
  return Buffer.from(sha).toString('hex')
}

function missing(error: unknown, sha: Uint8Array, root: string): AppError {
  if ((error as { code?: string }).code === 'ENOENT') {
    return new PermanentError('OBJECT_MISSING', `object ${hex(sha)} is not in the store ${root}`, {}, error)
  }
  return storeFault(error, root)
}

function storeFault(error: unknown, root: string): AppError {
  if (error instanceof AppError) return error
  const code = (error as { code?: string }).code
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new TransientError(
      'STORE_FULL',
      `store ${root} is full: free some space; the work goes on by itself`,
      {},
      error,
    )
  }
  return new TransientError(
    'STORE_FAULT',
    `store ${root}: ${error instanceof Error ? error.message : String(error)}`,
    {},
    error,
  )
}
