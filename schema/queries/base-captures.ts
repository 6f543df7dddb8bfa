import { type Kysely, sql } from 'kysely'
import type { Database } from '../tables/database.ts'

/** A capture of an earlier crawl whose body is in the archive, and by which the server may recognise it. */
export interface BaseCapture {
  capture_id: string
  body_sha: Buffer
  etag: string | null
  last_modified: string | null
  /** Headers that 304s since the archived record sent anew. */
  renewed: [string, string][]
  warc_sha: Buffer
  warc_offset: number
  warc_length: number
}

/** The newest frozen crawl of the same section before this one, null when it is the first. */
export async function baseCrawl(db: Kysely<Database>, crawlNo: number): Promise<number | null> {
  const found = await sql<{ crawl_no: number }>`
    SELECT b.crawl_no FROM crawl c
    JOIN crawl b ON b.dataset = c.dataset AND b.section_sha = c.section_sha AND b.seq < c.seq
    JOIN crawl_freeze f ON f.crawl_no = b.crawl_no
    WHERE c.crawl_no = ${crawlNo} ORDER BY b.seq DESC LIMIT 1`.execute(db)
  return found.rows[0]?.crawl_no ?? null
}

/** The base crawl's entries for these URLs (by hex digest) that can be asked for under a condition. */
export async function baseCaptures(
  db: Kysely<Database>,
  crawlNo: number,
  urls: readonly Buffer[],
): Promise<Map<string, BaseCapture>> {
  const rows = await sql<BaseCapture & { url_sha: Buffer }>`
    SELECT f.url_sha, c.capture_id, c.body_sha, c.etag, c.last_modified, coalesce(c.renewed, '[]') AS renewed,
      c.warc_sha, c.warc_offset::float8 AS warc_offset, c.warc_length
    FROM frozen_capture f JOIN capture c USING (capture_id)
    WHERE f.crawl_no = ${crawlNo} AND f.url_sha = ANY(${urls as Buffer[]}::bytea[]) AND c.status = 200
      AND c.warc_sha IS NOT NULL AND c.body_sha IS NOT NULL AND (c.etag IS NOT NULL OR c.last_modified IS NOT NULL)`.execute(
    db,
  )
  return new Map(rows.rows.map((row) => [row.url_sha.toString('hex'), row]))
}
