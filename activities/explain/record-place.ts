import type { CaptureSource } from '../../schema/queries/archive-source.ts'
import { readSeedArchive } from '../../schema/spec/seed-archive.ts'

/** Where in an archive of others something was taken from. */
export interface RecordPlace {
  /** Its name, without the folder. */
  file: string
  /** Of the file, lowercase hex. */
  sha256: string
  offset: number
  length: number
}

/** Null of what was fetched. */
export function recordPlace(capture: Partial<CaptureSource>): RecordPlace | null {
  const { source_sha: sha, source_file: file, source_offset: offset, source_length: length } = capture
  if (!sha) return null
  return {
    file: readSeedArchive(file ?? '')?.name ?? '',
    sha256: sha.toString('hex'),
    offset: offset ?? 0,
    length: length ?? 0,
  }
}
