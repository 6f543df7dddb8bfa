import { type Kysely, sql } from 'kysely'
import type { StoredSignal } from '../contracts/opt-out.ts'
import type { CrawlSection } from '../contracts/spec.ts'
import { type CaptureSource, sourceColumns } from './archive-source.ts'
import type { Database } from '../tables/database.ts'

/** What one crawl knows of one URL. */
export interface KnownUrl {
  crawl_no: number
  id: string
  section: CrawlSection
  state: string
  reason: string | null
  detail: string | null
  page: boolean
  picture: boolean
  sitemap: boolean
  depth: number
  redirects: number
  admitted: boolean
  attempts: number
  next_at: Date | null
  seed: boolean
  declared: string | null
  shard: number
  scope_key: string | null
  /** Depth that the site has come to, and whether it is done with. */
  site_depth: number | null
  site_closed: boolean | null
  linked_by: string | null
}

/** Crawls that know a URL, the newest first. */
export async function crawlsOfUrl(db: Kysely<Database>, urlSha: Buffer): Promise<KnownUrl[]> {
  const rows = await sql<KnownUrl>`
    SELECT r.crawl_no, r.id, r.section, f.state, f.reason, f.detail, f.page, f.picture, f.sitemap, f.depth::int AS depth,
      f.redirects::int AS redirects, f.admitted, f.attempts::int AS attempts, CASE WHEN f.state = 'retry' THEN f.next_at END AS next_at,
      f.seed, f.declared, f.shard::int AS shard, s.scope_key, s.depth AS site_depth, s.closed AS site_closed, u.url AS linked_by
    FROM crawl r JOIN frontier f ON f.crawl_no = r.crawl_no AND f.url_sha = ${urlSha}
    LEFT JOIN site s ON s.crawl_no = f.crawl_no AND s.site_no = f.site_no
    LEFT JOIN url u ON u.sha = f.from_sha
    ORDER BY r.crawl_no DESC`.execute(db)
  return rows.rows
}

export interface CaptureOfUrl extends Partial<CaptureSource> {
  kind: string
  status: number
  fetched_at: Date
  media_type: string | null
  content_language: string | null
  body_sha: Buffer | null
  body_bytes: number
  reserved: boolean
  abuse: string | null
  redirects_to: string | null
  signals: StoredSignal[]
  warc_sha: Buffer | null
  warc_offset: number | null
  warc_length: number | null
  /** The capture that a 304 confirmed, and where its own record lies. */
  confirmed_crawl?: string | null
  confirmed_at?: Date | null
  revisit_sha?: Buffer | null
  revisit_offset?: number | null
  revisit_length?: number | null
  /** It is the URL's entry in the crawl's frozen list. */
  frozen: boolean
}

/** Every response that a crawl had for a URL, in the order in which they came. */
export async function capturesOfUrl(db: Kysely<Database>, crawlNo: number, urlSha: Buffer): Promise<CaptureOfUrl[]> {
  const rows = await sql<CaptureOfUrl>`
    SELECT c.kind, c.status::int AS status, c.fetched_at, c.media_type, c.content_language, c.body_sha, c.body_bytes::float8 AS body_bytes,
      c.reserved, c.abuse, u.url AS redirects_to, c.signals, c.warc_sha, c.warc_offset::float8 AS warc_offset, c.warc_length,
      k.id AS confirmed_crawl, b.fetched_at AS confirmed_at, c.revisit_sha, c.revisit_offset::float8 AS revisit_offset, c.revisit_length,
      z.capture_id IS NOT NULL AS frozen, ${sourceColumns}
    FROM capture c JOIN crawl r ON r.crawl_no = c.crawl_no LEFT JOIN capture b ON b.capture_id = c.confirms LEFT JOIN crawl k ON k.crawl_no = b.crawl_no
    LEFT JOIN url u ON u.sha = c.redirect_sha
    LEFT JOIN frozen_capture z ON z.crawl_no = c.crawl_no AND z.url_sha = c.url_sha AND z.capture_id = c.capture_id
    WHERE c.crawl_no = ${crawlNo} AND c.url_sha = ${urlSha} ORDER BY c.capture_id`.execute(db)
  return rows.rows
}

export interface StoredRobots {
  rules: unknown
  verdict: 'rules' | 'allow_all' | 'disallow_all'
  fetched_at: Date
  /** The record of an archive that it stood in. */
  source?: CaptureSource | null
}

/** What an origin's robots.txt said to a crawl, null when it was not asked, or no archive has it. */
export async function robotsOf(db: Kysely<Database>, crawlNo: number, origin: string): Promise<StoredRobots | null> {
  const { rows } = await sql<StoredRobots & CaptureSource>`
    SELECT b.rules, b.verdict, b.fetched_at, ${sourceColumns}
    FROM robots b LEFT JOIN capture c ON c.capture_id = b.capture_id LEFT JOIN crawl r ON r.crawl_no = c.crawl_no
    WHERE b.crawl_no = ${crawlNo} AND b.origin = ${origin}`.execute(db)
  const [row] = rows
  if (!row) return null
  const { rules, verdict, fetched_at, ...source } = row
  return { rules, verdict, fetched_at, source: source.source_sha === null ? null : source }
}
