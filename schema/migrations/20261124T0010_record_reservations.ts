import { type Kysely, sql } from 'kysely'

/**
 * Reservations of the TDM Reservation Protocol: a capture may be an origin's file, and what the file says is work state as
 * robots rules are. A capture keeps from when on it is not available. Older workers write neither and are not broken by it.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE capture ADD COLUMN unavailable_after timestamptz`.execute(db)
  await sql`ALTER TABLE capture DROP CONSTRAINT capture_kind_check`.execute(db)
  // Rows that are there satisfied a narrower one: nothing to look through.
  await sql`ALTER TABLE capture ADD CONSTRAINT capture_kind_check
    CHECK (kind IN ('page', 'picture', 'sitemap', 'robots', 'tdmrep', 'other')) NOT VALID`.execute(db)
  await sql`CREATE TABLE tdm_file (
    crawl_no int NOT NULL REFERENCES crawl,
    origin text COLLATE "C" NOT NULL,
    rules jsonb NOT NULL,
    fetched_at timestamptz NOT NULL,
    capture_id bigint,
    PRIMARY KEY (crawl_no, origin))`.execute(db)
  await sql`COMMENT ON TABLE tdm_file IS 'class: work'`.execute(db)
  await sql`GRANT SELECT, INSERT, UPDATE, DELETE ON tdm_file TO mella_writer`.execute(db)
  await sql`GRANT SELECT ON tdm_file TO mella_auditor`.execute(db)
}
