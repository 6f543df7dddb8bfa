import { type Kysely, sql } from 'kysely'
import type { CrawlSection } from '../contracts/spec.ts'
import type { StoredSignal } from '../contracts/opt-out.ts'
import { type CaptureSource, sourceColumns } from './archive-source.ts'
import type { Database } from '../tables/database.ts'
import { reservedFor } from './reserved.ts'

/** The page of a run that a URL was captured as, null when it is none. */
export async function pageOfUrl(
  db: Kysely<Database>,
  run: string,
  crawlNos: readonly number[],
  urlSha: Buffer,
): Promise<number | null> {
  const rows = await sql<{ page_no: number }>`
    SELECT p.page_no FROM capture c JOIN run_page p ON p.run = ${run} AND p.capture_id = c.capture_id
    WHERE c.crawl_no = ANY(${crawlNos as number[]}::int[]) AND c.url_sha = ${urlSha} ORDER BY p.page_no LIMIT 1`.execute(
    db,
  )
  return rows.rows[0]?.page_no ?? null
}

/** The picture that frozen crawls have under a URL, such as the end of a redirect that no page names. */
export async function pictureAtUrl(
  db: Kysely<Database>,
  crawlNos: readonly number[],
  urlSha: Buffer,
): Promise<Buffer | null> {
  const rows = await sql<{ body_sha: Buffer }>`
    SELECT c.body_sha FROM frozen_capture f JOIN capture c USING (capture_id)
    WHERE f.crawl_no = ANY(${crawlNos as number[]}::int[]) AND f.url_sha = ${urlSha} AND c.kind = 'picture' AND c.body_sha IS NOT NULL
    LIMIT 1`.execute(db)
  return rows.rows[0]?.body_sha ?? null
}

/** What a crawl made of a URL. */
export interface UrlOutcomeRow {
  url_sha: Buffer
  state: string
  reason: string | null
  detail: string | null
}

/** Outcomes of URLs in the first of the crawls that knows them, by digest in hex. */
export async function outcomesOf(
  db: Kysely<Database>,
  crawlNos: readonly number[],
  urls: readonly Buffer[],
): Promise<Map<string, UrlOutcomeRow>> {
  if (urls.length === 0) return new Map()
  const rows = await sql<UrlOutcomeRow>`
    SELECT DISTINCT ON (f.url_sha) f.url_sha, f.state, f.reason, f.detail
    FROM unnest(${crawlNos as number[]}::int[]) WITH ORDINALITY AS r (crawl_no, rank) JOIN frontier f USING (crawl_no)
    WHERE f.url_sha = ANY(${urls as Buffer[]}::bytea[]) ORDER BY f.url_sha, r.rank`.execute(db)
  return new Map(rows.rows.map((row) => [row.url_sha.toString('hex'), row]))
}

export interface SignalledCapture {
  crawl_no: number
  url: string | null
  kind: string
  reserved: boolean
  signals: StoredSignal[]
  fetched_at: Date
}

/** Captures shown for one picture or page. */
const SHOWN = 20

/** Frozen captures of a picture that carry a signal: those that reserve it first. */
export async function signalsOfPicture(
  db: Kysely<Database>,
  crawlNos: readonly number[],
  picture: Buffer,
): Promise<SignalledCapture[]> {
  const rows = await sql<SignalledCapture>`
    SELECT c.crawl_no, u.url, c.kind, c.reserved, c.signals, c.fetched_at
    FROM capture c JOIN frozen_capture f ON f.crawl_no = c.crawl_no AND f.url_sha = c.url_sha AND f.capture_id = c.capture_id
    LEFT JOIN url u ON u.sha = c.url_sha
    WHERE c.body_sha = ${picture} AND c.crawl_no = ANY(${crawlNos as number[]}::int[]) AND c.kind = 'picture'
      AND (c.reserved OR c.signals <> '[]')
    ORDER BY c.reserved DESC, c.url_sha LIMIT ${SHOWN}`.execute(db)
  return rows.rows
}

/** Reserved redirects from addresses that pages of a run name, to a picture that was fetched on another account. */
export async function reservedRedirects(
  db: Kysely<Database>,
  run: string,
  crawlNos: readonly number[],
  picture: Buffer,
): Promise<SignalledCapture[]> {
  const rows = await sql<SignalledCapture>`
    SELECT DISTINCT ON (r.url_sha) r.crawl_no, u.url, r.kind, r.reserved, r.signals, r.fetched_at
    FROM candidate c JOIN frozen_capture f ON f.url_sha = c.image_url_sha AND f.crawl_no = ANY(${crawlNos as number[]}::int[])
    JOIN capture r ON r.capture_id = f.capture_id LEFT JOIN url u ON u.sha = r.url_sha
    WHERE c.run = ${run} AND c.picture = ${picture} AND c.fetch_reason = 'opted_out'
      AND r.reserved AND r.redirect_sha IS NOT NULL
    ORDER BY r.url_sha, r.crawl_no LIMIT ${SHOWN}`.execute(db)
  return rows.rows
}

/** What the frozen captures of URLs say, whatever they are, by digest in hex. */
export async function signalsOfUrls(
  db: Kysely<Database>,
  crawlNos: readonly number[],
  urls: readonly Buffer[],
): Promise<Map<string, SignalledCapture>> {
  if (urls.length === 0) return new Map()
  const rows = await sql<SignalledCapture & { url_sha: Buffer }>`
    SELECT DISTINCT ON (f.url_sha) f.url_sha, c.crawl_no, u.url, c.kind, c.reserved, c.signals, c.fetched_at
    FROM unnest(${crawlNos as number[]}::int[]) WITH ORDINALITY AS r (crawl_no, rank) JOIN frozen_capture f USING (crawl_no)
    JOIN capture c USING (capture_id) LEFT JOIN url u ON u.sha = c.url_sha
    WHERE f.url_sha = ANY(${urls as Buffer[]}::bytea[]) ORDER BY f.url_sha, r.rank`.execute(db)
  return new Map(rows.rows.map((row) => [row.url_sha.toString('hex'), row]))
}

/** One fetch of a file that signals stood in. */
export interface FileFetch extends Partial<CaptureSource> {
  crawl_no: number
  url: string
  status?: number
  fetched_at: Date
  sha256: string
}

/** Every fetch of files by crawls (robots.txt, TDM files), in order of time. */
export async function fetchesOfFiles(
  db: Kysely<Database>,
  crawlNos: readonly number[],
  urlShas: readonly Buffer[],
): Promise<FileFetch[]> {
  if (urlShas.length === 0) return []
  const rows = await sql<FileFetch>`
    SELECT c.crawl_no, u.url, c.status::int AS status, c.fetched_at, encode(c.body_sha, 'hex') AS sha256, ${sourceColumns}
    FROM capture c JOIN crawl r USING (crawl_no) JOIN url u ON u.sha = c.url_sha
    WHERE c.crawl_no = ANY(${crawlNos as number[]}::int[]) AND c.url_sha = ANY(${urlShas as Buffer[]}::bytea[])
      AND c.body_sha IS NOT NULL ORDER BY c.fetched_at, c.capture_id`.execute(db)
  return rows.rows
}

/** Pages of one host whose links to a URL ask not to be followed. */
export async function refusedLinks(
  db: Kysely<Database>,
  crawlNos: readonly number[],
  url: string,
): Promise<SignalledCapture[]> {
  const link = JSON.stringify([{ where: 'link', url }])
  const rows = await sql<SignalledCapture>`
    SELECT c.crawl_no, u.url, c.kind, c.reserved, c.signals, c.fetched_at
    FROM frontier f JOIN capture c USING (capture_id) LEFT JOIN url u ON u.sha = c.url_sha
    WHERE f.crawl_no = ANY(${crawlNos as number[]}::int[]) AND f.host = ${new URL(url).host} AND f.page
      AND c.signals @> ${link}::jsonb
    ORDER BY c.crawl_no, c.url_sha LIMIT ${SHOWN}`.execute(db)
  return rows.rows
}

/** Pages of a run that show a picture and reserve themselves: the picture is reserved on their account, too. */
export async function reservingPages(db: Kysely<Database>, run: string, picture: Buffer): Promise<SignalledCapture[]> {
  const rows = await sql<SignalledCapture>`
    SELECT p.crawl_no, u.url, p.kind, p.reserved, p.signals, p.fetched_at
    FROM (SELECT DISTINCT c.page_no FROM candidate c
      JOIN candidate_verdict v ON v.run = c.run AND v.page_no = c.page_no AND v.position = c.position
      WHERE c.run = ${run} AND c.picture = ${picture} AND 'opted_out' = ANY(v.rules)) l
    JOIN run_page r ON r.run = ${run} AND r.page_no = l.page_no JOIN capture p USING (capture_id)
    LEFT JOIN url u ON u.sha = p.url_sha
    WHERE ${reservedFor(run, 'p')} ORDER BY l.page_no LIMIT ${SHOWN}`.execute(db)
  return rows.rows
}

/** The captures of pages of a run, by page number. */
export async function signalsOfPages(
  db: Kysely<Database>,
  run: string,
  pages: readonly number[],
): Promise<Map<number, SignalledCapture>> {
  if (pages.length === 0) return new Map()
  const rows = await sql<SignalledCapture & { page_no: number }>`
    SELECT p.page_no, c.crawl_no, u.url, c.kind, c.reserved, c.signals, c.fetched_at
    FROM run_page p JOIN capture c USING (capture_id) LEFT JOIN url u ON u.sha = c.url_sha
    WHERE p.run = ${run} AND p.page_no = ANY(${pages as number[]}::int[])`.execute(db)
  return new Map(rows.rows.map((row) => [row.page_no, row]))
}

/** Sections of crawls by number: who crawled, and what was honoured. */
export async function sectionsOf(
  db: Kysely<Database>,
  crawlNos: readonly number[],
): Promise<Map<number, CrawlSection>> {
  const rows = await db
    .selectFrom('crawl')
    .select(['crawl_no', 'section'])
    .where('crawl_no', 'in', crawlNos as number[])
    .execute()
  return new Map(rows.map((row) => [row.crawl_no, row.section as CrawlSection]))
}

export interface FoundSample {
  sample_no: number
  key: Buffer
  tag: string
  script: string
  picture: Buffer
  split: string | null
}

/** A run's sample by key. */
export async function sampleByKey(db: Kysely<Database>, run: string, key: Buffer): Promise<FoundSample | null> {
  const rows = await sql<FoundSample>`
    SELECT s.sample_no, s.key, s.tag, s.script, s.picture, m.split
    FROM sample s LEFT JOIN member m ON m.run = s.run AND m.sample_no = s.sample_no
    WHERE s.run = ${run} AND s.key = ${key}`.execute(db)
  return rows.rows[0] ?? null
}

/** The sample of a picture in one language. */
export async function sampleOfPicture(
  db: Kysely<Database>,
  run: string,
  tag: string,
  picture: Buffer,
): Promise<{ key: Buffer } | null> {
  const rows = await sql<{ key: Buffer }>`
    SELECT key FROM sample WHERE run = ${run} AND picture = ${picture} AND tag = ${tag}`.execute(db)
  return rows.rows[0] ?? null
}
