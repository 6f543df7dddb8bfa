import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { FileJob, JobRows, PicturedRow } from '../activities/package/file-job.ts'
import type { BoundRow } from '../activities/package/leaf.ts'
import { InvariantError, TransientError } from '../schema/contracts/errors.ts'
import type { FromThread, ThreadData, ToThread } from './package-thread.ts'

/** A batch closes at the first of these; two of them are under way at a time, which bounds memory. */
const BATCH_ROWS = 100
const BATCH_BYTES = 8 * 1024 * 1024
const WINDOW = 2
/** Pictures that are read from the store at the same time. */
const READS = 8

export interface FileRequest<Kind extends FileJob['kind']> {
  /** Absolute path; it holds the whole file when the promise resolves, and nothing new when it rejects. */
  path: string
  job: Extract<FileJob, { kind: Kind }>
  /** In key order. */
  rows: Iterable<JobRows[Kind]> | AsyncIterable<JobRows[Kind]>
  signal?: AbortSignal
}

export interface PackagedFile {
  sha256: string
  bytes: number
  rows: number
}

type Row = JobRows[FileJob['kind']]

/**
 * Write a release file in a thread of its own, so that the event loop stays free for heartbeats. May run twice, also
 * at once. TransientError DISK_FAILED when the operating system refuses; InvariantError as `runFileJob` says, and
 * PACKAGE_FAILED for anything else.
 */
export async function writeReleaseFile<Kind extends FileJob['kind']>(
  request: FileRequest<Kind>,
): Promise<PackagedFile> {
  const { path, job, rows, signal } = request
  signal?.throwIfAborted()
  const thread = new Worker(new URL('./package-thread.ts', import.meta.url), {
    workerData: { path, job } satisfies ThreadData,
  })
  const stop = new AbortController()
  try {
    return await Promise.race([feed(thread, rows, stop.signal), outcome(thread, signal)])
  } finally {
    stop.abort()
    await thread.terminate()
  }
}

/** Sends every row; the outcome comes from the thread, so this ends only by throwing. `stop` lets go of the rows. */
async function feed(thread: Worker, rows: Iterable<Row> | AsyncIterable<Row>, stop: AbortSignal): Promise<never> {
  let underWay = 0
  thread.on('message', (message: FromThread) => {
    if (message.type === 'taken') underWay--
  })
  for await (const batch of batches(rows)) {
    while (underWay >= WINDOW) await once(thread, 'message', { signal: stop })
    stop.throwIfAborted()
    post(thread, batch)
    underWay++
  }
  thread.postMessage({ type: 'end' } satisfies ToThread)
  return new Promise<never>(() => {})
}

async function* batches(rows: Iterable<Row> | AsyncIterable<Row>): AsyncGenerator<Row[]> {
  let batch: Row[] = []
  let bytes = 0
  for await (const row of rows) {
    batch.push(row)
    bytes += 'picture' in row ? (row.picture?.length ?? 0) : 0
    if (batch.length < BATCH_ROWS && bytes < BATCH_BYTES) continue
    yield batch
    batch = []
    bytes = 0
  }
  if (batch.length > 0) yield batch
}

/** Pictures are copied once and handed over: the store's own buffer may be shared or part of a larger one. */
function post(thread: Worker, batch: Row[]): void {
  const transfer: ArrayBuffer[] = []
  const rows = batch.map((row) => {
    if (!('picture' in row) || !row.picture) return row
    const picture = new Uint8Array(row.picture)
    transfer.push(picture.buffer)
    return { row: row.row, picture }
  })
  thread.postMessage({ type: 'rows', rows } satisfies ToThread, transfer)
}

function outcome(thread: Worker, signal?: AbortSignal): Promise<PackagedFile> {
  return new Promise((resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
    thread.on('error', reject)
    thread.on('exit', (code) =>
      reject(new TransientError('PACKAGE_FAILED', `packaging thread ended with ${code} before its file`)),
    )
    thread.on('message', (message: FromThread) => {
      if (message.type === 'done') resolve({ sha256: message.sha256, bytes: message.bytes, rows: message.rows })
      if (message.type === 'failed') reject(failure(message))
    })
  })
}

function failure({ disk, code, message, details }: Extract<FromThread, { type: 'failed' }>): Error {
  return disk ? new TransientError(code, message, details) : new InvariantError(code, message, details)
}

/** Rows with their pictures, read ahead a few at a time and given in order. `readObject` verifies what it reads. */
export async function* withPictures(
  rows: Iterable<BoundRow> | AsyncIterable<BoundRow>,
  readObject: (sha256: string) => Promise<Uint8Array>,
): AsyncGenerator<PicturedRow> {
  const ahead: { row: BoundRow; picture: Promise<Uint8Array> }[] = []
  for await (const row of rows) {
    const picture = readObject(row.image_sha256)
    picture.catch(() => {}) // reported where it is awaited
    ahead.push({ row, picture })
    if (ahead.length >= READS) yield await ready(ahead)
  }
  while (ahead.length > 0) yield await ready(ahead)
}

async function ready(ahead: { row: BoundRow; picture: Promise<Uint8Array> }[]): Promise<PicturedRow> {
  const { row, picture } = ahead.shift()!
  return { row, picture: await picture }
}

/** Rows for a release of links: no object is read. */
export async function* withoutPictures(
  rows: Iterable<BoundRow> | AsyncIterable<BoundRow>,
): AsyncGenerator<PicturedRow> {
  for await (const row of rows) yield { row, picture: null }
}
