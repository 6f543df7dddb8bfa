import {
  parquetMetadataAsync,
  parquetReadObjects,
  type AsyncBuffer,
  type FileMetaData,
  type SchemaElement,
} from 'hyparquet'
import type { Column } from '../package/columns.ts'
import { parquetSchema } from '../package/parquet-schema.ts'

/**
 * Rows of a release's Parquet file, in order, one row group in memory at a time. Absent values are null, lists are
 * never null, strings are decoded strictly. `only` names the columns to read. Throws when the file is not exactly of
 * these columns, is damaged, or holds bytes that are not UTF-8 in a string.
 */
export async function* readParquet(
  file: AsyncBuffer,
  columns: readonly Column[],
  only?: readonly string[],
): AsyncGenerator<Record<string, unknown>> {
  const metadata = await parquetMetadataAsync(file)
  checkSchema(metadata, columns)
  const wanted = only ? columns.filter(({ name }) => only.includes(name)) : columns
  let rowStart = 0
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows)
    const names = wanted.map(({ name }) => name)
    const rows = await parquetReadObjects({
      file,
      metadata,
      columns: names,
      rowStart,
      rowEnd,
      utf8: false,
      parsers: { stringFromBytes },
    })
    for (const row of rows)
      yield Object.fromEntries(wanted.map((column) => [column.name, plain(column, row[column.name])]))
    rowStart = rowEnd
  }
}

/** A byte order mark is text like any other, and bytes that are not UTF-8 must not read as U+FFFD. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const stringFromBytes = (bytes: Uint8Array | undefined) => bytes && UTF8.decode(bytes)

function checkSchema(metadata: FileMetaData, columns: readonly Column[]): void {
  const actual = metadata.schema.slice(1).map(describe).join()
  const expected = parquetSchema(columns).slice(1).map(describe).join()
  if (actual !== expected) throw new Error(`columns are ${actual}, expected ${expected}`)
}

const describe = ({ name, type, repetition_type, converted_type, num_children }: SchemaElement) =>
  [name, type ?? num_children, repetition_type, converted_type].filter((part) => part !== undefined).join(' ')

function plain(column: Column, value: unknown): unknown {
  switch (column.kind) {
    case 'list':
      return ((value ?? []) as Record<string, unknown>[]).map((item) => fields(item))
    case 'struct':
    case 'image':
      return value === undefined || value === null ? null : fields(value as Record<string, unknown>)
    case 'string':
    case 'bool':
    case 'int32':
    case 'double':
      return value ?? null
  }
}

const fields = (item: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(item).map(([name, value]) => [name, value ?? null]))
