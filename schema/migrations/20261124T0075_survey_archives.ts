import { type Kysely, sql } from 'kysely'

/**
 * How far an archive was searched for the robots.txt and TDM files in it, which are read before its pages. Older workers
 * know of no such pass: crawls with archives need workers of this version.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE crawl_archive
    ADD COLUMN files_offset bigint NOT NULL DEFAULT 0,
    ADD COLUMN files_done boolean NOT NULL DEFAULT false`.execute(db)
  await sql`UPDATE crawl_archive SET files_done = true WHERE done`.execute(db)
}
