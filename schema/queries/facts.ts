import { type Kysely, sql } from 'kysely'
import type { Database } from '../tables/database.ts'

/** How many of these inputs' facts were computed by this run: a query of committed rows. */
export async function countComputed(
  db: Kysely<Database>,
  table: 'fact' | 'fact_text',
  defId: number,
  run: string,
  inputs: readonly Buffer[],
): Promise<number> {
  if (inputs.length === 0) return 0
  const counted = await sql<{ count: string }>`
    SELECT count(*) FROM ${sql.table(table)} WHERE def_id = ${defId} AND first_run = ${run} AND input = ANY(${inputs as Buffer[]}::bytea[])`.execute(
    db,
  )
  return Number(counted.rows[0]?.count ?? 0)
}

/** How many of these samples' results of a task rest on a call that this run made. */
export async function countGenerated(
  db: Kysely<Database>,
  run: string,
  defId: number,
  task: string,
  samples: readonly number[],
): Promise<number> {
  if (samples.length === 0) return 0
  const counted = await sql<{ count: string }>`
    SELECT count(DISTINCT g.sample_no) FROM sample_generation g, unnest(g.requests) AS r
    JOIN generation n ON n.request_sha = r AND n.def_id = ${defId} AND n.first_run = ${run}
    WHERE g.run = ${run} AND g.task = ${task} AND g.sample_no = ANY(${samples as number[]}::int[])`.execute(db)
  return Number(counted.rows[0]?.count ?? 0)
}
