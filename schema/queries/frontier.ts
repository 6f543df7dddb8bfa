import { type Kysely, sql, type Transaction } from 'kysely'
import type { Database } from '../tables/database.ts'
import type { Lease } from './leases.ts'

export interface FrontierRow {
  url_sha: Buffer
  url: string
  host: string
  site_no: number | null
  page: boolean
  picture: boolean
  sitemap: boolean
  depth: number
  redirects: number
  attempts: number
  seed: boolean
  declared: string | null
  first_tried: Date | null
}

export interface DueHost {
  host: string
  /** It was suspended and has not answered since: one URL finds out whether it is there again. */
  onProbation: boolean
  /** It was given up: what was found for it since is given up, too. */
  givenUp: boolean
}

/**
 * Hosts of the shard that have a URL due now: up to `limit` in their order, those after `after` first, then from the
 * beginning, so that none is always last. Passes over hosts last found at an address of `crowded`, where more URLs would
 * only wait. Reads one entry of the index of waiting URLs a host, and no more hosts than are needed.
 */
export async function dueHosts(
  db: Kysely<Database>,
  lease: Lease,
  { limit, after, crowded }: { limit: number; after: string; crowded: readonly string[] },
): Promise<DueHost[]> {
  const part = (range: ReturnType<typeof sql>) => sql`(
    SELECT h.host, h.suspensions > 0 AS on_probation, h.given_up_at IS NOT NULL AS given_up
    FROM crawl_host h
    CROSS JOIN LATERAL (
      SELECT 1 FROM frontier f
      WHERE f.crawl_no = h.crawl_no AND f.host = h.host AND f.state IN ('pending', 'retry') AND f.next_at <= now()
      LIMIT 1) n
    WHERE h.crawl_no = ${lease.crawlNo} AND h.shard = ${lease.shard} AND ${range}
      AND (h.suspended_until IS NULL OR h.suspended_until <= now())
      AND (h.address IS NULL OR h.address <> ALL(${crowded}::text[]))
    ORDER BY h.host LIMIT ${limit})`
  const found = await sql<{ host: string; on_probation: boolean; given_up: boolean }>`
    ${part(sql`h.host > ${after}`)} UNION ALL ${part(sql`h.host <= ${after}`)} LIMIT ${limit}`.execute(db)
  return found.rows.map((row) => ({ host: row.host, onProbation: row.on_probation, givenUp: row.given_up }))
}

/** Milliseconds until a URL of the shard is due, 0 when one is, null when none waits. Looks at every host. */
export async function nextDueMs(db: Kysely<Database>, lease: Lease): Promise<number | null> {
  const found = await sql<{ wait_ms: number | null }>`
    SELECT min(greatest(0, extract(epoch FROM greatest(n.next_at, coalesce(h.suspended_until, '-infinity')) - now()) * 1000))::float8 AS wait_ms
    FROM crawl_host h
    CROSS JOIN LATERAL (
      SELECT f.next_at FROM frontier f
      WHERE f.crawl_no = h.crawl_no AND f.host = h.host AND f.state IN ('pending', 'retry')
      ORDER BY f.next_at LIMIT 1) n
    WHERE h.crawl_no = ${lease.crawlNo} AND h.shard = ${lease.shard}`.execute(db)
  const wait = found.rows[0]?.wait_ms ?? null
  return wait === null ? null : Number.isFinite(wait) ? wait : 0
}

/** Keeps where hosts were found. Only a hint: every request resolves for itself. */
export async function noteAddresses(
  db: Kysely<Database>,
  crawlNo: number,
  hosts: readonly { host: string; address: string }[],
): Promise<void> {
  if (hosts.length === 0) return
  await sql`
    WITH relaxed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
    UPDATE crawl_host h SET address = t.address
    FROM unnest(${hosts.map((one) => one.host)}::text[], ${hosts.map((one) => one.address)}::text[]) AS t (host, address), relaxed
    WHERE h.crawl_no = ${crawlNo} AND h.host = t.host AND h.address IS DISTINCT FROM t.address`.execute(db)
}

/**
 * Marks up to `limit` due URLs of one host as leased and returns them. Only the shard's owner may call it. `page` says
 * that the URL is to be read as a page: a picture that is linked, too, is no page before its depth admits it. A claim
 * need not wait for the disk: when it is lost in a crash its URLs are pending again, and whatever is committed of them
 * comes after it in the log.
 */
export async function claimUrls(
  db: Kysely<Database>,
  lease: Lease,
  host: string,
  limit: number,
): Promise<FrontierRow[]> {
  const claimed = await sql<FrontierRow>`
    WITH due AS (
      SELECT f.url_sha FROM frontier f
      WHERE f.crawl_no = ${lease.crawlNo} AND f.host = ${host} AND f.state IN ('pending', 'retry') AND f.next_at <= now()
      ORDER BY f.next_at LIMIT ${limit}),
    owner AS (
      SELECT 1 FROM shard_lease WHERE crawl_no = ${lease.crawlNo} AND shard = ${lease.shard} AND fence = ${lease.fence}
        AND until > now()),
    relaxed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
    UPDATE frontier f SET state = 'leased'
    FROM url u
    WHERE f.crawl_no = ${lease.crawlNo} AND f.url_sha = ANY (ARRAY(SELECT due.url_sha FROM due)) AND u.sha = f.url_sha
      AND EXISTS (SELECT 1 FROM owner) AND EXISTS (SELECT 1 FROM relaxed)
    RETURNING f.url_sha, u.url, f.host, f.site_no, f.page AND f.admitted AS page, f.picture, f.sitemap, f.depth, f.redirects, f.attempts, f.seed,
      f.declared, f.first_tried`.execute(db)
  return claimed.rows
}

/** Hosts that want to be left alone for a while, whichever process has their shard then; a longer wait stays. */
export async function suspendHosts(
  db: Kysely<Database>,
  crawlNo: number,
  hosts: readonly { host: string; waitMs: number }[],
): Promise<void> {
  if (hosts.length === 0) return
  await sql`
    UPDATE crawl_host h SET suspended_until = greatest(h.suspended_until, now() + make_interval(secs => t.wait_ms / 1000))
    FROM unnest(${hosts.map((one) => one.host)}::text[], ${hosts.map((one) => one.waitMs)}::float8[]) AS t (host, wait_ms)
    WHERE h.crawl_no = ${crawlNo} AND h.host = t.host`.execute(db)
}

export interface FoundUrl {
  sha: Buffer
  url: string
  host: string
  shard: number
  siteNo: number | null
  depth: number
  kind: 'page' | 'picture' | 'sitemap'
  /** Found by a redirect: stands at its referrer's depth and needs no admission. */
  redirects: number
  fromSha: Buffer | null
  /** The part of its host that a page counts to; null for other kinds. */
  branch?: string | null
  /** A rule that already says that it is not to be asked for: it ends where it begins. */
  refusal?: { reason: string; detail: string | null } | null
}

/** Inserts what pages, sitemaps and redirects lead to. Known URLs gain what they were not wanted for before. */
export async function insertFound(
  tx: Transaction<Database>,
  crawlNo: number,
  found: readonly FoundUrl[],
): Promise<void> {
  if (found.length === 0) return
  const unique = mergeFound(found)
  const shas = unique.map((one) => one.sha)
  await sql`INSERT INTO url (sha, url) SELECT * FROM unnest(${shas}::bytea[], ${unique.map((one) => one.url)}::text[]) AS t (sha, url)
    ORDER BY sha ON CONFLICT DO NOTHING`.execute(tx)
  await sql`INSERT INTO crawl_host (crawl_no, host, shard)
    SELECT DISTINCT ${crawlNo}::int, host, shard FROM unnest(${unique.map((one) => one.host)}::text[], ${unique.map((one) => one.shard)}::int[]) AS t (host, shard)
    ORDER BY host ON CONFLICT DO NOTHING`.execute(tx)
  await sql`
    INSERT INTO frontier AS f (crawl_no, url_sha, shard, site_no, host, page, picture, sitemap, depth, redirects, admitted, state, from_sha, branch, reason, detail)
    SELECT ${crawlNo}::int, sha, shard, site_no, host, page, picture, sitemap, depth, redirects, admitted,
      CASE WHEN reason IS NOT NULL THEN 'excluded' WHEN admitted OR picture OR sitemap THEN 'pending' ELSE 'found' END, from_sha, branch,
      reason, detail
    FROM unnest(${shas}::bytea[], ${unique.map((one) => one.shard)}::smallint[], ${unique.map((one) => one.siteNo)}::int[],
      ${unique.map((one) => one.host)}::text[], ${unique.map((one) => one.page)}::bool[], ${unique.map((one) => one.picture)}::bool[],
      ${unique.map((one) => one.sitemap)}::bool[], ${unique.map((one) => one.depth)}::smallint[],
      ${unique.map((one) => one.redirects)}::smallint[], ${unique.map((one) => one.admitted)}::bool[],
      ${unique.map((one) => one.fromSha)}::bytea[], ${unique.map((one) => (one.page ? (one.branch ?? '/') : null))}::text[],
      ${unique.map((one) => one.refusal?.reason ?? null)}::text[], ${unique.map((one) => one.refusal?.detail ?? null)}::text[])
      AS t (sha, shard, site_no, host, page, picture, sitemap, depth, redirects, admitted, from_sha, branch, reason, detail)
    ORDER BY sha
    ON CONFLICT (crawl_no, url_sha) DO UPDATE SET
      page = f.page OR excluded.page,
      picture = f.picture OR excluded.picture,
      sitemap = f.sitemap OR excluded.sitemap,
      site_no = coalesce(f.site_no, excluded.site_no),
      depth = CASE WHEN f.page AND excluded.page THEN least(f.depth, excluded.depth) WHEN excluded.page THEN excluded.depth ELSE f.depth END,
      redirects = CASE WHEN excluded.admitted AND NOT f.admitted THEN excluded.redirects
        WHEN f.admitted AND (f.redirects = 0 OR NOT excluded.admitted) THEN f.redirects
        ELSE least(f.redirects, excluded.redirects) END,
      admitted = f.admitted OR excluded.admitted,
      branch = CASE WHEN f.seed THEN f.branch ELSE coalesce(f.branch, excluded.branch) END,
      reason = CASE WHEN (f.state = 'found' OR f.state = 'excluded' AND f.reason = 'crawl_trap') AND excluded.state <> 'found'
        THEN excluded.reason ELSE f.reason END,
      detail = CASE WHEN (f.state = 'found' OR f.state = 'excluded' AND f.reason = 'crawl_trap') AND excluded.state <> 'found'
        THEN excluded.detail ELSE f.detail END,
      state = CASE WHEN (f.state = 'found' OR f.state = 'excluded' AND f.reason = 'crawl_trap') AND excluded.state <> 'found'
        THEN excluded.state
        WHEN excluded.picture AND NOT f.picture AND f.state IN ('done', 'failed')
          AND EXISTS (SELECT 1 FROM capture c WHERE c.capture_id = f.capture_id AND c.redirect_sha IS NOT NULL) THEN 'pending'
        ELSE f.state END
    WHERE (f.page, f.picture, f.sitemap) IS DISTINCT FROM (f.page OR excluded.page, f.picture OR excluded.picture, f.sitemap OR excluded.sitemap)
      OR (excluded.page AND excluded.depth < f.depth) OR (f.state = 'found' AND excluded.state = 'pending')
      OR (excluded.admitted AND NOT f.admitted) OR excluded.redirects < f.redirects`.execute(tx)
}

type MergedUrl = Omit<FoundUrl, 'kind'> & { page: boolean; picture: boolean; sitemap: boolean; admitted: boolean }

/** One row a URL: ON CONFLICT cannot touch a row twice. Keeps the least depth, whatever the order of arrival. */
function mergeFound(found: readonly FoundUrl[]): MergedUrl[] {
  const byKey = new Map<string, MergedUrl>()
  for (const one of found) {
    const key = one.sha.toString('hex')
    const page = one.kind === 'page'
    // A redirect from an admitted page needs no admission of its own.
    const admitted = page && one.redirects > 0
    const known = byKey.get(key)
    if (!known) {
      byKey.set(key, { ...one, page, picture: one.kind === 'picture', sitemap: one.kind === 'sitemap', admitted })
      continue
    }
    if (page) known.depth = known.page ? Math.min(known.depth, one.depth) : one.depth
    if (admitted && !known.admitted) known.redirects = one.redirects
    else if (admitted || !known.admitted) known.redirects = Math.min(known.redirects, one.redirects)
    known.page ||= page
    known.picture ||= one.kind === 'picture'
    known.sitemap ||= one.kind === 'sitemap'
    known.admitted ||= admitted
    known.siteNo ??= one.siteNo
    known.branch ??= one.branch ?? null
    known.refusal ??= one.refusal ?? null
  }
  return [...byKey.values()]
}

export interface UrlOutcome {
  sha: Buffer
  state: 'done' | 'retry' | 'failed' | 'excluded'
  /** It was asked for as a picture: where it redirects to is then wanted as one, too. */
  asPicture: boolean
  reason: string | null
  detail: string | null
  attempts: number
  /** Milliseconds from now, for `retry`. */
  waitMs: number
  captureId: string | null
  /** As the retry policy names it; null or absent when trying again cannot help. */
  errorClass?: string | null
}

/**
 * Writes what became of leased URLs. A redirect that became wanted as a picture while it was fetched as a page alone is
 * asked for again, so that the order of arrival does not matter. Attempts without a final answer are kept.
 */
export async function writeOutcomes(
  tx: Transaction<Database>,
  crawlNo: number,
  outcomes: readonly UrlOutcome[],
): Promise<void> {
  if (outcomes.length === 0) return
  const shas = outcomes.map((one) => one.sha)
  // Named twice: with the array the planner takes the rows by their key, also before it has statistics of a new crawl.
  await sql`
    UPDATE frontier f SET reason = t.reason, detail = t.detail, attempts = t.attempts, first_tried = coalesce(f.first_tried, now()),
      next_at = now() + make_interval(secs => t.wait_ms / 1000.0), capture_id = coalesce(t.capture_id, f.capture_id), class = t.class,
      state = CASE WHEN t.state IN ('done', 'failed') AND f.picture AND NOT t.as_picture
          AND EXISTS (SELECT 1 FROM capture c WHERE c.capture_id = t.capture_id AND c.redirect_sha IS NOT NULL) THEN 'pending'
        ELSE t.state END
    FROM unnest(${shas}::bytea[], ${outcomes.map((one) => one.state)}::text[],
      ${outcomes.map((one) => one.reason)}::text[], ${outcomes.map((one) => one.detail)}::text[],
      ${outcomes.map((one) => one.attempts)}::smallint[], ${outcomes.map((one) => one.waitMs)}::float8[],
      ${outcomes.map((one) => one.captureId)}::bigint[], ${outcomes.map((one) => one.asPicture)}::bool[],
      ${outcomes.map((one) => one.errorClass ?? null)}::text[])
      AS t (sha, state, reason, detail, attempts, wait_ms, capture_id, as_picture, class)
    WHERE f.crawl_no = ${crawlNo} AND f.url_sha = ANY (${shas}::bytea[]) AND f.url_sha = t.sha`.execute(tx)
  await insertAttempts(tx, crawlNo, outcomes)
}

/** What a capture does not tell: attempts that failed, and when the next one is. A rule's refusal is no attempt. */
async function insertAttempts(
  tx: Transaction<Database>,
  crawlNo: number,
  outcomes: readonly UrlOutcome[],
): Promise<void> {
  const tried = outcomes.filter(
    ({ state, errorClass }) =>
      state === 'retry' || state === 'failed' || (state === 'excluded' && (errorClass ?? null) !== null),
  )
  if (tried.length === 0) return
  await sql`
    INSERT INTO crawl_attempt (crawl_no, url_sha, attempts, outcome, reason, class, detail, next_at, capture_id)
    SELECT ${crawlNo}::int, sha, attempts, outcome, reason, class, detail,
      CASE WHEN outcome = 'retry' THEN now() + make_interval(secs => wait_ms / 1000.0) END, capture_id
    FROM unnest(${tried.map((one) => one.sha)}::bytea[], ${tried.map((one) => one.attempts)}::smallint[],
      ${tried.map((one) => one.state)}::text[], ${tried.map((one) => one.reason)}::text[],
      ${tried.map((one) => one.errorClass ?? null)}::text[], ${tried.map((one) => one.detail)}::text[],
      ${tried.map((one) => one.waitMs)}::float8[], ${tried.map((one) => one.captureId)}::bigint[])
      AS t (sha, attempts, outcome, reason, class, detail, wait_ms, capture_id)`.execute(tx)
}
