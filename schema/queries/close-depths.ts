import { sql, type Transaction } from 'kysely'
import type { Database } from '../tables/database.ts'
import type { Lease } from './leases.ts'
import { type Branch, countBranches, type Depth, roomOfBranches } from './page-branches.ts'

export interface AdmissionLimits {
  pagesPerHost: number
  depth: number
  /** Definition of the extraction, whose candidates say what pages bring. */
  extractDef?: number
}

/**
 * Closes the depths of the shard's sites that have nothing left to do, and admits what they found: sorted by digest,
 * until the host's budget is spent. Admission spends it, success and exclusion do not. Pictures that are linked, too,
 * are waited for: what was fetched as a picture and is none is fetched again once it is admitted as a page. Returns how
 * many were admitted.
 */
export async function closeDepths(
  tx: Transaction<Database>,
  lease: Lease,
  limits: AdmissionLimits,
): Promise<{ admitted: number; closed: number }> {
  let admitted = 0
  let closed = 0
  const owed = new Set<number>()
  // A depth whose pages are all done already, as pictures, is over as soon as it is admitted: hence more than one round.
  for (;;) {
    const open = (await finishedDepths(tx, lease)).filter((site) => !owed.has(site.site_no))
    if (open.length === 0) return { admitted, closed }
    for (const site of open) {
      const count = await admitNext(tx, lease.crawlNo, site, limits)
      if (count === null) owed.add(site.site_no)
      admitted += count?.admitted ?? 0
      if (count === null || !count.goesOn) continue
      const depth = site.depth + 1
      // A depth of which nothing was admitted leads to no further one, unless a URL that was put back sent the site up again.
      const over = await sql`UPDATE site s SET depth = ${depth}, closed = ${count.admitted === 0} AND NOT EXISTS (
          SELECT 1 FROM frontier f WHERE f.crawl_no = s.crawl_no AND f.site_no = s.site_no AND f.page AND NOT f.admitted
            AND f.depth > ${depth} AND f.depth <= ${limits.depth})
          AND NOT EXISTS (
          SELECT 1 FROM frontier f WHERE f.crawl_no = s.crawl_no AND f.site_no = s.site_no AND f.page
            AND f.state IN ('pending', 'leased', 'retry') AND f.depth > ${depth})
        WHERE s.crawl_no = ${lease.crawlNo} AND s.site_no = ${site.site_no} RETURNING s.closed`.execute(tx)
      if ((over.rows[0] as { closed: boolean } | undefined)?.closed === true) closed += 1
    }
  }
}

/** Open sites of the shard with nothing left to do at their depth. */
async function finishedDepths(tx: Transaction<Database>, lease: Lease): Promise<{ site_no: number; depth: number }[]> {
  const open = await sql<{ site_no: number; depth: number }>`
    SELECT s.site_no, s.depth FROM site s
    WHERE s.crawl_no = ${lease.crawlNo} AND s.shard = ${lease.shard} AND NOT s.closed AND NOT EXISTS (
      SELECT 1 FROM frontier f WHERE f.crawl_no = s.crawl_no AND f.site_no = s.site_no
        AND f.state IN ('pending', 'leased', 'retry')
        AND (f.page AND f.depth <= s.depth + 1 OR f.sitemap AND f.depth <= s.depth))
    ORDER BY s.site_no FOR UPDATE`.execute(tx)
  return open.rows
}

/**
 * Admits what its depth was not allowed at once, else the next depth, to which the site then goes on. Null when it is not
 * known yet what its pages have brought.
 */
async function admitNext(
  tx: Transaction<Database>,
  crawlNo: number,
  { site_no: siteNo, depth }: { site_no: number; depth: number },
  { pagesPerHost, depth: deepest, extractDef }: AdmissionLimits,
): Promise<{ admitted: number; goesOn: boolean } | null> {
  const site = { crawlNo, siteNo, extractDef }
  const branches = await countBranches(tx, { ...site, depth: depth + 1 })
  const pagesOf = Map.groupBy(branches, ({ host }) => host)
  const left = branches
    .filter(({ host }) => (pagesOf.get(host) ?? []).reduce((pages, one) => pages + one.pages, 0) < pagesPerHost)
    .map((one) => ({ ...one, waiting: one.left, left: 0 }))
  if (left.some(({ waiting }) => waiting > 0)) {
    const rest = await admitDepth(tx, { ...site, depth }, left, pagesPerHost)
    if (rest === null || rest > 0) return rest === null ? null : { admitted: rest, goesOn: false }
  }
  if (depth + 1 > deepest) return { admitted: 0, goesOn: true }
  const admitted = await admitDepth(tx, { ...site, depth: depth + 1 }, branches, pagesPerHost)
  return admitted === null ? null : { admitted, goesOn: true }
}

/** How many were admitted; null when what pages have brought is not known yet. */
async function admitDepth(
  tx: Transaction<Database>,
  at: Depth,
  branches: readonly Branch[],
  pagesPerHost: number,
): Promise<number | null> {
  const { crawlNo, siteNo, depth } = at
  if (branches.every(({ waiting }) => waiting === 0)) return 0
  const rooms = await roomOfBranches(tx, at, branches)
  if (rooms === null) return null
  const admitted = await sql`
    WITH room AS (
      SELECT host, branch, allowed FROM unnest(${rooms.map((one) => one.host)}::text[],
        ${rooms.map((one) => one.branch)}::text[], ${rooms.map((one) => one.allowed)}::int[]) AS t (host, branch, allowed)),
    spent AS MATERIALIZED (
      SELECT host, coalesce(branch, '/') AS branch, count(*) AS pages FROM frontier
      WHERE crawl_no = ${crawlNo} AND site_no = ${siteNo} AND page AND admitted AND redirects = 0 GROUP BY 1, 2),
    spent_host AS (SELECT host, sum(pages) AS pages FROM spent GROUP BY host),
    placed AS (
      SELECT f.host, f.url_sha, coalesce(s.pages, 0) + row_number() OVER (PARTITION BY f.host, f.branch ORDER BY f.url_sha) AS place,
        coalesce(r.allowed, ${pagesPerHost}) AS allowed
      FROM frontier f LEFT JOIN spent s ON s.host = f.host AND s.branch = coalesce(f.branch, '/')
      LEFT JOIN room r ON r.host = f.host AND r.branch = coalesce(f.branch, '/')
      WHERE f.crawl_no = ${crawlNo} AND f.site_no = ${siteNo} AND f.page AND NOT f.admitted AND f.depth = ${depth}
        AND coalesce(f.branch, '/') NOT LIKE '!%'),
    ranked AS (
      SELECT p.url_sha, coalesce(s.pages, 0) + row_number() OVER (PARTITION BY p.host ORDER BY p.url_sha) AS place,
        least(${pagesPerHost}, coalesce(r.allowed, ${pagesPerHost})) AS allowed
      FROM placed p LEFT JOIN spent_host s ON s.host = p.host LEFT JOIN room r ON r.host = p.host AND r.branch IS NULL
      WHERE p.place <= p.allowed)
    UPDATE frontier f SET admitted = true, state = CASE WHEN f.state = 'found' THEN 'pending'
      WHEN f.state IN ('done', 'failed')
        AND EXISTS (SELECT 1 FROM capture c WHERE c.capture_id = f.capture_id AND c.kind = 'other' AND c.status < 400) THEN 'pending'
      ELSE f.state END
    FROM ranked r
    WHERE f.crawl_no = ${crawlNo} AND f.url_sha = r.url_sha AND r.place <= r.allowed`.execute(tx)
  return Number(admitted.numAffectedRows ?? 0n)
}
