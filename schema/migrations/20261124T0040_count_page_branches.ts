import { type Kysely, sql } from 'kysely'

/**
 * The part of a host that each page URL belongs to (null for other kinds, and for seeds), by which traps are told from
 * sites; `!` and a reason for what no admission may take. `page_branch`, class work: how many pages a part, or the host
 * (`''`), has earned so far. Older workers write no branch; what they find counts to `/`.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE frontier ADD COLUMN branch text COLLATE "C"`.execute(db)
  await sql`UPDATE frontier SET branch = '/' WHERE page AND NOT seed`.execute(db)
  await sql`CREATE INDEX frontier_admitted ON frontier (crawl_no, site_no, host, branch) WHERE page AND admitted`.execute(
    db,
  )
  await sql`CREATE INDEX frontier_trapped ON frontier (crawl_no, host, detail) WHERE reason = 'crawl_trap'`.execute(db)
  await sql`CREATE TABLE page_branch (
    crawl_no int NOT NULL REFERENCES crawl,
    site_no int NOT NULL,
    host text COLLATE "C" NOT NULL,
    branch text COLLATE "C" NOT NULL,
    allowed int NOT NULL,
    PRIMARY KEY (crawl_no, site_no, host, branch))`.execute(db)
  await sql`COMMENT ON TABLE page_branch IS 'class: work'`.execute(db)
  await sql`GRANT SELECT, INSERT, UPDATE, DELETE ON page_branch TO mella_writer`.execute(db)
  await sql`GRANT SELECT ON page_branch TO mella_auditor`.execute(db)
}
