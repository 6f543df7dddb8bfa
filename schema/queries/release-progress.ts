import { type Kysely, sql } from 'kysely'
import type { Database } from '../tables/database.ts'

export interface StepProgress {
  step: string
  done: number
  total: number
  /** How many of the done this run computed; the rest were stored already. */
  computed: number
}

/** The steps of a run in pipeline order with what each list holds; all counts are of committed rows. */
export async function runProgress(db: Kysely<Database>, run: string): Promise<StepProgress[]> {
  const lists = await sql<{ pages: string; pictures: string; candidates: string; samples: string; kept: string }>`
    SELECT (SELECT count(*) FROM run_page WHERE run = ${run}) AS pages, (SELECT count(*) FROM run_picture WHERE run = ${run}) AS pictures,
      (SELECT count(*) FROM candidate WHERE run = ${run}) AS candidates, (SELECT count(*) FROM sample WHERE run = ${run}) AS samples,
      (SELECT count(*) FROM kept WHERE run = ${run}) AS kept`.execute(db)
  const done = await sql<{ step: string; inputs: string; computed: string }>`
    SELECT step, sum(inputs) AS inputs, sum(computed) AS computed FROM shard_done WHERE run = ${run} GROUP BY step`.execute(
    db,
  )
  const of = lists.rows[0]
  const totals: [string, string | undefined][] = [
    ['extract', of?.pages],
    ['page-language', of?.pages],
    ['text', undefined],
    ['normalise', of?.pictures],
    ['safety', undefined],
    ['frequency', '1'],
    ['duplicates', '1'],
    ['judge-candidates', of?.candidates],
    ['judge-samples', of?.samples],
    ['preselect', '1'],
    ['caption', of?.kept],
    ['translate', undefined],
    ['thick', undefined],
    ['select', '1'],
    ['package', of?.kept],
    ['package-file', undefined],
  ]
  return totals.flatMap(([step, total]) => {
    const row = done.rows.find((one) => one.step === step)
    const inputs = Number(row?.inputs ?? 0)
    if (!row && (total === undefined || Number(total) === 0)) return []
    return [
      {
        step,
        done: inputs,
        total: total === undefined ? inputs : Math.max(Number(total), inputs),
        computed: Number(row?.computed ?? 0),
      },
    ]
  })
}
