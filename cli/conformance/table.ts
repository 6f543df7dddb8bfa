import type { AddressGuard } from '../../infra/address-guard.ts'

/** Kinds of tables, by the start of their file or folder name. */
export const TABLE_KINDS = ['robots', 'srcset', 'ssrf', 'encoding', 'pdq'] as const
export type TableKind = (typeof TABLE_KINDS)[number]

/** The functions that the crawl and its steps run: what a table judges is what is in use. */
export interface ConformanceFunctions {
  /** May the crawler named `agent` fetch `url` under this robots.txt? */
  robotsAllows(file: Uint8Array, agent: string, url: string): boolean
  guard: Pick<AddressGuard, 'check' | 'checkUrl'>
  parseSrcset(input: string): { url: string; density?: number | null; width?: number | null; height?: number | null }[]
  /** The encoding of a page by the name that the WHATWG gives it, in any case. */
  sniffEncoding(bytes: Uint8Array, contentType: string | null): string
  /** PDQ of a picture file in the reference mode: 64 hex digits. */
  pdqReferenceHash(file: Buffer): Promise<{ hash: string; quality: number }>
}

/** One row that did not come out as the table says, or could not be run. */
export interface RowFailure {
  row: string
  expected: unknown
  got: unknown
}

export interface TableResult {
  /** Relative to the folder that was given, with forward slashes. */
  file: string
  kind: TableKind
  passed: number
  total: number
  failures: RowFailure[]
}

/** A row ready to run: `run` gives what the function said; a throw is a failure of the row. */
export interface Row {
  name: string
  expected: unknown
  run: () => unknown
}

/** Runs rows one after the other; a row passes when both values are the same JSON. */
export async function runRows(file: string, kind: TableKind, rows: Row[]): Promise<TableResult> {
  const failures: RowFailure[] = []
  for (const row of rows) {
    const got = await runRow(row)
    if (JSON.stringify(got) !== JSON.stringify(row.expected))
      failures.push({ row: row.name, expected: row.expected, got })
  }
  return { file, kind, passed: rows.length - failures.length, total: rows.length, failures }
}

async function runRow(row: Row): Promise<unknown> {
  try {
    return await row.run()
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}

/** A row that has not the shape of its kind: never passes. */
export function unrunnable(name: string, why: string): Row {
  return {
    name,
    expected: 'a row of this kind',
    run: () => {
      throw new Error(why)
    },
  }
}
