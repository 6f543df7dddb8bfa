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
