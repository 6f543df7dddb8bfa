import { sql, type Transaction } from 'kysely'
import type { Database } from '../tables/database.ts'

/** What pages have brought so far: pictures and bodies are counted once. */
export interface BranchYield {
  pages: number
  pictures: number
  bodies: number
}

/** What is admitted without a look at what it brings. */
export interface FreePages {
  /** Pages whatever they hold: one body under many names, soft 404s. */
  same: number
  /** Pages of which each is new and none shows a picture. */
  barren: number
}

/** A part of a host (`/calendar?month`) is left sooner than the host: the good pages beside it stay. */
export const FREE_OF_BRANCH: FreePages = { same: 256, barren: 2000 }
export const FREE_OF_HOST: FreePages = { same: 1024, barren: 5000 }
/** Pages that a new body pays for: a site with less news than a twentieth is names for the same. */
const PAGES_A_BODY = 20
/** Pages that a new picture pays for: lists and articles without one stand between those that have some. */
const PAGES_A_PICTURE = 10

/**
 * How many pages may be admitted in all, after what those before have brought. What is finite and brings something is
 * never held back for long; what is generated for ever brings no picture that is new, or the same body.
 */
export function allowedPages({ pictures, bodies }: Omit<BranchYield, 'pages'>, free: FreePages): number {
  return Math.min(free.same + PAGES_A_BODY * bodies, free.barren + PAGES_A_PICTURE * pictures)
}

interface Branch {
  host: string
  /** Null is the whole host. */
  branch: string | null
  pages: number
  waiting: number
}

export interface Room {
  host: string
  branch: string | null
  allowed: number
}

interface Scope {
  crawlNo: number
  siteNo: number
  depth: number
  /** Definition of the extraction whose candidates count; without it only pictures that pages link to do. */
  extractDef?: number
}

/**
 * How far a depth's pages may be admitted, by host and branch, and ends those whose pages so far did not earn more. May
 * only be asked when every admitted page of the site has ended: then what they brought does not depend on any order.
 * Those that are not named have room enough.
 */
export async function roomOfBranches(tx: Transaction<Database>, scope: Scope): Promise<Room[]> {
  await excludeMarked(tx, scope)
  const branches = await countBranches(tx, scope)
  const hosts = [...new Set(branches.map(({ host }) => host))].map((host): Branch => {
    const own = branches.filter((one) => one.host === host)
    return { host, branch: null, pages: sum(own, 'pages'), waiting: sum(own, 'waiting') }
  })
  const rooms: Room[] = []
  let ended = false
  for (const one of [...branches, ...hosts]) {
    const free = one.branch === null ? FREE_OF_HOST : FREE_OF_BRANCH
    if (one.waiting === 0 || one.pages + one.waiting <= allowedPages({ pictures: 0, bodies: 0 }, free)) continue
    const allowed = await allowedOf(tx, scope, one, free)
    rooms.push({ host: one.host, branch: one.branch, allowed })
    if (one.pages < allowed) continue
    ended = true
  }
  if (ended) await excludeMarked(tx, scope)
  return rooms
}

/** Asks what the pages brought only when what they earned before is used up: the answer is kept. */
async function allowedOf(tx: Transaction<Database>, scope: Scope, branch: Branch, free: FreePages): Promise<number> {
  const key = branch.branch ?? ''
  const kept = await sql<{ allowed: number }>`SELECT allowed FROM page_branch WHERE crawl_no = ${scope.crawlNo}
    AND site_no = ${scope.siteNo} AND host = ${branch.host} AND branch = ${key}`.execute(tx)
  const before = kept.rows[0]?.allowed ?? allowedPages({ pictures: 0, bodies: 0 }, free)
  if (branch.pages < before) return before
  const brought = await yieldOf(tx, scope, branch)
  const allowed = Math.max(before, allowedPages(brought, free))
  await sql`INSERT INTO page_branch (crawl_no, site_no, host, branch, allowed)
    VALUES (${scope.crawlNo}, ${scope.siteNo}, ${branch.host}, ${key}, ${allowed})
    ON CONFLICT (crawl_no, site_no, host, branch) DO UPDATE SET allowed = excluded.allowed`.execute(tx)
  if (branch.pages >= allowed) await markTrap(tx, scope, branch, describe(branch, brought))
  return allowed
}

function describe({ host, branch, pages }: Branch, { pictures, bodies }: Omit<BranchYield, 'pages'>): string {
  return `${pages} pages of ${host}${branch ?? ''} brought ${bodies} bodies and ${pictures} pictures`
}

async function countBranches(tx: Transaction<Database>, { crawlNo, siteNo, depth }: Scope): Promise<Branch[]> {
  const counted = await sql<Branch>`
    SELECT host, branch, sum(pages)::int AS pages, sum(waiting)::int AS waiting FROM (
      SELECT host, coalesce(branch, '/') AS branch, count(*) AS pages, 0 AS waiting FROM frontier
      WHERE crawl_no = ${crawlNo} AND site_no = ${siteNo} AND page AND admitted AND redirects = 0 GROUP BY 1, 2
      UNION ALL
      SELECT host, coalesce(branch, '/'), 0, count(*) FROM frontier
      WHERE crawl_no = ${crawlNo} AND site_no = ${siteNo} AND page AND NOT admitted AND depth <= ${depth}
        AND branch NOT LIKE '!%' GROUP BY 1, 2) AS both_kinds
    GROUP BY 1, 2 ORDER BY host, branch`.execute(tx)
  return counted.rows
}

async function yieldOf(
  tx: Transaction<Database>,
  { crawlNo, siteNo, extractDef }: Scope,
  { host, branch }: Branch,
): Promise<Omit<BranchYield, 'pages'>> {
  const brought = await sql<{ bodies: number; pictures: number }>`
    WITH answer AS MATERIALIZED (
      SELECT c.kind, c.body_sha, c.extract_input FROM frontier f JOIN capture c ON c.capture_id = f.capture_id
      WHERE f.crawl_no = ${crawlNo} AND f.site_no = ${siteNo} AND f.page AND f.admitted AND f.host = ${host}
        AND (${branch}::text IS NULL OR coalesce(f.branch, '/') = ${branch}) AND c.status BETWEEN 200 AND 299),
    shown AS (
      SELECT DISTINCT each.value->>'image_url' AS picture FROM answer a
      JOIN fact_text t ON t.def_id = ${extractDef ?? null}::int AND t.input = a.extract_input
      CROSS JOIN LATERAL jsonb_array_elements(CASE WHEN jsonb_typeof(t.value->'candidates') = 'array'
        THEN t.value->'candidates' ELSE '[]' END) each)
    SELECT (SELECT count(DISTINCT body_sha)::int FROM answer) AS bodies,
      ((SELECT count(*) FROM shown) + (SELECT count(DISTINCT body_sha) FROM answer WHERE kind = 'picture'))::int AS pictures`.execute(
    tx,
  )
  return brought.rows[0] ?? { bodies: 0, pictures: 0 }
}

/** Whatever waits in the branch, at this depth or left over from one before, is the trap's. */
async function markTrap(tx: Transaction<Database>, scope: Scope, { host, branch }: Branch, why: string): Promise<void> {
  await sql`UPDATE frontier SET branch = ${`!${why}`}
    WHERE crawl_no = ${scope.crawlNo} AND site_no = ${scope.siteNo} AND page AND NOT admitted AND depth <= ${scope.depth}
      AND host = ${host} AND branch NOT LIKE '!%' AND (${branch}::text IS NULL OR coalesce(branch, '/') = ${branch})`.execute(
    tx,
  )
}

/** Marked URLs end here, but for those that are wanted as pictures, too. */
async function excludeMarked(tx: Transaction<Database>, { crawlNo, siteNo, depth }: Scope): Promise<void> {
  await sql`UPDATE frontier SET state = 'excluded', reason = 'crawl_trap', detail = substr(branch, 2)
    WHERE crawl_no = ${crawlNo} AND site_no = ${siteNo} AND page AND NOT admitted AND depth <= ${depth}
      AND state = 'found' AND branch LIKE '!%'`.execute(tx)
}

function sum(branches: readonly Branch[], field: 'pages' | 'waiting'): number {
  return branches.reduce((total, one) => total + one[field], 0)
}
