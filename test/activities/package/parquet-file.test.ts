import { createHash } from 'node:crypto'
import { parquetMetadataAsync } from 'hyparquet'
import { describe, expect, it } from 'vitest'
import { lineageColumns, releaseColumns, removalColumns, type Column } from '../../../activities/package/columns.ts'
import { MAX_GROUP_BYTES, MAX_GROUP_ROWS, writeParquet } from '../../../activities/package/parquet-file.ts'
import { readParquet } from '../../../activities/verify/read-parquet.ts'
import type { ReleaseRow } from '../../../schema/contracts/release-row.ts'
import { aRow, rows } from './a-row.ts'

const COLUMNS = releaseColumns(['sharpness', 'porn', 'align'])

class MemorySink {
  readonly parts: Buffer[] = []
  write(bytes: Uint8Array): void {
    this.parts.push(Buffer.from(bytes))
  }
  get bytes(): Buffer {
    return Buffer.concat(this.parts)
  }
}

async function written(
  given: object[],
  columns: Column[] = COLUMNS,
  rowBytes?: (row: object) => number,
): Promise<Buffer> {
  const sink = new MemorySink()
  await writeParquet(sink, { columns, rows: given, ...(rowBytes && { rowBytes }) })
  return sink.bytes
}

const asFile = (bytes: Buffer) => ({
  byteLength: bytes.length,
  slice: (start: number, end?: number) => new Uint8Array(bytes.subarray(start, end)).buffer,
})

const read = async (bytes: Buffer, columns: Column[] = COLUMNS) => Array.fromAsync(readParquet(asFile(bytes), columns))

/** As read: bytes as plain Uint8Array, scores in the order of their names. */
const asRead = ({ image, scores, ...row }: ReleaseRow) => ({
  ...row,
  image: image && { bytes: image.bytes && new Uint8Array(image.bytes), path: image.path },
  scores: Object.fromEntries(Object.entries(scores).sort(([a], [b]) => (a < b ? -1 : 1))),
})

describe('a Parquet file of a release', () => {
  it('gives back every row as it was written', async () => {
    const given = [
      aRow({}, 1),
      aRow({ alt_others: [], context: { title: null, heading: null, before: null, after: null } }, 2),
      aRow({ image: null, scores: { sharpness: null, porn: null, align: null } }, 3),
      aRow({ alt_text: null, alt_source: null, alt_type: null, pdq: null, page_url: null, in_know: false }, 4),
      aRow(
        {
          alt_text: '\ufeffмарка \u{1f6a3}',
          alt_others: [1, 2, 3].map((n) => ({ text: `ก${n}`, source: 'og', page_url: 'u' })),
        },
        5,
      ),
    ]
    expect(await read(await written(given))).toEqual(given.map(asRead))
  })

  it('has the same bytes whatever the order of properties and the size of the chunks that come in', async () => {
    const given = rows(120)
    const reversed = given.map((row) => Object.fromEntries(Object.entries(row).reverse()))
    async function* slowly() {
      for (const row of given) yield await Promise.resolve(row)
    }
    const sink = new MemorySink()
    await writeParquet(sink, { columns: releaseColumns(['align', 'porn', 'sharpness']), rows: slowly() })
    const first = await written(given)
    expect([sink.bytes.equals(first), (await written(reversed)).equals(first)]).toEqual([true, true])
  })

  it('keeps its bytes from one version of the program to the next', async () => {
    const digest = createHash('sha256')
      .update(await written(rows(3)))
      .digest('hex')
    expect(digest).toBe('57d7078b3b7cce41ff1330685d59b872245829d7b588f4ea5aaa2ac04201f186')
  })

  it('closes row groups by rows and by bytes, whichever comes first', async () => {
    const half = MAX_GROUP_BYTES / 2
    const sizes = async (rowBytes?: (row: object) => number) => {
      const { row_groups } = await parquetMetadataAsync(
        asFile(await written(rows(MAX_GROUP_ROWS + 2), COLUMNS, rowBytes)),
      )
      return row_groups.map((group) => Number(group.num_rows))
    }
    expect(await sizes()).toEqual([MAX_GROUP_ROWS, 2])
    expect((await sizes(() => half)).every((count) => count === 2)).toBe(true)
  })

  it('holds pictures uncompressed and PLAIN, and a footer that calls the column an image', async () => {
    const metadata = await parquetMetadataAsync(asFile(await written(rows(20))))
    const bytes = metadata.row_groups[0]!.columns.find(
      ({ meta_data }) => meta_data!.path_in_schema.join('.') === 'image.bytes',
    )!
    const { codec, encodings } = bytes.meta_data!
    expect({ codec, encodings }).toEqual({ codec: 'UNCOMPRESSED', encodings: ['PLAIN'] })
    const footer = Object.fromEntries(
      metadata.key_value_metadata!.map(({ key, value }) => [key, JSON.parse(value!) as unknown]),
    )
    expect(footer).toMatchObject({
      huggingface: { info: { features: { image: { _type: 'Image' }, width: { dtype: 'int32' } } } },
    })
  })

  it('with large pictures passes them on without holding the file', async () => {
    const sink = new MemorySink()
    const picture = Buffer.alloc(3 * 1024 * 1024, 7)
    const given = [1, 2, 3].map((n) => aRow({ image: { bytes: picture, path: `${n}.png` } }, n))
    await writeParquet(sink, { columns: COLUMNS, rows: given })
    expect(
      (await read(sink.bytes)).map((row) => Buffer.from((row['image'] as { bytes: Uint8Array }).bytes).equals(picture)),
    ).toEqual([true, true, true])
    expect(sink.parts.filter((part) => part.length >= picture.length)).toHaveLength(3)
  })

  it('may have no rows', async () => {
    expect(await read(await written([], removalColumns()), removalColumns())).toEqual([])
    expect(await read(await written([], lineageColumns()), lineageColumns())).toEqual([])
  })
})

describe('reading a Parquet file back', () => {
  it('refuses other columns', async () => {
    await expect(read(await written([], removalColumns()), lineageColumns())).rejects.toThrow(
      'columns are key BYTE_ARRAY OPTIONAL UTF8',
    )
  })

  it('refuses a string that is not UTF-8 instead of reading a replacement character', async () => {
    const bytes = await written([{ key: 'k', removed_in: '1', reason: '@@@@@@' }], removalColumns())
    const at = bytes.lastIndexOf('@@@@@@')
    bytes[at] = 0xff
    await expect(read(bytes, removalColumns())).rejects.toThrow('not valid for encoding utf-8')
  })
})
