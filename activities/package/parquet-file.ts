import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import type { Column } from './columns.ts'
import { footer, parquetSchema } from './parquet-schema.ts'

/** Where a file's bytes go. `write` has taken the bytes when it returns: the caller reuses its buffer. */
export interface ByteSink {
  write(bytes: Uint8Array): void
}

/** A row group closes at the first of these; they bound the memory of the writer and of every reader. */
export const MAX_GROUP_ROWS = 100
export const MAX_GROUP_BYTES = 32 * 1024 * 1024

/** Page size: of 64 KiB, 128 KiB and 1 MiB the one that costs the least processor time, because a page is built by doubling. */
const PAGE_BYTES = 64 * 1024

/** Bytes held before they go to the sink. */
const BUFFER_BYTES = 1024 * 1024

export interface ParquetFile<Row> {
  columns: readonly Column[]
  rows: Iterable<Row> | AsyncIterable<Row>
  /** Size of a row in bytes, for bounding row groups; needed where rows carry pictures. */
  rowBytes?: (row: Row) => number
}

/**
 * Write one Parquet file to the sink; gives the number of rows. The bytes are a function of the columns and the rows
 * alone: no time, no name of a machine or of a version. Pictures lie uncompressed and PLAIN, so that they can be
 * read in place; the other columns are snappy with a dictionary where that is smaller.
 */
export async function writeParquet<Row extends object>(sink: ByteSink, file: ParquetFile<Row>): Promise<number> {
  const writer = new SinkWriter(sink)
  const parquet = new ParquetWriter({ writer, schema: parquetSchema(file.columns), kvMetadata: footer(file.columns) })
  let count = 0
  for await (const group of rowGroups(file)) {
    await parquet.write({
      columnData: file.columns.map((column) => columnData(column, group)),
      rowGroupSize: group.length,
      pageSize: PAGE_BYTES,
    })
    count += group.length
  }
  await parquet.finish()
  return count
}

async function* rowGroups<Row>({ rows, rowBytes }: ParquetFile<Row>): AsyncGenerator<Row[]> {
  let group: Row[] = []
  let bytes = 0
  for await (const row of rows) {
    const size = rowBytes?.(row) ?? 0
    if (group.length > 0 && (group.length >= MAX_GROUP_ROWS || bytes + size > MAX_GROUP_BYTES)) {
      yield group
      group = []
      bytes = 0
    }
    group.push(row)
    bytes += size
  }
  if (group.length > 0) yield group
}

/** Statistics only where a reader can skip by them; text bounds would put pieces of texts into the footer. */
const WITH_STATISTICS = new Set(['key', 'lang', 'split', 'width', 'height'])

function columnData(column: Column, group: object[]) {
  const { name } = column
  const data = group.map((row) => (row as Record<string, unknown>)[name])
  const statistics = WITH_STATISTICS.has(name)
  return column.kind === 'image'
    ? { name, data, statistics, offsetIndex: false, codec: 'UNCOMPRESSED' as const, encoding: 'PLAIN' as const }
    : { name, data, statistics, offsetIndex: false }
}

/** The Parquet library's writer over a sink: passes on what is full, and large values without a copy of its own. */
class SinkWriter extends ByteWriter {
  readonly #sink: ByteSink

  constructor(sink: ByteSink) {
    super(BUFFER_BYTES)
    this.#sink = sink
  }

  flush(): void {
    if (this.index > 0) this.#sink.write(this.getBytes())
    this.index = 0
  }

  override ensure(size: number): void {
    if (this.index + size > this.buffer.byteLength) this.flush()
    super.ensure(size)
  }

  override appendBytes(value: Uint8Array): void {
    if (value.length < BUFFER_BYTES / 4) return super.appendBytes(value)
    this.flush()
    this.#sink.write(value)
    this.offset += value.length
  }

  override finish(): void {
    this.flush()
  }
}
