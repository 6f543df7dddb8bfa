import type { ReleaseFile } from '../../schema/contracts/release-row.ts'
import { lineageColumns, removalColumns, type Column } from '../package/columns.ts'
import type { FolderReader } from './folder.ts'
import { isDiskFault, type Report } from './findings.ts'
import { readParquet } from './read-parquet.ts'

type Row = Record<string, unknown>

/** Rows of one list that is in key order, walked beside the keys of the data. What cannot be read ends it. */
class Follower {
  readonly #rows: AsyncGenerator<Row>
  readonly #unreadable: (message: string) => void
  #head: IteratorResult<Row, unknown> | undefined
  rows = 0

  constructor(rows: AsyncGenerator<Row>, unreadable: (message: string) => void) {
    this.#rows = rows
    this.#unreadable = unreadable
  }

  /** The row whose turn it is, undefined at the end. */
  async head(): Promise<Row | undefined> {
    this.#head ??= await this.#next()
    return this.#head.done ? undefined : this.#head.value
  }

  async #next(): Promise<IteratorResult<Row, unknown>> {
    try {
      return await this.#rows.next()
    } catch (error) {
      if (isDiskFault(error)) throw error
      this.#unreadable(`cannot be read after row ${this.rows}: ${(error as Error).message}`)
      return { done: true, value: undefined }
    }
  }

  take(): void {
    this.#head = undefined
    this.rows++
  }

  async close(): Promise<void> {
    await this.#rows.return(undefined)
  }
}

/** Walks `lineage/` beside the data: each language's parts hold exactly the keys of its rows, in order. */
export class LineageFollower {
  readonly #parts: Map<string, Follower>
  readonly #lost = new Set<string>()
  readonly #report: Report

  constructor(folder: FolderReader, files: readonly ReleaseFile[], report: Report) {
    const parts = files.filter(({ path }) => path.startsWith('lineage/'))
    const groups = Map.groupBy(parts, ({ path }) => path.split('/')[1]!)
    this.#report = report
    this.#parts = new Map(
      [...groups].map(([lang, group]) => {
        const rows = rowsOf(folder, group, lineageColumns())
        return [lang, new Follower(rows, (message) => this.#lose(lang, message))]
      }),
    )
  }

  /** The next key of the data. After the first difference in a language no more are looked for in it. */
  async see(lang: string, key: string): Promise<void> {
    if (this.#lost.has(lang)) return
    const part = this.#parts.get(lang)
    const row = await part?.head()
    if (this.#lost.has(lang)) return
    if (row?.['key'] !== key) this.#lose(lang, `has ${row ? String(row['key']) : 'no row'} where the data has ${key}`)
    else if (!isWhole(row)) this.#lose(lang, `row of ${key} lacks a value or its detail is not JSON`)
    else part!.take()
  }

  async finish(): Promise<string> {
    let total = 0
    for (const [lang, part] of this.#parts) {
      const row = this.#lost.has(lang) ? undefined : await part.head()
      if (row) this.#lose(lang, `has ${String(row['key'])}, which the data has not`)
      total += part.rows
      await part.close()
    }
    return `${total} rows, one for each sample`
  }

  #lose(lang: string, message: string): void {
    this.#lost.add(lang)
    this.#report(`lineage/${lang}`, message)
  }
}

function isWhole(row: Row): boolean {
  if (Object.values(row).some((value) => typeof value !== 'string')) return false
  try {
    JSON.parse(row['detail'] as string)
    return true
  } catch {
    return false // not JSON is the answer
  }
}

/** Walks `removals.parquet` beside the data: its keys rise, are as many as the manifest says, and are not in the data. */
export class RemovalsFollower {
  readonly #list: Follower
  readonly #report: Report
  #last = ''

  constructor(folder: FolderReader, report: Report) {
    const rows = rowsOf(folder, [{ path: 'removals.parquet' }], removalColumns())
    this.#list = new Follower(rows, (message) => report('removals.parquet', message))
    this.#report = report
  }

  async see(key: string): Promise<void> {
    await this.#skipTo((removed) => removed < key)
    if ((await this.#list.head())?.['key'] === key)
      this.#report('removals.parquet', `says that ${key} was removed, the data has it`)
  }

  async finish(expected: number): Promise<string> {
    await this.#skipTo(() => true)
    const { rows } = this.#list
    if (rows !== expected) this.#report('removals.parquet', `has ${rows} rows, the manifest says ${expected}`)
    return `${rows} removed keys, none of them in the data`
  }

  async #skipTo(before: (key: string) => boolean): Promise<void> {
    for (let row = await this.#list.head(); row && before(String(row['key'])); row = await this.#list.head()) {
      const key = String(row['key'])
      if (key <= this.#last) this.#report('removals.parquet', `keys do not rise: ${key} after ${this.#last}`)
      this.#last = key
      this.#list.take()
    }
  }
}

async function* rowsOf(
  folder: FolderReader,
  files: readonly { path: string }[],
  columns: Column[],
): AsyncGenerator<Row> {
  for (const { path } of files) {
    await using file = await folder.open(path)
    yield* readParquet(file, columns)
  }
}
