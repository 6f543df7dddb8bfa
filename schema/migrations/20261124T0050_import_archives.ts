import { type Kysely, sql } from 'kysely'

/**
 * Captures from archives: `source_*` of a capture is the file (its digest) and the record in it. `crawl_archive`, class
 * work, is how far a file has been read; `archive_fault`, class erasable, what could not be used. Older workers know of
 * neither: crawls with archives need workers of this version.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE capture
    ADD COLUMN source_sha bytea,
    ADD COLUMN source_offset bigint,
    ADD COLUMN source_length bigint`.execute(db)
  await sql`CREATE TABLE crawl_archive (
    crawl_no int NOT NULL REFERENCES crawl,
    site_no int NOT NULL,
    sha bytea NOT NULL CHECK (octet_length(sha) = 32),
    file text NOT NULL,
    bytes bigint,
    next_offset bigint NOT NULL DEFAULT 0,
    done boolean NOT NULL DEFAULT false,
    records bigint NOT NULL DEFAULT 0,
    used bigint NOT NULL DEFAULT 0,
    faults bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (crawl_no, site_no))`.execute(db)
  await sql`COMMENT ON TABLE crawl_archive IS 'class: work'`.execute(db)
  await sql`GRANT SELECT, INSERT, UPDATE, DELETE ON crawl_archive TO mella_writer`.execute(db)
  await sql`CREATE TABLE archive_fault (
    crawl_no int NOT NULL REFERENCES crawl,
    site_no int NOT NULL,
    at bigint NOT NULL,
    length bigint NOT NULL,
    reason text COLLATE "C" NOT NULL,
    url text,
    PRIMARY KEY (crawl_no, site_no, at))`.execute(db)
  await sql`COMMENT ON TABLE archive_fault IS 'class: erasable'`.execute(db)
  await sql`GRANT SELECT, INSERT, DELETE ON archive_fault TO mella_writer`.execute(db)
  await sql`GRANT SELECT ON crawl_archive, archive_fault TO mella_auditor`.execute(db)
}
