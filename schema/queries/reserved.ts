import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Database } from '../tables/database.ts'

/**
 * Whether the capture `c` is reserved for a run's release: by what the crawl honoured, or because it stops being available
 * before the release's day (the spec's `date`, UTC) is over. No clock is read: a release made later comes out the same.
 */
export function reservedFor(run: string, c: string): RawBuilder<boolean> {
  const capture = sql.ref(c)
  return sql<boolean>`(${capture}.reserved OR coalesce(${capture}.unavailable_after < (
    SELECT ((r.spec->>'date')::date + 1)::timestamp AT TIME ZONE 'UTC'
    FROM release_run x JOIN release r USING (release_no) WHERE x.run = ${run}), false))`
}

/** Whether any of these crawls honours reservations of data mining. */
export async function honoursMining(db: Kysely<Database>, crawlNos: readonly number[]): Promise<boolean> {
  const found = await sql`SELECT 1 FROM crawl
    WHERE crawl_no = ANY(${crawlNos as number[]}::int[]) AND section->'politeness'->'honour' ? 'tdm' LIMIT 1`.execute(
    db,
  )
  return found.rows.length > 0
}
