import { type Kysely, sql } from 'kysely'

/**
 * Classes, triggers and privileges. History tables refuse UPDATE and DELETE row by row (the row trigger is cloned to
 * partitions) and TRUNCATE by statement; the writer role has no such privilege to begin with, the auditor only reads.
 * Triggers stop accidents; only a published checkpoint shows what a malicious owner did.
 */
const HISTORY = [
  'crawl',
  'capture',
  'crawl_freeze',
  'frozen_capture',
  'definition',
  'fact',
  'survey',
  'generation',
  'release',
  'release_run',
  'run_page',
  'run_picture',
  'candidate',
  'candidate_verdict',
  'sample',
  'sample_verdict',
  'sample_generation',
  'kept',
  'member',
  'row_artifact',
  'file_plan',
  'text_frequency',
  'host_frequency',
  'host_language',
  'component',
  'judgement',
  'run_survey',
  'release_file',
  'release_end',
  'recompute_difference',
]
const WORK = [
  'crawl_state',
  'site',
  'shard_lease',
  'crawl_host',
  'robots',
  'frontier',
  'release_state',
  'version_label',
  'in_flight',
  'shard_done',
]
const ERASABLE = ['url', 'fact_text', 'generated_text']

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'history is append-only: % on % refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END $$`.execute(db)
  for (const table of HISTORY) {
    await sql.raw(`COMMENT ON TABLE ${table} IS 'class: history'`).execute(db)
    await sql
      .raw(
        `CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION refuse_change()`,
      )
      .execute(db)
    await sql
      .raw(
        `CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`,
      )
      .execute(db)
    await sql.raw(`GRANT SELECT, INSERT ON ${table} TO mella_writer`).execute(db)
  }
  for (const table of WORK) {
    await sql.raw(`COMMENT ON TABLE ${table} IS 'class: work'`).execute(db)
    await sql.raw(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO mella_writer`).execute(db)
  }
  for (const table of ERASABLE) {
    await sql.raw(`COMMENT ON TABLE ${table} IS 'class: erasable'`).execute(db)
    await sql.raw(`GRANT SELECT, INSERT, DELETE ON ${table} TO mella_writer`).execute(db)
  }
  await sql.raw(`GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO mella_writer`).execute(db)
  for (const table of [...HISTORY, ...WORK, ...ERASABLE]) {
    await sql.raw(`GRANT SELECT ON ${table} TO mella_auditor`).execute(db)
  }
  await sql`REVOKE CREATE ON SCHEMA public FROM PUBLIC`.execute(db)
}
