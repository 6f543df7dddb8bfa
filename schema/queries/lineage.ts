import { type Kysely, sql } from 'kysely'
import { type CaptureSource, sourceColumns } from './archive-source.ts'
import type { Database } from '../tables/database.ts'

export interface CaptureLineage extends CaptureSource {
  capture_id: string
  crawl: string
  url: string
  kind: string
  status: number
  body_sha: Buffer | null
  media_type: string | null
  content_language: string | null
  signals: unknown
  warc_sha: Buffer | null
  warc_offset: number | null
  warc_length: number | null
  fetched_at: Date
}

export async function capturesById(db: Kysely<Database>, ids: readonly string[]): Promise<Map<string, CaptureLineage>> {
  if (ids.length === 0) return new Map()
  const rows = await sql<CaptureLineage>`
    SELECT c.capture_id, r.id AS crawl, u.url, c.kind, c.status, c.body_sha, c.media_type, c.content_language, c.signals, c.warc_sha,
      c.warc_offset::float8 AS warc_offset, c.warc_length, c.fetched_at, ${sourceColumns}
    FROM capture c JOIN crawl r USING (crawl_no) JOIN url u ON u.sha = c.url_sha WHERE c.capture_id = ANY(${ids as string[]}::bigint[])`.execute(
    db,
  )
  return new Map(rows.rows.map((row) => [row.capture_id, row]))
}

export interface MemberCapture {
  sample_no: number
  page_no: number
  position: number
  page_capture: string
  image_capture: string | null
  image_url: string
  texts: unknown
  kept_text: number | null
}

/** The candidates of samples with the captures behind them, in canonical order. */
export async function memberCaptures(
  db: Kysely<Database>,
  run: string,
  samples: readonly number[],
): Promise<MemberCapture[]> {
  if (samples.length === 0) return []
  const rows = await sql<MemberCapture>`
    SELECT s.sample_no, v.page_no, v.position, p.capture_id AS page_capture, c.capture_id AS image_capture, u.url AS image_url, v.texts, v.kept_text
    FROM sample s
    JOIN candidate_verdict v ON v.run = s.run AND v.tag = s.tag AND v.picture = s.picture AND v.reason IS NULL
    JOIN candidate c ON c.run = v.run AND c.page_no = v.page_no AND c.position = v.position
    JOIN run_page p ON p.run = v.run AND p.page_no = v.page_no
    JOIN url u ON u.sha = c.image_url_sha
    WHERE s.run = ${run} AND s.sample_no = ANY(${samples as number[]}::int[])
    ORDER BY s.sample_no, v.page_no, v.position`.execute(db)
  return rows.rows
}

export interface SampleVerdictRow {
  sample_no: number
  stage: string
  reason: string | null
  rules: unknown
}

export async function verdictsOf(
  db: Kysely<Database>,
  run: string,
  samples: readonly number[],
): Promise<SampleVerdictRow[]> {
  if (samples.length === 0) return []
  return db
    .selectFrom('sample_verdict')
    .select(['sample_no', 'stage', 'reason', 'rules'])
    .where('run', '=', run)
    .where('sample_no', 'in', samples as number[])
    .orderBy('sample_no')
    .orderBy(sql`array_position(ARRAY['judge','near','preselect','select'], stage)`)
    .execute()
}

/** Responses of recorded requests, by request digest in hex. */
export async function responsesOf(db: Kysely<Database>, requests: readonly Buffer[]): Promise<Map<string, string>> {
  if (requests.length === 0) return new Map()
  const rows = await sql<{ request_sha: Buffer; response_sha: Buffer }>`
    SELECT request_sha, response_sha FROM generation WHERE request_sha = ANY(${requests as Buffer[]}::bytea[])`.execute(
    db,
  )
  return new Map(rows.rows.map((row) => [row.request_sha.toString('hex'), row.response_sha.toString('hex')]))
}
