import { sql, type Transaction } from 'kysely'
import type { Database } from '../tables/database.ts'

/** A host as far as its silence goes. */
export interface HostRecord {
  host: string
  /** It has answered at least once in this crawl. */
  answered: boolean
  /** Since its last answer. */
  failures: number
  fault: string | null
  fault_class: string | null
  /** Milliseconds since the first failure after its last answer. */
  silentMs: number
  /** In a row, without an answer between them. */
  suspensions: number
  suspended: boolean
  givenUp: boolean
}

interface HostNews {
  host: string
  answered: boolean
  failures: number
  class: string | null
  fault: string | null
}

/**
 * Adds what a batch says of its hosts. Returns those that fail now; what answers as it always did is not written. Only
 * the owner of the hosts' shard calls it.
 */
export async function noteHosts(
  tx: Transaction<Database>,
  crawlNo: number,
  news: readonly HostNews[],
): Promise<HostRecord[]> {
  if (news.length === 0) return []
  const { rows } = await sql<Omit<HostRecord, 'silentMs' | 'givenUp'> & { silent_ms: number; given_up: boolean }>`
    UPDATE crawl_host h SET answered = h.answered OR t.answered,
      failures = CASE WHEN t.answered THEN t.failures ELSE h.failures + t.failures END,
      failing_since = CASE WHEN t.failures = 0 THEN NULL WHEN t.answered OR h.failing_since IS NULL THEN now() ELSE h.failing_since END,
      suspensions = CASE WHEN t.answered THEN 0 ELSE h.suspensions END,
      suspended_until = CASE WHEN t.answered AND h.suspensions > 0 THEN NULL ELSE h.suspended_until END,
      given_up_at = CASE WHEN t.answered THEN NULL ELSE h.given_up_at END,
      fault = CASE WHEN h.given_up_at IS NOT NULL AND NOT t.answered THEN h.fault ELSE t.fault END,
      fault_class = CASE WHEN h.given_up_at IS NOT NULL AND NOT t.answered THEN h.fault_class ELSE t.class END
    FROM unnest(${news.map((one) => one.host)}::text[], ${news.map((one) => one.answered)}::bool[],
      ${news.map((one) => one.failures)}::int[], ${news.map((one) => one.class)}::text[], ${news.map((one) => one.fault)}::text[])
      AS t (host, answered, failures, class, fault)
    WHERE h.crawl_no = ${crawlNo} AND h.host = t.host AND (t.failures > 0 OR NOT h.answered OR h.failing_since IS NOT NULL)
    RETURNING h.host, h.answered, h.failures, h.fault, h.fault_class, h.suspensions,
      coalesce(h.suspended_until > now(), false) AS suspended, h.given_up_at IS NOT NULL AS given_up,
      coalesce(extract(epoch FROM now() - h.failing_since) * 1000, 0)::float8 AS silent_ms`.execute(tx)
  return rows
    .filter((row) => row.failures > 0)
    .map(({ silent_ms: silentMs, given_up: givenUp, ...row }) => ({ ...row, silentMs, givenUp }))
}

/** Leaves a host alone for a while. What was leased of it goes back: its requests failed or were not sent. */
export async function suspendHost(tx: Transaction<Database>, crawlNo: number, host: string, ms: number): Promise<void> {
  await sql`UPDATE crawl_host SET suspended_until = now() + make_interval(secs => ${ms / 1000}), suspensions = suspensions + 1
    WHERE crawl_no = ${crawlNo} AND host = ${host}`.execute(tx)
  await sql`UPDATE frontier SET state = 'pending' WHERE crawl_no = ${crawlNo} AND host = ${host} AND state = 'leased'`.execute(
    tx,
  )
}

/** What every waiting URL of a given up host ends with. */
export interface HostEnd {
  state: 'failed' | 'excluded'
  reason: string
}

/** Gives every waiting URL of a host up, with the words that its row has; `why` sets them. Safe to run twice. */
export async function giveUpHost(
  tx: Transaction<Database>,
  crawlNo: number,
  host: string,
  end: HostEnd,
  why: string | null,
): Promise<void> {
  if (why !== null)
    await sql`UPDATE crawl_host SET given_up_at = now(), suspended_until = NULL, fault = ${why.slice(0, 300)}
      WHERE crawl_no = ${crawlNo} AND host = ${host}`.execute(tx)
  await sql`
    WITH given AS (
      UPDATE frontier f SET state = ${end.state}, reason = ${end.reason}, detail = h.fault, class = h.fault_class, next_at = now()
      FROM crawl_host h
      WHERE f.crawl_no = ${crawlNo} AND f.host = ${host} AND f.state IN ('pending', 'retry', 'leased')
        AND h.crawl_no = f.crawl_no AND h.host = f.host
      RETURNING f.url_sha, f.attempts, f.reason, f.class, f.detail)
    INSERT INTO crawl_attempt (crawl_no, url_sha, attempts, outcome, reason, class, detail)
    SELECT ${crawlNo}::int, url_sha, attempts, 'given_up', reason, class, detail FROM given`.execute(tx)
}

/** Whether a host has answered at least once. */
export async function hasAnswered(tx: Transaction<Database>, crawlNo: number, host: string): Promise<boolean> {
  const row = await tx
    .selectFrom('crawl_host')
    .select('answered')
    .where('crawl_no', '=', crawlNo)
    .where('host', '=', host)
    .executeTakeFirst()
  return row?.answered === true
}
