import { z } from 'zod'
import { unrunnable } from './table.ts'
import type { ConformanceFunctions, Row } from './table.ts'

const tableSchema = z.object({
  files: z.record(z.string(), z.string()).default({}),
  access: z.array(z.unknown()),
})

const rowSchema = z.object({
  id: z.string().optional(),
  profile: z.string().optional(),
  /** Key in `files`, else the file itself. */
  robots: z.string().optional(),
  robotsBase64: z.string().optional(),
  agent: z.string(),
  url: z.string(),
  allowed: z.boolean(),
  rfc9309Allowed: z.boolean().optional(),
})

/** Access rows of profile `rfc9309` or of none; `rfc9309Allowed` wins over `allowed`. */
export function robotsRows(table: unknown, functions: Pick<ConformanceFunctions, 'robotsAllows'>): Row[] {
  const { files, access } = tableSchema.parse(table)
  return access.flatMap((raw, index): Row[] => {
    if (profileOf(raw) !== 'rfc9309') return []
    const parsed = rowSchema.safeParse(raw)
    if (!parsed.success) return [unrunnable(`access[${index}]`, z.prettifyError(parsed.error))]
    const row = parsed.data
    const name = row.id ?? `access[${index}]`
    const file = fileOf(row, files)
    if (file === null) return [unrunnable(name, 'row names no robots file')]
    const run = () => functions.robotsAllows(file, row.agent, row.url)
    return [{ name, expected: row.rfc9309Allowed ?? row.allowed, run }]
  })
}

function profileOf(raw: unknown): unknown {
  return raw instanceof Object && 'profile' in raw ? raw.profile : 'rfc9309'
}

function fileOf(row: z.infer<typeof rowSchema>, files: Record<string, string>): Buffer | null {
  if (row.robotsBase64 !== undefined) return Buffer.from(row.robotsBase64, 'base64')
  if (row.robots === undefined) return null
  return Buffer.from(Object.hasOwn(files, row.robots) ? (files[row.robots] ?? '') : row.robots)
}
