import { sql, type Transaction } from 'kysely'
import type { Database } from '../tables/database.ts'

/** Zeros of the scripts that pages are written in; the nine digits behind each follow it. Postgres' own class knows one. */
const ZEROS = [
  0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0, 0xf20, 0x1040,
  0x17e0, 0x1810, 0xff10,
]
const DIGIT = `[${ZEROS.map((zero) => `${String.fromCodePoint(zero)}-${String.fromCodePoint(zero + 9)}`).join('')}]`

/** What pages have brought: each counted once. */
export interface PageYield {
  bodies: number
  pictures: number
  /** Words in the titles, without those that hold a digit: numbers, dates and random names are new for ever. */
  words: number
}

/** Admitted pages of a site on one host, all of which have ended. */
export interface PagesOfHost {
  crawlNo: number
  siteNo: number
  host: string
  /** Null is the whole host. */
  branch: string | null
  /** Definition of the extraction whose candidates count; without it only pictures that pages link to do. */
  extractDef: number | undefined
}

/**
 * Every answer of the pages, and each picture that they show with the least depth where it stands: by its digest when the
 * host itself serves it, so that one picture under new names is not new, else by its address, because other hosts answer
 * when they do. What of the host's own gave no picture brings nothing.
 */
function answersAndPictures({ crawlNo, siteNo, host, branch, extractDef }: PagesOfHost) {
  return sql`
    answer AS MATERIALIZED (
      SELECT f.depth, c.kind, c.body_sha, c.extract_input FROM frontier f JOIN capture c ON c.capture_id = f.capture_id
      WHERE f.crawl_no = ${crawlNo} AND f.site_no = ${siteNo} AND f.page AND f.admitted AND f.host = ${host}
        AND (${branch}::text IS NULL OR coalesce(f.branch, '/') = ${branch}) AND c.status BETWEEN 200 AND 299),
    fact AS (
      SELECT a.depth, t.value FROM answer a
      JOIN fact_text t ON t.def_id = ${extractDef ?? null}::int AND t.input = a.extract_input),
    shown AS (
      SELECT sha256(convert_to(each.value->>'image_url', 'UTF8')) AS url_sha, min(fact.depth) AS depth FROM fact
      CROSS JOIN LATERAL jsonb_array_elements(CASE WHEN jsonb_typeof(value->'candidates') = 'array'
        THEN value->'candidates' ELSE '[]' END) each GROUP BY 1),
    word AS (
      SELECT DISTINCT each FROM fact
      CROSS JOIN LATERAL regexp_split_to_table((value->>'title') COLLATE "C", '[\\s[:punct:]]+') each
      WHERE length(each) > 1 AND each !~ ${DIGIT}),
    brought AS (
      SELECT picture, min(depth) AS depth FROM (
        SELECT s.depth, CASE WHEN p.host IS DISTINCT FROM ${host} THEN s.url_sha
          WHEN c.redirect_sha IS NOT NULL THEN c.redirect_sha
          WHEN c.kind = 'picture' AND c.status BETWEEN 200 AND 299 THEN c.body_sha END AS picture
        FROM shown s LEFT JOIN frontier p ON p.crawl_no = ${crawlNo} AND p.url_sha = s.url_sha
        LEFT JOIN capture c ON c.capture_id = p.capture_id
        UNION ALL SELECT depth, body_sha FROM answer WHERE kind = 'picture') AS each
      WHERE picture IS NOT NULL GROUP BY picture)`
}

export async function yieldOfPages(tx: Transaction<Database>, pages: PagesOfHost): Promise<PageYield> {
  const found = await sql<PageYield>`
    WITH ${answersAndPictures(pages)}
    SELECT (SELECT count(DISTINCT body_sha)::int FROM answer) AS bodies, (SELECT count(*)::int FROM brought) AS pictures,
      (SELECT count(*)::int FROM word) AS words`.execute(tx)
  return found.rows[0] ?? { bodies: 0, pictures: 0, words: 0 }
}

/** Pages of a host deeper than `depth`, and pictures that stand on them and on none above. */
export async function yieldBelow(
  tx: Transaction<Database>,
  pages: PagesOfHost,
  depth: number,
): Promise<{ pages: number; pictures: number }> {
  const found = await sql<{ pages: number; pictures: number }>`
    WITH ${answersAndPictures(pages)}
    SELECT (SELECT count(*)::int FROM answer WHERE depth > ${depth}) AS pages,
      (SELECT count(*)::int FROM brought WHERE depth > ${depth}) AS pictures`.execute(tx)
  return found.rows[0] ?? { pages: 0, pictures: 0 }
}

/** Whether the host has still to answer for pictures: what its pages brought is not known before. */
export async function owesPictures(tx: Transaction<Database>, crawlNo: number, host: string): Promise<boolean> {
  const waiting = await sql`SELECT 1 FROM frontier
    WHERE crawl_no = ${crawlNo} AND host = ${host} AND picture AND state IN ('pending', 'retry', 'leased') LIMIT 1`.execute(
    tx,
  )
  return waiting.rows.length > 0
}
