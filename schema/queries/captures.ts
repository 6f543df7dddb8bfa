import { type Kysely, sql, type Transaction } from 'kysely'
import type { Database } from '../tables/database.ts'

export interface NewCapture {
  urlSha: Buffer
  kind: 'page' | 'picture' | 'sitemap' | 'robots' | 'tdmrep' | 'other'
  status: number
  bodySha: Buffer | null
  bodyBytes: number
  mediaType: string | null
  contentLanguage: string | null
  signals: unknown[]
  reserved: boolean
  /** When the page or picture stops being available, as its signals say; judged by releases. */
  unavailableAfter?: Date | null
  abuse: string | null
  redirectSha: Buffer | null
  extractInput: Buffer | null
  warc: { sha: Buffer; offset: number; length: number } | null
  fetchedAt: Date
  /** What the server may recognise it by. */
  etag?: string | null
  lastModified?: string | null
  /** Id of the capture that a 304 confirmed, headers that it sent anew, its own record. */
  confirms?: string | null
  renewed?: [string, string][] | null
  revisit?: { sha: Buffer; offset: number; length: number } | null
  /** The record of a foreign archive that it was taken from. */
  source?: { sha: Buffer; offset: number; length: number } | null
}

/** Inserts captures and returns their ids in the order given. */
export async function insertCaptures(
  tx: Transaction<Database>,
  crawlNo: number,
  captures: readonly NewCapture[],
): Promise<string[]> {
  if (captures.length === 0) return []
  const inserted = await sql<{ capture_id: string }>`
    INSERT INTO capture (crawl_no, url_sha, kind, status, body_sha, body_bytes, media_type, content_language, signals, reserved, unavailable_after,
      abuse, redirect_sha, extract_input, warc_sha, warc_offset, warc_length, fetched_at,
      etag, last_modified, confirms, renewed, revisit_sha, revisit_offset, revisit_length, source_sha, source_offset, source_length)
    SELECT ${crawlNo}::int, url_sha, kind, status, body_sha, body_bytes, media_type, content_language, signals::jsonb, reserved, unavailable_after,
      abuse, redirect_sha, extract_input, warc_sha, warc_offset, warc_length, fetched_at,
      etag, last_modified, confirms, renewed::jsonb, revisit_sha, revisit_offset, revisit_length, source_sha, source_offset, source_length
    FROM unnest(
      ${captures.map((one) => one.urlSha)}::bytea[], ${captures.map((one) => one.kind)}::text[],
      ${captures.map((one) => one.status)}::smallint[], ${captures.map((one) => one.bodySha)}::bytea[],
      ${captures.map((one) => one.bodyBytes)}::bigint[], ${captures.map((one) => one.mediaType)}::text[],
      ${captures.map((one) => one.contentLanguage)}::text[], ${captures.map((one) => JSON.stringify(one.signals))}::text[],
      ${captures.map((one) => one.reserved)}::bool[], ${captures.map((one) => one.unavailableAfter?.toISOString() ?? null)}::timestamptz[],
      ${captures.map((one) => one.abuse)}::text[],
      ${captures.map((one) => one.redirectSha)}::bytea[], ${captures.map((one) => one.extractInput)}::bytea[],
      ${captures.map((one) => one.warc?.sha ?? null)}::bytea[], ${captures.map((one) => one.warc?.offset ?? null)}::bigint[],
      ${captures.map((one) => one.warc?.length ?? null)}::int[], ${captures.map((one) => one.fetchedAt.toISOString())}::timestamptz[],
      ${captures.map((one) => one.etag ?? null)}::text[], ${captures.map((one) => one.lastModified ?? null)}::text[],
      ${captures.map((one) => one.confirms ?? null)}::bigint[], ${captures.map((one) => (one.renewed ? JSON.stringify(one.renewed) : null))}::text[],
      ${captures.map((one) => one.revisit?.sha ?? null)}::bytea[], ${captures.map((one) => one.revisit?.offset ?? null)}::bigint[],
      ${captures.map((one) => one.revisit?.length ?? null)}::int[], ${captures.map((one) => one.source?.sha ?? null)}::bytea[],
      ${captures.map((one) => one.source?.offset ?? null)}::bigint[], ${captures.map((one) => one.source?.length ?? null)}::bigint[])
      WITH ORDINALITY AS t (url_sha, kind, status, body_sha, body_bytes, media_type, content_language, signals, reserved, unavailable_after,
        abuse, redirect_sha, extract_input, warc_sha, warc_offset, warc_length, fetched_at,
        etag, last_modified, confirms, renewed, revisit_sha, revisit_offset, revisit_length, source_sha, source_offset, source_length, ord)
    ORDER BY ord RETURNING capture_id`.execute(tx)
  return inserted.rows.map((row) => row.capture_id)
}

export interface FactRow {
  input: Buffer
  value: unknown
}

/** Stores facts once under (definition, input); the first committed value stays. Returns how many were new. */
export async function insertFacts(
  db: Kysely<Database> | Transaction<Database>,
  table: 'fact' | 'fact_text',
  defId: number,
  run: string,
  facts: readonly FactRow[],
): Promise<number> {
  if (facts.length === 0) return 0
  const inserted = await sql`
    INSERT INTO ${sql.table(table)} (def_id, input, value, first_run)
    SELECT ${defId}::int, input, value::jsonb, ${run}::bigint
    FROM unnest(${facts.map((one) => one.input)}::bytea[], ${facts.map((one) => JSON.stringify(one.value))}::text[]) AS t (input, value)
    ORDER BY input ON CONFLICT DO NOTHING`.execute(db)
  return Number(inserted.numAffectedRows ?? 0n)
}

/** Stored facts by input digest (lowercase hex). */
export async function selectFacts<Value>(
  db: Kysely<Database> | Transaction<Database>,
  table: 'fact' | 'fact_text',
  defId: number,
  inputs: readonly Buffer[],
): Promise<Map<string, Value>> {
  if (inputs.length === 0) return new Map()
  const rows = await sql<{ input: Buffer; value: Value }>`
    SELECT input, value FROM ${sql.table(table)} WHERE def_id = ${defId} AND input = ANY(${inputs as Buffer[]}::bytea[])`.execute(
    db,
  )
  return new Map(rows.rows.map((row) => [row.input.toString('hex'), row.value]))
}

/** Remembers robots verdicts; the newest fetch of an origin counts. */
export async function upsertRobots(
  tx: Transaction<Database>,
  crawlNo: number,
  robots: readonly { origin: string; rules: unknown; verdict: string; captureId: string | null }[],
): Promise<void> {
  for (const one of robots) {
    await sql`INSERT INTO robots (crawl_no, origin, rules, verdict, fetched_at, capture_id)
      VALUES (${crawlNo}, ${one.origin}, ${JSON.stringify(one.rules)}::jsonb, ${one.verdict}, now(), ${one.captureId})
      ON CONFLICT (crawl_no, origin) DO UPDATE SET rules = excluded.rules, verdict = excluded.verdict,
        fetched_at = excluded.fetched_at, capture_id = excluded.capture_id`.execute(tx)
  }
}

/** Remembers what TDM files say; the newest fetch of an origin counts. */
export async function upsertTdmFiles(
  tx: Transaction<Database>,
  crawlNo: number,
  files: readonly { origin: string; rules: unknown; captureId: string | null }[],
): Promise<void> {
  for (const one of files) {
    await sql`INSERT INTO tdm_file (crawl_no, origin, rules, fetched_at, capture_id)
      VALUES (${crawlNo}, ${one.origin}, ${JSON.stringify(one.rules)}::jsonb, now(), ${one.captureId})
      ON CONFLICT (crawl_no, origin) DO UPDATE SET rules = excluded.rules, fetched_at = excluded.fetched_at,
        capture_id = excluded.capture_id`.execute(tx)
  }
}

/** Answers for robots.txt and TDM files stand in the frontier as done URLs of no kind, so that the frozen list has them too. */
export async function recordRobotsUrls(
  tx: Transaction<Database>,
  crawlNo: number,
  rows: readonly { sha: Buffer; url: string; host: string; shard: number; captureId: string }[],
): Promise<void> {
  if (rows.length === 0) return
  const unique = [...new Map(rows.map((row) => [row.sha.toString('hex'), row])).values()]
  await sql`INSERT INTO url (sha, url) SELECT * FROM unnest(${unique.map((row) => row.sha)}::bytea[], ${unique.map((row) => row.url)}::text[]) AS t (sha, url)
    ORDER BY sha ON CONFLICT DO NOTHING`.execute(tx)
  await sql`
    INSERT INTO frontier AS f (crawl_no, url_sha, shard, host, page, picture, depth, state, attempts, capture_id)
    SELECT ${crawlNo}::int, sha, shard, host, false, false, 0, 'done', 1, capture_id
    FROM unnest(${unique.map((row) => row.sha)}::bytea[], ${unique.map((row) => row.shard)}::smallint[], ${unique.map((row) => row.host)}::text[],
      ${unique.map((row) => row.captureId)}::bigint[]) AS t (sha, shard, host, capture_id)
    ORDER BY sha
    ON CONFLICT (crawl_no, url_sha) DO UPDATE SET capture_id = excluded.capture_id WHERE NOT (f.page OR f.picture OR f.sitemap)`.execute(
    tx,
  )
}
