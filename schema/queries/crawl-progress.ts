import { type Kysely, sql } from 'kysely'
import type { Database } from '../tables/database.ts'

/**
 * Shards with a URL due now or an archive to be read (its pages after the files of origins in all archives), and
 * milliseconds until the next waiting one is due (null when none waits).
 */
export async function shardsWithWork(
  db: Kysely<Database>,
  crawlNo: number,
): Promise<{ shards: number[]; waitMs: number | null }> {
  const waits = await waitsOfShards(db, crawlNo)
  const leased = await sql<{ shard: number }>`
    SELECT DISTINCT shard FROM frontier WHERE crawl_no = ${crawlNo} AND state = 'leased'`.execute(db)
  const open = await sql<{ shard: number }>`
    SELECT DISTINCT s.shard FROM site s WHERE s.crawl_no = ${crawlNo} AND NOT s.closed`.execute(db)
  const archives = await sql<{ shard: number }>`
    SELECT s.shard FROM crawl_archive a JOIN site s USING (crawl_no, site_no) WHERE a.crawl_no = ${crawlNo} AND NOT a.done
      AND (NOT a.files_done OR NOT EXISTS (SELECT 1 FROM crawl_archive o WHERE o.crawl_no = a.crawl_no AND NOT o.files_done))`.execute(
    db,
  )
  const now = new Set([
    ...waits.filter((row) => row.wait === 0).map((row) => row.shard),
    ...leased.rows.map((row) => row.shard),
    ...archives.rows.map((row) => row.shard),
  ])
  const later = waits.filter((row) => row.wait > 0).map((row) => row.wait)
  // A site whose last depth was not closed (its worker died just then) needs its shard once more.
  for (const row of open.rows) if (!waits.some((one) => one.shard === row.shard)) now.add(row.shard)
  return { shards: [...now].sort((a, b) => a - b), waitMs: later.length === 0 ? null : Math.min(...later) }
}

/**
 * Milliseconds until each shard has a URL due, 0 when one is; shards without waiting URLs are left out. A shard is looked
 * at until a URL is found that is due: of a hundred thousand hosts some hundred are asked for, not all at each round.
 */
async function waitsOfShards(db: Kysely<Database>, crawlNo: number): Promise<{ shard: number; wait: number }[]> {
  const dueAt = sql`greatest(n.next_at, coalesce(h.suspended_until, '-infinity'))`
  const next = sql`CROSS JOIN LATERAL (
      SELECT f.next_at FROM frontier f
      WHERE f.crawl_no = h.crawl_no AND f.host = h.host AND f.state IN ('pending', 'retry') ORDER BY f.next_at LIMIT 1) n`
  const shards = await sql<{ shard: number; due: boolean }>`
    SELECT s.shard, d.due IS NOT NULL AS due
    FROM (SELECT DISTINCT shard FROM crawl_host WHERE crawl_no = ${crawlNo}) s
    LEFT JOIN LATERAL (
      SELECT true AS due FROM crawl_host h ${next}
      WHERE h.crawl_no = ${crawlNo} AND h.shard = s.shard AND ${dueAt} <= now() LIMIT 1) d ON true
    ORDER BY s.shard`.execute(db)
  const others = shards.rows.filter(({ due }) => !due).map(({ shard }) => shard)
  const known = shards.rows.filter(({ due }) => due).map(({ shard }) => ({ shard, wait: 0 }))
  if (others.length === 0) return known
  const later = await sql<{ shard: number; wait_ms: number }>`
    SELECT h.shard, min(greatest(0, extract(epoch FROM ${dueAt} - now()) * 1000))::float8 AS wait_ms
    FROM crawl_host h ${next}
    WHERE h.crawl_no = ${crawlNo} AND h.shard = ANY (${others}::int[]) GROUP BY h.shard ORDER BY h.shard`.execute(db)
  return [
    ...known,
    ...later.rows.map((row) => ({ shard: row.shard, wait: Number.isFinite(row.wait_ms) ? row.wait_ms : 0 })),
  ]
}

export async function unfinishedUrls(
  db: Kysely<Database>,
  crawlNo: number,
): Promise<{ retryable: number; failedSeeds: number }> {
  const counted = await sql<{ retryable: string; failed_seeds: string }>`
    SELECT count(*) FILTER (WHERE state IN ('pending', 'leased', 'retry')) AS retryable,
      count(*) FILTER (WHERE seed AND (state IN ('failed', 'excluded') OR (state = 'done' AND reason = 'http_error'))) AS failed_seeds
    FROM frontier WHERE crawl_no = ${crawlNo} AND (seed OR state IN ('pending', 'leased', 'retry'))`.execute(db)
  const row = counted.rows[0]
  return { retryable: Number(row?.retryable ?? 0), failedSeeds: Number(row?.failed_seeds ?? 0) }
}

export interface Trap {
  host: string
  /** What the pages before brought, or what is wrong with the address. */
  why: string
  urls: number
}

/** What the crawl left as traps, by host; the largest first. */
export async function crawlTraps(db: Kysely<Database>, crawlNo: number, limit: number): Promise<Trap[]> {
  const rows = await sql<Trap>`
    SELECT host, coalesce(detail, '') AS why, count(*)::int AS urls FROM frontier
    WHERE crawl_no = ${crawlNo} AND reason = 'crawl_trap' GROUP BY 1, 2
    ORDER BY urls DESC, host, coalesce(detail, '') COLLATE "C" LIMIT ${limit}`.execute(db)
  return rows.rows
}

export interface FailedSeed {
  url: string
  reason: string | null
  detail: string | null
}

/** Seeds that led nowhere, in the order of their digests. */
export async function failedSeeds(db: Kysely<Database>, crawlNo: number, limit: number): Promise<FailedSeed[]> {
  const rows = await sql<FailedSeed>`
    SELECT u.url, f.reason, f.detail FROM frontier f JOIN url u ON u.sha = f.url_sha
    WHERE f.crawl_no = ${crawlNo} AND f.seed AND (f.state IN ('failed', 'excluded') OR (f.state = 'done' AND f.reason = 'http_error'))
    ORDER BY f.url_sha LIMIT ${limit}`.execute(db)
  return rows.rows
}
