import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { encodingRows } from './encoding-table.ts'
import { pdqRows } from './pdq-table.ts'
import { robotsRows } from './robots-table.ts'
import { srcsetRows } from './srcset-table.ts'
import { ssrfRows } from './ssrf-table.ts'
import { runRows, TABLE_KINDS, unrunnable } from './table.ts'
import type { ConformanceFunctions, Row, TableKind, TableResult } from './table.ts'

interface Found {
  file: string
  kind: TableKind
}

/**
 * Runs every table in `folder` whose name starts with a known kind, in order of name, and every table in its `pdq`
 * folders. A file that is no table of its kind counts as one failed row. Rejects when the folder cannot be read.
 */
export async function runTables(folder: string, functions: ConformanceFunctions): Promise<TableResult[]> {
  const results: TableResult[] = []
  for (const { file, kind } of await findTables(folder)) {
    const rows = await loadRows(path.join(folder, file), kind, functions)
    results.push(await runRows(file, kind, rows))
  }
  return results
}

async function findTables(folder: string): Promise<Found[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const found: Found[] = []
  for (const entry of entries) {
    const kind = TABLE_KINDS.find((name) => entry.name.startsWith(name))
    if (kind === undefined) continue
    if (entry.isFile() && entry.name.endsWith('.json')) found.push({ file: entry.name, kind })
    if (!entry.isDirectory()) continue
    const names = await readdir(path.join(folder, entry.name))
    const tables = names.filter((name) => name.endsWith('.json'))
    found.push(...tables.map((name) => ({ file: `${entry.name}/${name}`, kind })))
  }
  return found.sort((a, b) => (a.file < b.file ? -1 : 1))
}

async function loadRows(file: string, kind: TableKind, functions: ConformanceFunctions): Promise<Row[]> {
  try {
    const table: unknown = JSON.parse(await readFile(file, 'utf8'))
    return rowsOf(table, kind, path.dirname(file), functions)
  } catch (error) {
    return [unrunnable('table', error instanceof Error ? error.message : String(error))]
  }
}

function rowsOf(table: unknown, kind: TableKind, folder: string, functions: ConformanceFunctions): Row[] {
  switch (kind) {
    case 'robots':
      return robotsRows(table, functions)
    case 'srcset':
      return srcsetRows(table, functions)
    case 'ssrf':
      return ssrfRows(table, functions)
    case 'encoding':
      return encodingRows(table, functions)
    case 'pdq':
      return pdqRows(table, folder, functions)
    default:
      return kind satisfies never
  }
}
