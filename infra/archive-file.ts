import { createHash } from 'node:crypto'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { PermanentError } from '../schema/contracts/errors.ts'
import { type ScanLimits, type ScannedRecord, scanWarc } from './warc-scan.ts'

/** Size and sha256 of a file. Throws ARCHIVE_MISSING. */
export async function digestArchive(file: string): Promise<{ bytes: number; sha256: Buffer }> {
  await using handle = await openArchive(file)
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of handle.createReadStream({ autoClose: false, highWaterMark: 1024 * 1024 })) {
    hash.update(chunk as Buffer)
    bytes += (chunk as Buffer).length
  }
  return { bytes, sha256: hash.digest() }
}

/** Throws ARCHIVE_MISSING. */
export async function archiveSize(file: string): Promise<number> {
  return (await stat(file).catch((error: unknown) => refuse(file, error))).size
}

/** As `scanWarc`, of a file by its path. Throws ARCHIVE_MISSING. */
export async function* scanArchive(file: string, offset: number, limits: ScanLimits): AsyncGenerator<ScannedRecord> {
  await using handle = await openArchive(file)
  yield* scanWarc(handle, offset, limits)
}

function openArchive(file: string): Promise<FileHandle> {
  return open(file).catch((error: unknown) => refuse(file, error))
}

function refuse(file: string, error: unknown): never {
  throw new PermanentError(
    'ARCHIVE_MISSING',
    `archive ${file} can't be read (${(error as { code?: string }).code ?? 'unknown'}): it has to lie there for every worker`,
    { file },
    error,
  )
}
