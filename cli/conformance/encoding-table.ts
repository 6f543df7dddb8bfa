import { TextDecoder } from 'node:util'
import { z } from 'zod'
import { unrunnable } from './table.ts'
import type { ConformanceFunctions, Row } from './table.ts'

const tableSchema = z.object({ cases: z.array(z.unknown()) })

const rowSchema = z.object({
  dataBase64: z.base64(),
  encoding: z.string(),
  contentType: z.string().nullish(),
})

/** Rows of `cases`; labels are compared by the encoding that they stand for. */
export function encodingRows(table: unknown, functions: Pick<ConformanceFunctions, 'sniffEncoding'>): Row[] {
  return tableSchema.parse(table).cases.map((raw, index): Row => {
    const parsed = rowSchema.safeParse(raw)
    if (!parsed.success) return unrunnable(`cases[${index}]`, z.prettifyError(parsed.error))
    const { dataBase64, encoding, contentType } = parsed.data
    const bytes = Buffer.from(dataBase64, 'base64')
    return {
      name: `cases[${index}]`,
      expected: nameOf(encoding),
      run: () => nameOf(functions.sniffEncoding(bytes, contentType ?? null)),
    }
  })
}

/** The name behind a label; a label that no decoder knows stands for itself. */
function nameOf(label: string): string {
  try {
    return new TextDecoder(label).encoding
  } catch {
    return label.toLowerCase() // x-user-defined and replacement have no decoder here
  }
}
