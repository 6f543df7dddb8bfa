import type { ReleaseFile, ReleaseRow } from '../../schema/contracts/release-row.ts'
import { rowProblems } from '../package/check-row.ts'
import { releaseColumns } from '../package/columns.ts'
import type { Counts } from '../package/counts.ts'
import type { FolderReader } from './folder.ts'
import { isDiskFault, type Report } from './findings.ts'
import { readParquet } from './read-parquet.ts'

export interface DataFile extends ReleaseFile {
  lang: string
  split: string
}

const DATA_PATH = /^data\/([^/]+)\/([^/]+)-(\d{5,})-of-(\d{5,})\.parquet$/

/** The data files of the list, by language, split and number; reports names and numbers that are not as they must be. */
export function dataFiles(files: readonly ReleaseFile[], report: Report): DataFile[] {
  const found: DataFile[] = []
  const groups = new Map<string, { numbers: number[]; of: Set<number>; path: string }>()
  for (const file of files.filter(({ path }) => path.startsWith('data/'))) {
    const match = DATA_PATH.exec(file.path)
    if (!match) {
      report(file.path, 'is not named data/<lang>/<split>-NNNNN-of-NNNNN.parquet')
      continue
    }
    const [, lang, split, number, of] = match as unknown as [string, string, string, string, string]
    const name = `${lang}/${split}`
    const group = groups.get(name) ?? { numbers: [], of: new Set(), path: file.path }
    groups.set(name, group)
    group.numbers.push(Number(number))
    group.of.add(Number(of))
    found.push({ ...file, lang, split })
  }
  for (const { numbers, of, path } of groups.values()) {
    const whole = of.size === 1 && of.has(numbers.length) && numbers.every((number, n) => number === n)
    if (!whole) report(path, `is one of a set with numbers ${numbers.join(', ')} of ${[...of].join(', ')}`)
  }
  return found
}

export interface RowsExpected {
  scoreNames: readonly string[]
  images: 'bytes' | 'links'
}

/**
 * Every row of every data file is read again: its contract, its leaf from its columns, its picture's digest; and counted.
 * One row group is in memory at a time.
 */
export async function checkRows(
  folder: FolderReader,
  files: readonly DataFile[],
  expected: RowsExpected,
  counts: Counts,
  report: Report,
): Promise<string> {
  const columns = releaseColumns(expected.scoreNames)
  let total = 0
  for (const { path, lang, split, rows } of files) {
    let count = 0
    try {
      await using file = await folder.open(path)
      for await (const row of readParquet(file, columns) as AsyncIterable<unknown> as AsyncIterable<ReleaseRow>) {
        const problems = rowProblems(row, { ...expected, lang, split })
        if (problems.length > 0) report(path, `row ${count}, key ${row.key}: ${problems.join('; ')}`)
        counts.add(row)
        count++
      }
    } catch (error) {
      if (isDiskFault(error)) throw error
      report(path, `cannot be read after row ${count}: ${(error as Error).message}`)
    }
    if (count !== rows) report(path, `has ${count} rows, the manifest says ${rows}`)
    total += count
  }
  return `${total} rows: leaves and pictures recomputed`
}
