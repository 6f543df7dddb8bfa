import { sql } from 'kysely'

/** The record of an archive of others that a capture was taken from; null of what was fetched. */
export interface CaptureSource {
  source_sha: Buffer | null
  source_offset: number | null
  source_length: number | null
  /** The archive as a seed of the crawl's spec. */
  source_file: string | null
}

/** The columns of a `CaptureSource`, of a capture `c` and its crawl `r`. */
export const sourceColumns = sql<CaptureSource>`c.source_sha, c.source_offset::float8 AS source_offset, c.source_length::float8 AS source_length,
  (SELECT seed FROM jsonb_each(r.section->'seeds') AS l (declared, list) CROSS JOIN LATERAL jsonb_array_elements_text(l.list) AS e (seed)
    WHERE c.source_sha IS NOT NULL AND seed LIKE 'warc:%#sha256=' || encode(c.source_sha, 'hex')
    ORDER BY seed COLLATE "C" LIMIT 1) AS source_file`
