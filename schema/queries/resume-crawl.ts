import { type Kysely, sql, type Transaction } from 'kysely'
import type { Database } from '../tables/database.ts'

/** What going on with a crawl does to its URLs. */
export type ResumeAction = 'waits' | 'tried again' | 'given up'

export interface ResumePlan {
  /** URLs that have an answer. */
  done: number
  /** The rest, by error class and host. A group without a time is due now. */
  rows: {
    action: ResumeAction
    /** Why it waits, failed or is given up; null for what was not tried yet. */
    reason: string | null
    /** As the retry policy names it; null when trying again cannot help. */
    class: string | null
    host: string
    count: number
    /** First and last time at which URLs of the group are asked, as far as known. */
    first_at: Date | null
    last_at: Date | null
  }[]
}

/** Which URLs are put back: none of the two conditions means all that failed. */
export interface PutBackChoice {
  /** Error classes as the retry policy names them; null for all, also failures that have none. */
  classes: readonly string[] | null
  /** A host, with or without its port; null for all. */
  host: string | null
}

/** Failed, or never asked because robots.txt could not be had. A rule's refusal is no failure. */
const FAILED = sql`(f.state = 'failed' OR f.state = 'excluded' AND (f.reason = 'robots_unreachable' OR f.class IS NOT NULL))`

/** What `reopenUrls` would do: every URL by what becomes of it. Changes nothing. */
export async function planReopening(db: Kysely<Database>, crawlNo: number): Promise<ResumePlan> {
  const done = await sql<{ urls: number }>`
    SELECT coalesce(sum(urls), 0)::float8 AS urls FROM frontier_tally WHERE crawl_no = ${crawlNo} AND state = 'done'`.execute(
    db,
  )
  const { rows } = await sql<ResumePlan['rows'][number]>`
    SELECT CASE WHEN f.state IN ('pending', 'leased', 'retry') THEN 'waits' WHEN ${FAILED} THEN 'tried again' ELSE 'given up' END AS action,
      f.reason, f.class, f.host, count(*)::int AS count,
      min(nullif(f.next_at, '-infinity')) FILTER (WHERE f.state = 'retry' AND f.next_at > now()) AS first_at,
      max(nullif(f.next_at, '-infinity')) FILTER (WHERE f.state = 'retry' AND f.next_at > now()) AS last_at
    FROM frontier f WHERE f.crawl_no = ${crawlNo} AND f.state NOT IN ('found', 'done')
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 3 NULLS FIRST, 2 NULLS FIRST, 4`.execute(db)
  return { done: done.rows[0]?.urls ?? 0, rows }
}

/** What `putBack` would put back. Changes nothing. */
export async function planPutBack(
  db: Kysely<Database>,
  crawlNo: number,
  choice: PutBackChoice,
): Promise<{ class: string | null; reason: string | null; host: string; count: number }[]> {
  const { rows } = await sql<{ class: string | null; reason: string | null; host: string; count: number }>`
    SELECT f.class, f.reason, f.host, count(*)::int AS count FROM frontier f
    WHERE f.crawl_no = ${crawlNo} AND (f.state = 'retry' OR ${FAILED}) AND ${chosen(choice)}
    GROUP BY 1, 2, 3 ORDER BY 1 NULLS LAST, 2, 3`.execute(db)
  return rows
}

/** Going on with a crawl: everything that failed is put back, hosts that were given up are asked again. */
export async function reopenUrls(db: Kysely<Database>, crawlNo: number): Promise<number> {
  return putBack(db, crawlNo, { classes: null, host: null })
}

/**
 * Puts failed and waiting URLs back as if they had not been tried; what was tried stays in their history. A server that
 * asked for a pause gets it. Sites whose pages come back have the depths from there on to close again, and hosts that are
 * asked again are no longer suspended or given up. In one transaction; a second run finds nothing to do. Returns how
 * many were put back.
 */
export async function putBack(db: Kysely<Database>, crawlNo: number, choice: PutBackChoice): Promise<number> {
  return db.transaction().execute(async (tx) => {
    const put = await sql<{ host: string; site_no: number | null; depth: number; page: boolean; urls: number }>`
      WITH chosen AS (
        SELECT f.url_sha, f.attempts, f.reason, f.class, f.detail FROM frontier f
        WHERE f.crawl_no = ${crawlNo} AND (f.state = 'retry' OR ${FAILED}) AND ${chosen(choice)}
        ORDER BY f.url_sha FOR UPDATE),
      noted AS (
        INSERT INTO crawl_attempt (crawl_no, url_sha, attempts, outcome, reason, class, detail)
        SELECT ${crawlNo}::int, url_sha, attempts, 'put_back', reason, class, detail FROM chosen),
      put AS (
        UPDATE frontier f SET state = 'pending', attempts = 0, first_tried = NULL, reason = NULL, detail = NULL, class = NULL,
          next_at = CASE WHEN f.state = 'retry' AND f.class = 'overloaded' THEN f.next_at ELSE '-infinity' END
        FROM chosen c WHERE f.crawl_no = ${crawlNo} AND f.url_sha = c.url_sha
        RETURNING f.host, f.site_no, f.depth, f.page AND f.admitted OR f.sitemap AS page)
      SELECT host, site_no, min(depth)::int AS depth, page, count(*)::int AS urls FROM put GROUP BY 1, 2, 4`.execute(tx)
    const hosts = [...new Set(put.rows.map((row) => row.host))]
    await reopenHosts(tx, crawlNo, hosts)
    await reopenSites(tx, crawlNo)
    return put.rows.reduce((sum, row) => sum + row.urls, 0)
  })
}

/** A 503 has a class of its own for its waits; who asks for 5xx means it, too. */
function chosen({ classes, host }: PutBackChoice) {
  return sql`(${classes === null}::bool OR f.class = ANY(${classes ?? []}::text[])
      OR ${classes?.includes('5xx') === true}::bool AND f.class = 'overloaded' AND f.detail ~ '\\m503\\M')
    AND (${host}::text IS NULL OR f.host = ${host} OR starts_with(f.host, ${`${host ?? ''}:`}))`
}

/** Whether the crawl has a host of this name, with or without its port. */
export async function hasHost(db: Kysely<Database>, crawlNo: number, host: string): Promise<boolean> {
  const { rows } = await sql`SELECT 1 FROM crawl_host
    WHERE crawl_no = ${crawlNo} AND (host = ${host} OR starts_with(host, ${`${host}:`})) LIMIT 1`.execute(db)
  return rows.length > 0
}

async function reopenHosts(tx: Transaction<Database>, crawlNo: number, hosts: readonly string[]): Promise<void> {
  await sql`UPDATE crawl_host SET failures = 0, failing_since = NULL, suspended_until = NULL, suspensions = 0, fault = NULL, fault_class = NULL, given_up_at = NULL
    WHERE crawl_no = ${crawlNo} AND host = ANY(${hosts}::text[])`.execute(tx)
  await sql`DELETE FROM robots WHERE crawl_no = ${crawlNo} AND verdict = 'disallow_all'
    AND split_part(origin, '://', 2) = ANY(${hosts}::text[])`.execute(tx)
}

/** A site goes back to the depth of the shallowest page that waits: what that page leads to is admitted anew. */
async function reopenSites(tx: Transaction<Database>, crawlNo: number): Promise<void> {
  await sql`
    UPDATE site s SET closed = false, depth = least(s.depth, w.depth)
    FROM (SELECT site_no, min(depth) AS depth FROM frontier
      WHERE crawl_no = ${crawlNo} AND site_no IS NOT NULL AND state IN ('pending', 'retry') AND (page AND admitted OR sitemap) GROUP BY site_no) w
    WHERE s.crawl_no = ${crawlNo} AND s.site_no = w.site_no`.execute(tx)
}
