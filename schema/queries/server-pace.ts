import { type Kysely, sql } from 'kysely'
import type { Database } from '../tables/database.ts'

/** Requests a second that a server was found to let pass; ages in milliseconds, so that no clock is compared. */
export interface KeptServerPace {
  address: string
  base: number
  agoMs: number
  windowMs: number
}

/** What the crawl's processes have learnt; only servers that refused something have a row. */
export async function readPaces(db: Kysely<Database>, crawlNo: number): Promise<KeptServerPace[]> {
  const rows = await sql<{ address: string; base: number; ago_ms: number; window_ms: number }>`
    SELECT address, base, greatest(0, extract(epoch FROM now() - refused_at) * 1000)::float8 AS ago_ms, window_ms
    FROM server_pace WHERE crawl_no = ${crawlNo}`.execute(db)
  return rows.rows.map((row) => ({
    address: row.address,
    base: row.base,
    agoMs: row.ago_ms,
    windowMs: row.window_ms,
  }))
}

/** The newest refusal counts, whichever process met it. Safe to run twice. */
export async function writePaces(
  db: Kysely<Database>,
  crawlNo: number,
  paces: readonly { address: string; kept: Omit<KeptServerPace, 'address'> }[],
): Promise<void> {
  if (paces.length === 0) return
  await sql`
    INSERT INTO server_pace AS p (crawl_no, address, base, window_ms, refused_at)
    SELECT ${crawlNo}::int, address, base, window_ms, now() - make_interval(secs => ago_ms / 1000)
    FROM unnest(${paces.map((one) => one.address)}::text[], ${paces.map((one) => one.kept.base)}::float8[],
      ${paces.map((one) => one.kept.windowMs)}::float8[], ${paces.map((one) => one.kept.agoMs)}::float8[])
      AS t (address, base, window_ms, ago_ms)
    ORDER BY address
    ON CONFLICT (crawl_no, address) DO UPDATE
      SET base = excluded.base, window_ms = excluded.window_ms, refused_at = excluded.refused_at
      WHERE excluded.refused_at >= p.refused_at`.execute(db)
}
