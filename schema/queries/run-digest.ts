import { createHash } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import type { Database } from '../tables/database.ts'

const BATCH = 5_000

/** Digest of a run's list of candidates or pictures: the input of its surveys. */
export async function digestRunList(db: Kysely<Database>, run: string, list: 'candidates'): Promise<Buffer> {
  const hash = createHash('sha256').update(list)
  let after = { page: -1, position: -1 }
  for (;;) {
    const rows = await sql<{
      page_no: number
      position: number
      host: string
      image_url_sha: Buffer
      text_shas: Buffer[]
    }>`
      SELECT page_no, position, host, image_url_sha, text_shas FROM candidate
      WHERE run = ${run} AND (page_no, position) > (${after.page}, ${after.position}) ORDER BY page_no, position LIMIT ${BATCH}`.execute(
      db,
    )
    for (const row of rows.rows) {
      hash.update(`\n${row.page_no} ${row.position} ${row.host} `).update(row.image_url_sha)
      for (const text of row.text_shas) hash.update(text)
    }
    const last = rows.rows.at(-1)
    if (!last) return hash.digest()
    after = { page: last.page_no, position: last.position }
  }
}
