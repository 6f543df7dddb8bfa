import { type Kysely, sql } from 'kysely'
import type { Database } from '../tables/database.ts'

/** One thing that happened to a URL. */
export interface UrlEvent {
  at: Date
  /** `answered`: the response was its answer; the others as `crawl_attempt` has them. */
  outcome: 'answered' | 'retry' | 'failed' | 'excluded' | 'given_up' | 'put_back'
  /** The how manyth attempt, null for an answer, whose number is not kept. */
  attempt: number | null
  status: number | null
  class: string | null
  reason: string | null
  detail: string | null
  /** When it is tried again, for `retry`. */
  next_at: Date | null
}

/** What became of each attempt at a URL, in the order of time. A response that was tried again is one event, not two. */
export async function historyOfUrl(db: Kysely<Database>, crawlNo: number, urlSha: Buffer): Promise<UrlEvent[]> {
  const { rows } = await sql<UrlEvent>`
    SELECT a.at, a.outcome, a.attempts::int AS attempt, c.status::int AS status, a.class, a.reason, a.detail, a.next_at
    FROM crawl_attempt a LEFT JOIN capture c ON c.capture_id = a.capture_id
    WHERE a.crawl_no = ${crawlNo} AND a.url_sha = ${urlSha}
    UNION ALL
    SELECT c.fetched_at, 'answered', NULL, c.status::int, NULL, NULL, NULL, NULL FROM capture c
    WHERE c.crawl_no = ${crawlNo} AND c.url_sha = ${urlSha} AND NOT EXISTS (
      SELECT 1 FROM crawl_attempt a WHERE a.crawl_no = c.crawl_no AND a.url_sha = c.url_sha AND a.capture_id = c.capture_id)
    ORDER BY 1, 3 NULLS FIRST`.execute(db)
  return rows
}

/** Where the host of a URL stands. */
export interface UrlHost {
  host: string
  state: 'answers' | 'not asked' | 'failing' | 'suspended' | 'given up'
  failures: number
  fault: string | null
  since: Date | null
  next_at: Date | null
}

/** Null when the crawl does not know the host. */
export async function hostOfUrl(db: Kysely<Database>, crawlNo: number, host: string): Promise<UrlHost | null> {
  const { rows } = await sql<UrlHost>`
    SELECT host, CASE WHEN given_up_at IS NOT NULL THEN 'given up' WHEN suspended_until > now() THEN 'suspended'
        WHEN failures > 0 THEN 'failing' WHEN answered THEN 'answers' ELSE 'not asked' END AS state,
      failures, fault, failing_since AS since, CASE WHEN suspended_until > now() THEN suspended_until END AS next_at
    FROM crawl_host WHERE crawl_no = ${crawlNo} AND host = ${host}`.execute(db)
  return rows[0] ?? null
}
