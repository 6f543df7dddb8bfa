import { type Kysely, sql } from 'kysely'

/** Look-ups by picture URL and by page, for `sample explain` and `sample list`. Breaks nothing: workers need not know them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`CREATE INDEX candidate_image_url ON candidate (run, image_url_sha)`.execute(db)
  await sql`CREATE INDEX run_page_capture ON run_page (run, capture_id)`.execute(db)
}
