import { type Kysely, sql } from 'kysely'

/**
 * What a later crawl of the same section needs: the validators of a capture, and of one that a 304 confirmed which one
 * that was, what its headers said anew and where the `revisit` record lies (`warc_*` stay those of the record that holds
 * the body). And `server_pace`, class work: requests a second that a server let pass. Older workers write neither and
 * are not broken by them.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE capture
    ADD COLUMN etag text,
    ADD COLUMN last_modified text,
    ADD COLUMN confirms bigint REFERENCES capture,
    ADD COLUMN renewed jsonb,
    ADD COLUMN revisit_sha bytea,
    ADD COLUMN revisit_offset bigint,
    ADD COLUMN revisit_length int`.execute(db)
  await sql`CREATE TABLE server_pace (
    crawl_no int NOT NULL REFERENCES crawl,
    address text COLLATE "C" NOT NULL,
    base float8 NOT NULL,
    window_ms float8 NOT NULL,
    refused_at timestamptz NOT NULL,
    PRIMARY KEY (crawl_no, address))`.execute(db)
  await sql`COMMENT ON TABLE server_pace IS 'class: work'`.execute(db)
  await sql`GRANT SELECT, INSERT, UPDATE, DELETE ON server_pace TO mella_writer`.execute(db)
  await sql`GRANT SELECT ON server_pace TO mella_auditor`.execute(db)
}
