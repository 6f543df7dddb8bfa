import { type Kysely, sql } from 'kysely'

/** The code beside the words of a crawl's last fault. Older workers do not write it and are not broken by it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE crawl_state ADD COLUMN note_code text`.execute(db)
}
