import { type Kysely, sql } from 'kysely'
import type { Database } from '../tables/database.ts'

export interface NewCandidate {
  page_no: number
  position: number
  image_url_sha: Buffer
  image_url: string
  picture: Buffer | null
  capture_id: string | null
  fetch_reason: string | null
  host: string
  text_shas: Buffer[]
}

const ROWS = 500

/** Inserts a shard's candidates. Safe to run twice. */
export async function insertCandidates(
  db: Kysely<Database>,
  run: string,
  candidates: readonly NewCandidate[],
): Promise<void> {
  for (let start = 0; start < candidates.length; start += ROWS) {
    const rows = candidates.slice(start, start + ROWS)
    await db.transaction().execute(async (tx) => {
      await sql`INSERT INTO url (sha, url) SELECT DISTINCT * FROM unnest(${rows.map((row) => row.image_url_sha)}::bytea[], ${rows.map((row) => row.image_url)}::text[]) AS t (sha, url)
        ORDER BY sha ON CONFLICT DO NOTHING`.execute(tx)
      // Lists of lists do not unnest row by row: the digests of one candidate travel as one bytea and are cut here.
      await sql`
        INSERT INTO candidate (run, page_no, position, image_url_sha, picture, capture_id, fetch_reason, host, text_shas)
        SELECT ${run}::bigint, page_no, position, image_url_sha, picture, capture_id, fetch_reason, host,
          ARRAY(SELECT substring(texts FROM 32 * n + 1 FOR 32) FROM generate_series(0, octet_length(texts) / 32 - 1) AS n)
        FROM unnest(${rows.map((row) => row.page_no)}::int[], ${rows.map((row) => row.position)}::int[],
          ${rows.map((row) => row.image_url_sha)}::bytea[], ${rows.map((row) => row.picture)}::bytea[],
          ${rows.map((row) => row.capture_id)}::bigint[], ${rows.map((row) => row.fetch_reason)}::text[],
          ${rows.map((row) => row.host)}::text[], ${rows.map((row) => Buffer.concat(row.text_shas))}::bytea[])
          AS t (page_no, position, image_url_sha, picture, capture_id, fetch_reason, host, texts)
        ORDER BY page_no, position ON CONFLICT DO NOTHING`.execute(tx)
    })
  }
}
