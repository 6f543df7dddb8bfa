import { z } from 'zod'
import { unrunnable } from './table.ts'
import type { ConformanceFunctions, Row } from './table.ts'

const tableSchema = z.object({
  urls: z.array(z.unknown()).default([]),
  names: z.array(z.unknown()).default([]),
  schemes: z.array(z.unknown()).default([]),
})

const urlSchema = z.object({ url: z.string(), block: z.boolean() })

type Guard = Pick<ConformanceFunctions, 'guard'>

/** URLs with their verdict; names and schemes that are all refused. */
export function ssrfRows(table: unknown, { guard }: Guard): Row[] {
  const { urls, names, schemes } = tableSchema.parse(table)
  const isBlocked = (url: string) => !guard.checkUrl(url).ok
  const refused = (list: string, toUrl: (text: string) => string) => (raw: unknown, index: number) =>
    typeof raw === 'string'
      ? { name: `${list}[${index}] ${raw}`, expected: true, run: () => isBlocked(toUrl(raw)) }
      : unrunnable(`${list}[${index}]`, 'row is not a text')
  const judged = urls.map((raw, index): Row => {
    const parsed = urlSchema.safeParse(raw)
    if (!parsed.success) return unrunnable(`urls[${index}]`, z.prettifyError(parsed.error))
    const { url, block } = parsed.data
    return { name: `urls[${index}] ${url}`, expected: block, run: () => isBlocked(url) }
  })
  return [
    ...judged,
    ...names.map(refused('names', (name) => `http://${name}/`)),
    ...schemes.map(refused('schemes', (url) => url)),
  ]
}
