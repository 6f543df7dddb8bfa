import type { ReleaseRow } from '../../schema/contracts/release-row.ts'
import { canonicalRow } from './leaf.ts'
import type { ByteSink } from './parquet-file.ts'

const BLOCK = 512

/**
 * WebDataset shard: for each row `KEY.<ext>` (when the release holds pictures), `KEY.json` (all bound columns as
 * canonical JSON) and `KEY.txt` (the best text: thick, else ling, else native). Every sample has the same members, as
 * loaders that infer columns from the first samples need. POSIX ustar with mtime 0, owner 0 and mode 0444, ended by
 * two empty blocks, so the bytes are a function of the rows. Gives the number of rows.
 */
export async function writeTar(sink: ByteSink, rows: AsyncIterable<ReleaseRow>): Promise<number> {
  let count = 0
  for await (const row of rows) {
    if (row.image?.bytes && row.image.path) writeMember(sink, row.image.path, row.image.bytes)
    writeMember(sink, `${row.key}.json`, Buffer.from(canonicalRow(row)))
    writeMember(sink, `${row.key}.txt`, Buffer.from(row.caption_thick ?? row.caption_ling ?? row.alt_text ?? ''))
    count++
  }
  sink.write(Buffer.alloc(2 * BLOCK))
  return count
}

function writeMember(sink: ByteSink, name: string, content: Uint8Array): void {
  sink.write(ustarHeader(name, content.length))
  sink.write(content)
  const rest = content.length % BLOCK
  if (rest > 0) sink.write(Buffer.alloc(BLOCK - rest))
}

/** Header block of a regular file (POSIX.1-1988 ustar); names are keys with an extension, so they fit 100 bytes. */
function ustarHeader(name: string, size: number): Buffer {
  const header = Buffer.alloc(BLOCK)
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0')
  header.write(name, 0, 100, 'latin1')
  header.write(
    `${octal(0o444, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0${octal(size, 11)}\0${octal(0, 11)}\0`,
    100,
    'latin1',
  )
  header.write('        0', 148, 'latin1')
  header.write('ustar\x0000', 257, 'latin1')
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${octal(sum, 6)}\0 `, 148, 'latin1')
  return header
}
