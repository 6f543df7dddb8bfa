import { type Kysely, sql } from 'kysely'
import type { Database } from '../tables/database.ts'

export interface ResumePlan {
  rows: { action: 'done' | 'will be tried' | 'tried again' | 'given up'; reason: string | null; count: number }[]
}

/**
 * What going on with a crawl does: waiting URLs are tried, failed and unreachable ones tried again from their first
 * attempt. With `carryOut` false nothing changes.
 */
export async function reopenUrls(db: Kysely<Database>, crawlNo: number, carryOut: boolean): Promise<ResumePlan> {
  const counted = await sql<{ action: ResumePlan['rows'][number]['action']; reason: string | null; count: string }>`
    SELECT CASE WHEN state IN ('pending', 'leased', 'retry') THEN 'will be tried'
        WHEN state = 'failed' OR (state = 'excluded' AND reason = 'robots_unreachable') THEN 'tried again'
        WHEN state = 'excluded' THEN 'given up' ELSE 'done' END AS action,
      CASE WHEN state = 'done' THEN NULL ELSE reason END AS reason, count(*)
    FROM frontier WHERE crawl_no = ${crawlNo} AND state <> 'found' GROUP BY 1, 2 ORDER BY 1, 2 NULLS FIRST`.execute(db)
  if (carryOut) {
    await sql`UPDATE frontier SET state = 'pending', attempts = 0, first_tried = NULL, next_at = '-infinity', reason = NULL, detail = NULL
      WHERE crawl_no = ${crawlNo} AND (state = 'failed' OR (state = 'excluded' AND reason = 'robots_unreachable') OR state = 'retry')`.execute(
      db,
    )
    await sql`DELETE FROM robots WHERE crawl_no = ${crawlNo} AND verdict = 'disallow_all'`.execute(db)
    // A site whose pages come back has depths to close again.
    await sql`UPDATE site s SET closed = false WHERE crawl_no = ${crawlNo} AND EXISTS (
      SELECT 1 FROM frontier f WHERE f.crawl_no = s.crawl_no AND f.site_no = s.site_no AND f.state = 'pending')`.execute(
      db,
    )
  }
  return { rows: counted.rows.map((row) => ({ ...row, count: Number(row.count) })) }
}
