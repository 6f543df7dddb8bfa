import { type Kysely, sql } from 'kysely'
import type { Database } from '../tables/database.ts'

/**
 * Releases with a sample of this key, finished ones first and in the order in which they ended, so that the first of
 * them stays the first whatever is released later.
 */
export async function releasesOfKey(db: Kysely<Database>, key: Buffer): Promise<{ id: string; finished: boolean }[]> {
  const rows = await sql<{ id: string; finished: boolean }>`
    SELECT r.id, min(e.run) IS NOT NULL AS finished
    FROM sample s JOIN release_run n ON n.run = s.run AND NOT n.again JOIN release r ON r.release_no = n.release_no
    LEFT JOIN release_end e ON e.run = n.run
    WHERE s.key = ${key} GROUP BY r.release_no, r.id ORDER BY min(e.ended_at) NULLS LAST, r.release_no`.execute(db)
  return rows.rows
}
