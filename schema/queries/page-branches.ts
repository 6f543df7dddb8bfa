import { sql, type Transaction } from 'kysely'
import type { Database } from '../tables/database.ts'
import { allowedPages, FREE_OF_BRANCH, FREE_OF_HOST } from './page-allowance.ts'
import { owesPictures, yieldBelow, yieldOfPages } from './page-yield.ts'

/** Links in a row without a new picture on the whole host: a calendar, a chain. Archives page past new articles. */
const BARREN_DEPTHS = 50

/** Pages of a part of a host. */
export interface Branch {
  host: string
  /** Null is the whole host. */
  branch: string | null
  /** Admitted, but for what redirects led to. */
  pages: number
  /** Not admitted, at the depth that is asked for or above it. */
  waiting: number
  /** Of these, what stands above it: a depth is admitted in parts. */
  left: number
}

export interface Room {
  host: string
  branch: string | null
  /** Pages in all, those admitted before included. */
  allowed: number
}

/** A depth of a site that is to be admitted. */
export interface Depth {
  crawlNo: number
  siteNo: number
  depth: number
  extractDef: number | undefined
}

/**
 * How far a depth's pages may be admitted, by host and branch, and ends those whose pages so far did not earn more. May
 * only be asked when every admitted page of the site has ended: then what they brought does not depend on any order.
 * Those that are not named have room enough. Null when a host that must be judged still owes pictures: ask again then.
 */
export async function roomOfBranches(
  tx: Transaction<Database>,
  at: Depth,
  branches: readonly Branch[],
): Promise<Room[] | null> {
  const hosts = [...new Set(branches.map(({ host }) => host))].map((host): Branch => {
    const own = branches.filter((one) => one.host === host)
    return { host, branch: null, pages: sum(own, 'pages'), waiting: sum(own, 'waiting'), left: sum(own, 'left') }
  })
  const rooms: Room[] = []
  let trapped = 0
  for (const one of [...branches, ...hosts]) {
    if (one.waiting === 0) continue
    const allowed = await allowedOf(tx, at, one)
    if (allowed === 'owed') return null
    if (allowed <= one.pages) trapped += 1
    if (allowed < one.pages + one.waiting) rooms.push({ host: one.host, branch: one.branch, allowed })
  }
  for (const host of hosts) {
    const end = host.waiting === 0 ? 'goes on' : await endsInVain(tx, at, host)
    if (end === 'owed') return null
    if (end === 'trapped') trapped += 1
  }
  if (trapped > 0) await excludeMarked(tx, at)
  return rooms
}

/** Asks what the pages brought only when what they earned before is used up: the answer is kept. */
async function allowedOf(tx: Transaction<Database>, at: Depth, branch: Branch): Promise<number | 'owed'> {
  const free = branch.branch === null ? FREE_OF_HOST : FREE_OF_BRANCH
  const atFirst = allowedPages({ pictures: 0, bodies: 0, words: 0 }, free)
  if (branch.pages + branch.waiting <= atFirst) return atFirst
  const before = (await keptAllowance(tx, at, branch)) ?? atFirst
  if (branch.pages < before) return before
  if (await owesPictures(tx, at.crawlNo, branch.host)) return 'owed'
  const brought = await yieldOfPages(tx, { ...at, ...branch })
  const allowed = Math.max(before, allowedPages(brought, free))
  await keepAllowance(tx, at, branch, allowed)
  if (branch.pages >= allowed) {
    const { host, pages } = branch
    const { bodies, words, pictures } = brought
    const why = `${pages} pages of ${host}${branch.branch ?? ''} brought ${bodies} bodies, ${words} words in titles and ${pictures} pictures`
    await markTrap(tx, at, branch, why)
  }
  return allowed
}

/** Every so many depths: whether the host has shown anything new in them. */
async function endsInVain(tx: Transaction<Database>, at: Depth, host: Branch): Promise<'owed' | 'trapped' | 'goes on'> {
  const ended = at.depth - 1
  if (ended < BARREN_DEPTHS || ended % BARREN_DEPTHS > 0) return 'goes on'
  if (await owesPictures(tx, at.crawlNo, host.host)) return 'owed'
  const { pages, pictures } = await yieldBelow(tx, { ...at, ...host }, ended - BARREN_DEPTHS)
  if (pictures > 0) return 'goes on'
  await markTrap(
    tx,
    at,
    host,
    `${pages} pages in the last ${BARREN_DEPTHS} depths of ${host.host} brought no new picture`,
  )
  return 'trapped'
}

async function keptAllowance(tx: Transaction<Database>, at: Depth, { host, branch }: Branch): Promise<number | null> {
  const kept = await sql<{ allowed: number }>`SELECT allowed FROM page_branch
    WHERE crawl_no = ${at.crawlNo} AND site_no = ${at.siteNo} AND host = ${host} AND branch = ${branch ?? ''}`.execute(
    tx,
  )
  return kept.rows[0]?.allowed ?? null
}

async function keepAllowance(
  tx: Transaction<Database>,
  at: Depth,
  { host, branch }: Branch,
  allowed: number,
): Promise<void> {
  await sql`INSERT INTO page_branch (crawl_no, site_no, host, branch, allowed)
    VALUES (${at.crawlNo}, ${at.siteNo}, ${host}, ${branch ?? ''}, ${allowed})
    ON CONFLICT (crawl_no, site_no, host, branch) DO UPDATE SET allowed = excluded.allowed`.execute(tx)
}

/**
 * What a site has admitted and what waits, by host and branch. URLs that a trap made are counted out: they are excluded
 * here, in their depth's turn.
 */
export async function countBranches(tx: Transaction<Database>, at: Depth): Promise<Branch[]> {
  const { crawlNo, siteNo, depth } = at
  const counted = await sql<Branch & { branch: string }>`
    SELECT host, branch, sum(pages)::int AS pages, sum(waiting)::int AS waiting, sum(above)::int AS left FROM (
      SELECT host, coalesce(branch, '/') AS branch, count(*) AS pages, 0 AS waiting, 0 AS above FROM frontier
      WHERE crawl_no = ${crawlNo} AND site_no = ${siteNo} AND page AND admitted AND redirects = 0 GROUP BY 1, 2
      UNION ALL
      SELECT host, coalesce(branch, '/'), 0, count(*), count(*) FILTER (WHERE depth < ${depth}) FROM frontier
      WHERE crawl_no = ${crawlNo} AND site_no = ${siteNo} AND page AND NOT admitted AND depth <= ${depth}
        AND reason IS DISTINCT FROM 'crawl_trap' GROUP BY 1, 2) AS both_kinds
    GROUP BY 1, 2 ORDER BY host, branch`.execute(tx)
  const isTrap = ({ branch, waiting }: { branch: string; waiting: number }) => waiting > 0 && branch.startsWith('!')
  if (counted.rows.some(isTrap)) await excludeMarked(tx, at)
  return counted.rows.map((row) => (isTrap(row) ? { ...row, waiting: 0, left: 0 } : row))
}

/** Whatever waits in the branch, at this depth or left over from one before, is the trap's. */
async function markTrap(tx: Transaction<Database>, at: Depth, { host, branch }: Branch, why: string): Promise<void> {
  await sql`UPDATE frontier SET branch = ${`!${why}`}
    WHERE crawl_no = ${at.crawlNo} AND site_no = ${at.siteNo} AND page AND NOT admitted AND depth <= ${at.depth}
      AND host = ${host} AND coalesce(branch, '/') NOT LIKE '!%'
      AND (${branch}::text IS NULL OR coalesce(branch, '/') = ${branch})`.execute(tx)
}

/** Marked URLs end here, but for those that are wanted as pictures, too. */
async function excludeMarked(tx: Transaction<Database>, { crawlNo, siteNo, depth }: Depth): Promise<void> {
  await sql`UPDATE frontier SET state = 'excluded', reason = 'crawl_trap', detail = substr(branch, 2)
    WHERE crawl_no = ${crawlNo} AND site_no = ${siteNo} AND page AND NOT admitted AND depth <= ${depth}
      AND state = 'found' AND branch LIKE '!%'`.execute(tx)
}

function sum(branches: readonly Branch[], field: 'pages' | 'waiting' | 'left'): number {
  return branches.reduce((total, one) => total + one[field], 0)
}
