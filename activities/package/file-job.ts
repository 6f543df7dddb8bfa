import { InvariantError } from '../../schema/contracts/errors.ts'
import type { RemovalRow } from '../../schema/contracts/release-manifest.ts'
import type { LineageRow, ReleaseRow } from '../../schema/contracts/release-row.ts'
import { rowProblems, type RowFrame } from './check-row.ts'
import { lineageColumns, releaseColumns, removalColumns, type Column } from './columns.ts'
import { rowLeaf, type BoundRow } from './leaf.ts'
import { writeParquet, type ByteSink } from './parquet-file.ts'
import { writeConversations } from './conversations.ts'
import { writeTar } from './webdataset.ts'

/** A row with the bytes of its released picture, null when the release holds links only. */
export interface PicturedRow {
  row: BoundRow
  picture: Uint8Array | null
}

/** A file to write, as plain data, so that it can be sent to another thread. */
export type FileJob =
  | ({ kind: 'data'; extension: string } & RowFrame)
  | ({ kind: 'webdataset'; extension: string } & RowFrame)
  /** Conversations hold no picture: rows come without. */
  | ({ kind: 'sft'; extension: string } & RowFrame & { images: 'links' })
  | { kind: 'lineage' }
  | { kind: 'removals' }

/** What each kind of job reads, one for each row of the file, in key order. */
export interface JobRows {
  data: PicturedRow
  webdataset: PicturedRow
  sft: PicturedRow
  lineage: LineageRow
  removals: RemovalRow
}

/**
 * Write the file of a job to the sink; gives the number of rows. Bytes are a function of job and rows.
 * InvariantError: ROW_INVALID for a row that breaks its contract, ROWS_UNSORTED for keys that do not rise.
 */
export async function runFileJob(
  sink: ByteSink,
  job: FileJob,
  rows: AsyncIterable<JobRows[FileJob['kind']]>,
): Promise<number> {
  switch (job.kind) {
    case 'data': {
      const columns = releaseColumns(job.scoreNames)
      return writeParquet(sink, {
        columns,
        rows: releaseRows(job, rows as AsyncIterable<PicturedRow>),
        rowBytes: pictureBytes,
      })
    }
    case 'webdataset':
      return writeTar(sink, releaseRows(job, rows as AsyncIterable<PicturedRow>))
    case 'sft':
      return writeConversations(sink, releaseRows(job, rows as AsyncIterable<PicturedRow>), job)
    case 'lineage':
      return writeKeyed(sink, lineageColumns(), rows as AsyncIterable<LineageRow>)
    case 'removals':
      return writeKeyed(sink, removalColumns(), rows as AsyncIterable<RemovalRow>)
  }
}

const pictureBytes = (row: ReleaseRow) => row.image?.bytes?.length ?? 0

/** Rows made whole and checked: a file never holds a row that verification would refuse. */
async function* releaseRows(
  job: Extract<FileJob, { extension: string }>,
  rows: AsyncIterable<PicturedRow>,
): AsyncGenerator<ReleaseRow> {
  for await (const { row, picture } of inKeyOrder(rows, ({ row: { key } }) => key)) {
    const whole = wholeRow(row, picture, job.extension)
    const problems = rowProblems(whole, job)
    if (problems.length > 0)
      throw new InvariantError('ROW_INVALID', `row ${row.key}: ${problems.join('; ')}`, { key: row.key, problems })
    yield whole
  }
}

function wholeRow(row: BoundRow, picture: Uint8Array | null, extension: string): ReleaseRow {
  const image = picture && { bytes: picture, path: `${row.key}.${extension}` }
  // A negative zero would read back as another double with the same canonical JSON.
  const scores = Object.fromEntries(
    Object.entries(row.scores).map(([name, value]) => [name, value === null ? null : value + 0]),
  )
  return { ...row, scores, image, leaf: rowLeaf(row).toString('hex') }
}

async function writeKeyed<Row extends { key: string }>(
  sink: ByteSink,
  columns: Column[],
  rows: AsyncIterable<Row>,
): Promise<number> {
  return writeParquet(sink, { columns, rows: inKeyOrder(rows, ({ key }) => key) })
}

async function* inKeyOrder<Row>(rows: AsyncIterable<Row>, keyOf: (row: Row) => string): AsyncGenerator<Row> {
  let last = ''
  for await (const row of rows) {
    const key = keyOf(row)
    if (key <= last) throw new InvariantError('ROWS_UNSORTED', `rows are not in key order: ${key} after ${last}`)
    last = key
    yield row
  }
}

/** File name extension of a released picture. */
export function extensionOf(format: 'jpeg' | 'webp' | 'png'): string {
  return format === 'jpeg' ? 'jpg' : format
}
