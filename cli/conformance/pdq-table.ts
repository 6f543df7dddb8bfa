import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { unrunnable } from './table.ts'
import type { ConformanceFunctions, Row } from './table.ts'

const tableSchema = z.object({ rows: z.array(z.unknown()) })

const hash = z.string().regex(/^[0-9a-fA-F]{64}$/)

const rowSchema = z.object({
  file: z.string(),
  quality_measured: z.number(),
  reference_hashes: z.object({ cpp_512x512: hash }),
})

/** Below it a hash says little, so that implementations may differ: the reference's own advice. */
const MIN_QUALITY = 80

/** Bits out of 256: what two decoders and resamplers make of one file. */
const MAX_DISTANCE = 10

/** Pictures of quality 80 and more, against the hash that the reference program gives. Files lie beside the table. */
export function pdqRows(
  table: unknown,
  folder: string,
  functions: Pick<ConformanceFunctions, 'pdqReferenceHash'>,
): Row[] {
  return tableSchema.parse(table).rows.flatMap((raw, index): Row[] => {
    const parsed = rowSchema.safeParse(raw)
    if (!parsed.success) return [unrunnable(`rows[${index}]`, z.prettifyError(parsed.error))]
    const { file, quality_measured: quality, reference_hashes: reference } = parsed.data
    if (quality < MIN_QUALITY) return []
    const run = async () => {
      const found = await functions.pdqReferenceHash(await readFile(path.join(folder, path.basename(file))))
      const distance = hammingDistance(found.hash, reference.cpp_512x512)
      return distance <= MAX_DISTANCE ? 'near' : { distance, hash: found.hash }
    }
    return [{ name: file, expected: 'near', run }]
  })
}

function hammingDistance(a: string, b: string): number {
  hash.parse(a)
  let bits = BigInt(`0x${a}`) ^ BigInt(`0x${b}`)
  let distance = 0
  for (; bits > 0n; bits >>= 1n) distance += Number(bits & 1n)
  return distance
}
