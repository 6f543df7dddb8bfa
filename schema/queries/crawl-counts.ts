import { type Kysely, sql } from 'kysely'
import type { CaptureTable, FrontierState } from '../tables/crawl.table.ts'
import type { Database } from '../tables/database.ts'

export interface CrawlCounts {
  states: { state: FrontierState; reason: string | null; count: number }[]
  /** URLs that wait for another try or were given up, by class of error. */
  errors: { class: string; waiting: number; given_up: number }[]
  kinds: { kind: CaptureTable['kind']; captures: number; bytes: number }[]
  /** URLs that came to an end within the last minute, a second; 0 when none did. */
  per_second: number
}

/** Span over which the rate is taken. */
const RATE_SECONDS = 60

/**
 * Counters are sums of what committed statements changed (see the migration count_frontier), so they equal the rows at any
 * moment and cost the same at a million URLs. What is leased has an index of its own.
 */
export async function countCrawl(db: Kysely<Database>, crawlNo: number): Promise<CrawlCounts> {
  const [counted, kinds, rate] = await Promise.all([
    countStates(db, crawlNo),
    sql<{ kind: CaptureTable['kind']; captures: number; bytes: number }>`
      SELECT kind, sum(captures)::float8 AS captures, sum(bytes)::float8 AS bytes FROM capture_tally
      WHERE crawl_no = ${crawlNo} GROUP BY kind ORDER BY kind`.execute(db),
    sql<{ per_second: number }>`
      SELECT (coalesce(sum(urls), 0) / least(${RATE_SECONDS}::numeric, greatest(1, extract(epoch FROM now() - min(at)))))::float8 AS per_second
      FROM frontier_tally WHERE crawl_no = ${crawlNo} AND at > now() - make_interval(secs => ${RATE_SECONDS})
        AND urls > 0 AND state IN ('done', 'failed', 'excluded')`.execute(db),
  ])
  return { ...counted, kinds: kinds.rows, per_second: rate.rows[0]?.per_second ?? 0 }
}

async function countStates(db: Kysely<Database>, crawlNo: number): Promise<Pick<CrawlCounts, 'states' | 'errors'>> {
  const { rows } = await sql<{ state: FrontierState; reason: string | null; class: string | null; count: number }>`
    WITH leased AS (
      SELECT reason, class, count(*) AS urls FROM frontier WHERE crawl_no = ${crawlNo} AND state = 'leased' GROUP BY 1, 2)
    SELECT state, reason, class, sum(urls)::float8 AS count FROM (
      SELECT state, reason, class, urls FROM frontier_tally WHERE crawl_no = ${crawlNo}
      UNION ALL SELECT 'leased', reason, class, urls FROM leased
      UNION ALL SELECT 'pending', reason, class, -urls FROM leased) AS counted
    GROUP BY 1, 2, 3 HAVING sum(urls) <> 0 ORDER BY state, reason NULLS FIRST, class NULLS FIRST`.execute(db)
  const states = new Map<string, CrawlCounts['states'][number]>()
  const errors = new Map<string, CrawlCounts['errors'][number]>()
  for (const row of rows) {
    const key = JSON.stringify([row.state, row.reason])
    const state = states.get(key) ?? { state: row.state, reason: row.reason, count: 0 }
    state.count += row.count
    states.set(key, state)
    if (row.class === null) continue
    const error = errors.get(row.class) ?? { class: row.class, waiting: 0, given_up: 0 }
    if (row.state === 'failed' || row.state === 'excluded') error.given_up += row.count
    else error.waiting += row.count
    errors.set(row.class, error)
  }
  return { states: [...states.values()], errors: [...errors.values()].sort((a, b) => (a.class < b.class ? -1 : 1)) }
}

/** Tally rows that a crawl may have before they are folded: their sum takes milliseconds. */
const MOST_TALLIES = 20_000

/**
 * Sums up what is older than the rate's span. One statement: a reader sees the rows before or after it, and a second
 * fold at the same time finds nothing left to take. Safe to run twice.
 */
export async function foldTallies(db: Kysely<Database>, crawlNo: number, most = MOST_TALLIES): Promise<void> {
  const { rows } = await sql<{ many: boolean }>`
    SELECT (SELECT count(*) FROM (SELECT 1 FROM frontier_tally WHERE crawl_no = ${crawlNo} LIMIT ${most + 1}) AS f) > ${most}
      OR (SELECT count(*) FROM (SELECT 1 FROM capture_tally WHERE crawl_no = ${crawlNo} LIMIT ${most + 1}) AS c) > ${most} AS many`.execute(
    db,
  )
  if (rows[0]?.many !== true) return
  const old = sql`crawl_no = ${crawlNo} AND at < now() - make_interval(secs => ${2 * RATE_SECONDS})`
  await sql`WITH gone AS (DELETE FROM frontier_tally WHERE ${old} RETURNING *)
    INSERT INTO frontier_tally (crawl_no, state, reason, class, urls, at)
    SELECT crawl_no, state, reason, class, sum(urls), '-infinity' FROM gone GROUP BY 1, 2, 3, 4 HAVING sum(urls) <> 0`.execute(
    db,
  )
  await sql`WITH gone AS (DELETE FROM capture_tally WHERE ${old} RETURNING *)
    INSERT INTO capture_tally (crawl_no, kind, captures, bytes, at)
    SELECT crawl_no, kind, sum(captures), sum(bytes), '-infinity' FROM gone GROUP BY 1, 2`.execute(db)
}

export const HOST_STATES = ['in work', 'waiting', 'suspended', 'given up', 'done'] as const

export interface HostCounts {
  states: { state: (typeof HOST_STATES)[number]; hosts: number }[]
  /** Hosts that do not answer, the longest silent first. */
  failing: FailingHost[]
}

export interface FailingHost {
  host: string
  state: 'failing' | 'suspended' | 'given up'
  fault: string | null
  failures: number
  since: Date | null
  /** When it is asked again. */
  next_at: Date | null
}

/** Failing hosts that are named. */
const MOST_HOSTS = 20

/** Hosts of a crawl by what is to be done there: one look into the index of waiting URLs for each. */
export async function countHosts(db: Kysely<Database>, crawlNo: number): Promise<HostCounts> {
  const states = await sql<HostCounts['states'][number]>`
    WITH leased AS MATERIALIZED (SELECT DISTINCT host FROM frontier WHERE crawl_no = ${crawlNo} AND state = 'leased')
    SELECT CASE WHEN h.given_up_at IS NOT NULL THEN 'given up'
        WHEN l.host IS NOT NULL THEN 'in work'
        WHEN w.host IS NULL THEN 'done'
        WHEN h.suspended_until > now() THEN 'suspended' ELSE 'waiting' END AS state, count(*)::int AS hosts
    FROM crawl_host h LEFT JOIN leased l USING (host)
    LEFT JOIN LATERAL (
      SELECT f.host FROM frontier f
      WHERE f.crawl_no = h.crawl_no AND f.host = h.host AND f.state IN ('pending', 'retry') LIMIT 1) w ON true
    WHERE h.crawl_no = ${crawlNo} GROUP BY 1`.execute(db)
  const failing = await sql<FailingHost>`
    SELECT host, CASE WHEN given_up_at IS NOT NULL THEN 'given up' WHEN suspended_until > now() THEN 'suspended' ELSE 'failing' END AS state,
      fault, failures, failing_since AS since, CASE WHEN given_up_at IS NULL AND suspended_until > now() THEN suspended_until END AS next_at
    FROM crawl_host WHERE crawl_no = ${crawlNo} AND (failing_since IS NOT NULL OR given_up_at IS NOT NULL)
    ORDER BY failing_since, host LIMIT ${MOST_HOSTS}`.execute(db)
  const found = new Map(states.rows.map((row) => [row.state, row.hosts]))
  return {
    states: HOST_STATES.flatMap((state) => (found.has(state) ? [{ state, hosts: found.get(state) ?? 0 }] : [])),
    failing: failing.rows,
  }
}
