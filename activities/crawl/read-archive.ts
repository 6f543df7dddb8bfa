import type { Kysely } from 'kysely'
import type { Message } from '../../infra/warc-message.ts'
import type { ScanLimits, ScannedRecord } from '../../infra/warc-scan.ts'
import { PermanentError } from '../../schema/contracts/errors.ts'
import { type ArchiveWork, recordArchiveSize } from '../../schema/queries/archives.ts'
import type { Lease } from '../../schema/queries/leases.ts'
import type { Database } from '../../schema/tables/database.ts'
import { BATCH_BYTES, BATCH_MS, BATCH_RECORDS } from './batch.ts'
import { inGroups } from './record-groups.ts'

/** Reads files of other archives. */
export interface ArchiveFiles {
  /** Size and sha256. Throws ARCHIVE_MISSING. */
  digest(file: string): Promise<{ bytes: number; sha256: Buffer }>
  /** Throws ARCHIVE_MISSING. */
  size(file: string): Promise<number>
  scan(file: string, offset: number, limits: ScanLimits): AsyncGenerator<ScannedRecord>
  readMessage(
    record: { fields: [string, string][]; block: Buffer },
    maxBodyBytes: number,
    cut?: boolean,
  ): Promise<Message>
}

export interface ReadDeps {
  db: Kysely<Database>
  files: ArchiveFiles
  maxBodyBytes: number
  isPaused(): Promise<boolean>
  now(): number
  signal: AbortSignal
}

export interface ReadRun {
  /** `idle` at the end of the file. */
  outcome: 'idle' | 'budget' | 'paused'
  /** Captures. */
  committed: number
}

/** What one transaction takes from an archive: it is due by its records, its bytes or its time, as a crawl's batch is. */
export interface ArchiveBatch<Taken> {
  /** Those that cost something to commit. */
  readonly records: number
  readonly bytes: number
  add(taken: Taken): void
}

/** Offsets in the file: the batch is what stands from `from` up to `nextOffset`; `done` when that is the file's end. */
export interface Stretch {
  from: number
  nextOffset: number
  done: boolean
}

/** One way to read an archive. */
export interface ArchiveReading<Taken extends { next: number }, Batch extends ArchiveBatch<Taken>> {
  /** Offset to begin at. */
  from: number
  /** What becomes of one record; `next` is where the one after it begins. */
  take(scanned: ScannedRecord): Promise<Taken>
  newBatch(): Batch
  /** In one transaction with the offset that the batch leads to. Returns the captures made, none when it was there. */
  commit(batch: Batch, stretch: Stretch): Promise<number>
}

/** The head of a record and of its response, beside the body that the spec lets a page have. */
const HEAD_BYTES = 1024 * 1024

/**
 * Reads an archive for up to `budgetMs`, in batches that each commit with the offset that they lead to: another run goes
 * on from there, and what was read twice is committed once. Throws ARCHIVE_MISSING or ARCHIVE_CHANGED when the file is
 * not the one that the crawl was planned with, and what `take` and `commit` throw.
 */
export async function readArchive<Taken extends { next: number }, Batch extends ArchiveBatch<Taken>>(
  deps: ReadDeps,
  lease: Lease,
  work: ArchiveWork,
  reading: ArchiveReading<Taken, Batch>,
  budgetMs: number,
): Promise<ReadRun> {
  const end = deps.now() + budgetMs
  await requireSameFile(deps, lease, work)
  let { from } = reading
  let nextOffset = from
  let batch = reading.newBatch()
  let since = deps.now()
  let committed = 0
  const commit = async (done: boolean) => {
    committed += await reading.commit(batch, { from, nextOffset, done })
    from = nextOffset
    batch = reading.newBatch()
    since = deps.now()
  }
  const records = deps.files.scan(work.file, from, { maxRecordBytes: deps.maxBodyBytes + HEAD_BYTES })
  for await (const group of inGroups(records, (scanned) => reading.take(scanned))) {
    deps.signal.throwIfAborted()
    for (const taken of group) {
      nextOffset = taken.next
      batch.add(taken)
    }
    if (batch.records < BATCH_RECORDS && batch.bytes < BATCH_BYTES && deps.now() - since < BATCH_MS) continue
    await commit(false)
    if (await deps.isPaused()) return { outcome: 'paused', committed }
    if (deps.now() >= end) return { outcome: 'budget', committed }
  }
  await commit(true)
  return { outcome: 'idle', committed }
}

/** The whole file is read for its digest once; later runs compare its size. */
async function requireSameFile({ db, files }: ReadDeps, lease: Lease, work: ArchiveWork): Promise<void> {
  if (work.bytes !== null && work.bytes === (await files.size(work.file))) return
  const { bytes, sha256 } = await files.digest(work.file)
  if (!sha256.equals(work.sha))
    throw new PermanentError(
      'ARCHIVE_CHANGED',
      `archive ${work.file} is not the file of the spec, whose sha256 is ${work.sha.toString('hex')}: put that one back`,
    )
  await recordArchiveSize(db, lease.crawlNo, work.site_no, bytes)
}
