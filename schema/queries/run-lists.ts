import { type Kysely, sql } from 'kysely'
import type { Database } from '../tables/database.ts'
import { reservedFor } from './reserved.ts'

/** Fixes the numbered lists of a run from its frozen crawls, in an order that no clock or arrival shows. Safe to run twice. */
export async function fixRunLists(
  db: Kysely<Database>,
  run: string,
  crawlNos: readonly number[],
): Promise<{ pages: number; pictures: number }> {
  await sql`
    INSERT INTO run_page (run, page_no, capture_id)
    SELECT ${run}::bigint, row_number() OVER (ORDER BY rank, body_sha, url COLLATE "C") - 1, capture_id FROM (
      SELECT DISTINCT ON (f.url_sha) f.capture_id, r.rank, c.body_sha, u.url
      FROM unnest(${crawlNos as number[]}::int[]) WITH ORDINALITY AS r (crawl_no, rank)
      JOIN frozen_capture f USING (crawl_no) JOIN capture c USING (capture_id) JOIN url u ON u.sha = f.url_sha
      WHERE c.kind = 'page' AND c.extract_input IS NOT NULL
      ORDER BY f.url_sha, r.rank) p
    ON CONFLICT DO NOTHING`.execute(db)
  await sql`
    INSERT INTO run_picture (run, picture_no, picture, reserved)
    SELECT ${run}::bigint, row_number() OVER (ORDER BY body_sha) - 1, body_sha, reserved FROM (
      SELECT c.body_sha, bool_or(${reservedFor(run, 'c')}) AS reserved, bool_or(c.warc_sha IS NOT NULL AND c.abuse IS NULL) AS stored
      FROM unnest(${crawlNos as number[]}::int[]) AS r (crawl_no)
      JOIN frozen_capture f USING (crawl_no) JOIN capture c USING (capture_id)
      WHERE c.kind = 'picture' GROUP BY c.body_sha) p
    WHERE stored
    ON CONFLICT DO NOTHING`.execute(db)
  const counted = await sql<{ pages: string; pictures: string }>`
    SELECT (SELECT count(*) FROM run_page WHERE run = ${run}) AS pages, (SELECT count(*) FROM run_picture WHERE run = ${run}) AS pictures`.execute(
    db,
  )
  return { pages: Number(counted.rows[0]?.pages ?? 0), pictures: Number(counted.rows[0]?.pictures ?? 0) }
}

export interface RunPage {
  page_no: number
  capture_id: string
  url: string
  body_sha: Buffer
  extract_input: Buffer
  media_type: string | null
  content_language: string | null
  reserved: boolean
  warc_sha: Buffer
  warc_offset: number
  warc_length: number
  declared: string
}

export async function pagesOfShard(db: Kysely<Database>, run: string, from: number, to: number): Promise<RunPage[]> {
  const rows = await sql<RunPage>`
    SELECT p.page_no, p.capture_id, u.url, c.body_sha, c.extract_input, c.media_type, c.content_language, ${reservedFor(run, 'c')} AS reserved,
      c.warc_sha, c.warc_offset::int AS warc_offset, c.warc_length, coalesce(s.declared, 'und') AS declared
    FROM run_page p JOIN capture c USING (capture_id) JOIN url u ON u.sha = c.url_sha
    LEFT JOIN frontier f ON f.crawl_no = c.crawl_no AND f.url_sha = c.url_sha
    LEFT JOIN site s ON s.crawl_no = f.crawl_no AND s.site_no = f.site_no
    WHERE p.run = ${run} AND p.page_no >= ${from} AND p.page_no < ${to} ORDER BY p.page_no`.execute(db)
  return rows.rows
}

export interface PictureOutcome {
  picture: Buffer | null
  capture_id: string | null
  reason: string | null
}

/** More hops than the crawl follows. */
const MAX_HOPS = 6

/**
 * What the crawls got for each picture URL: the picture's digest and capture, or the reason that there is none.
 * Redirects are followed through the captures. Keys are URL digests, lowercase hex.
 */
export async function picturesOfUrls(
  db: Kysely<Database>,
  crawlNos: readonly number[],
  urlShas: readonly Buffer[],
): Promise<Map<string, PictureOutcome>> {
  const outcomes = new Map<string, PictureOutcome>()
  /** Redirected from an address that is reserved: so is the picture behind it, on whatever account it was fetched. */
  const reserved = new Set<string>()
  let asked = new Map(urlShas.map((sha) => [sha.toString('hex'), [sha.toString('hex')]]))
  for (let hop = 0; hop < MAX_HOPS && asked.size > 0; hop += 1) {
    const next = new Map<string, string[]>()
    for (const row of await lookUp(db, crawlNos, [...asked.keys()])) {
      const starts = asked.get(row.url_sha.toString('hex')) ?? []
      if (row.redirect_sha) {
        if (row.reserved) for (const start of starts) reserved.add(start)
        const to = row.redirect_sha.toString('hex')
        next.set(to, [...(next.get(to) ?? []), ...starts])
      } else for (const start of starts) outcomes.set(start, outcomeOf(row))
    }
    asked = next
  }
  for (const sha of urlShas) {
    const key = sha.toString('hex')
    if (!outcomes.has(key)) outcomes.set(key, { picture: null, capture_id: null, reason: 'not_fetched' })
    if (reserved.has(key)) outcomes.set(key, { ...(outcomes.get(key) as PictureOutcome), reason: 'opted_out' })
  }
  return outcomes
}

interface LookedUp {
  url_sha: Buffer
  capture_id: string | null
  kind: string | null
  status: number | null
  body_sha: Buffer | null
  reserved: boolean | null
  abuse: string | null
  redirect_sha: Buffer | null
  stored: boolean | null
  state: string
  reason: string | null
}

/** The first crawl in source rank that knows the URL answers for it. */
async function lookUp(db: Kysely<Database>, crawlNos: readonly number[], urls: readonly string[]): Promise<LookedUp[]> {
  const rows = await sql<LookedUp>`
    SELECT DISTINCT ON (f.url_sha) f.url_sha, z.capture_id, c.kind, c.status, c.body_sha, c.reserved, c.abuse, c.redirect_sha,
      c.warc_sha IS NOT NULL AS stored, f.state, f.reason
    FROM unnest(${crawlNos as number[]}::int[]) WITH ORDINALITY AS r (crawl_no, rank)
    JOIN frontier f USING (crawl_no)
    LEFT JOIN frozen_capture z ON z.crawl_no = f.crawl_no AND z.url_sha = f.url_sha
    LEFT JOIN capture c ON c.capture_id = z.capture_id
    WHERE f.url_sha = ANY(${urls.map((url) => Buffer.from(url, 'hex'))}::bytea[]) AND f.state <> 'found'
    ORDER BY f.url_sha, r.rank`.execute(db)
  return rows.rows
}

function outcomeOf(row: LookedUp): PictureOutcome {
  if (row.capture_id === null) return { picture: null, capture_id: null, reason: row.reason ?? 'not_fetched' }
  if (row.status !== null && (row.status < 200 || row.status >= 300))
    return { picture: null, capture_id: row.capture_id, reason: 'http_error' }
  if (row.abuse !== null) return { picture: row.body_sha, capture_id: row.capture_id, reason: 'known_abuse' }
  if (row.reserved) return { picture: row.body_sha, capture_id: row.capture_id, reason: 'opted_out' }
  if (row.kind !== 'picture' || !row.stored)
    return { picture: null, capture_id: row.capture_id, reason: 'bad_media_type' }
  return { picture: row.body_sha, capture_id: row.capture_id, reason: null }
}

export interface RunPicture {
  picture_no: number
  picture: Buffer
}

export async function picturesOfShard(
  db: Kysely<Database>,
  run: string,
  from: number,
  to: number,
): Promise<RunPicture[]> {
  return db
    .selectFrom('run_picture')
    .select(['picture_no', 'picture'])
    .where('run', '=', run)
    .where('picture_no', '>=', from)
    .where('picture_no', '<', to)
    .orderBy('picture_no')
    .execute()
}
