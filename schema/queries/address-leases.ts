import { randomUUID } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import type { Database } from '../tables/database.ts'

/** A process that does not renew is taken for dead after this long, and what it held goes to others. */
export const PROCESS_LEASE_SECONDS = 5

/** Requests a second that a server lets pass, as far as its refusals taught it; ages, so that no clock is compared. */
export interface LeasedPace {
  base: number
  agoMs: number
  windowMs: number
}

/** What one process says in one exchange. */
export interface AddressNews {
  process: string
  /** Addresses that it gives back: `waitMs` from now on nobody may ask there. */
  give: { address: string; waitMs: number; gapMs: number; pace: LeasedPace | null }[]
  /** Gaps between two starts that grew at addresses which it keeps. */
  gaps: { address: string; gapMs: number }[]
  /** All addresses that it waits for; its place in the queue of others is given up. */
  wants: { address: string; gapMs: number }[]
}

export interface AddressAnswer {
  /** False when the process was taken for dead: then it holds nothing, and goes on under another name. */
  alive: boolean
  taken: { address: string; waitMs: number; pace: LeasedPace | null }[]
  /** Addresses of this process that others wait for. */
  wanted: string[]
}

/** Begins to hold addresses under a name that no process had before; forgets those that nobody has asked for a day. */
export async function registerProcess(db: Kysely<Database>): Promise<string> {
  const process = randomUUID()
  await sql`DELETE FROM address_lease WHERE holder IS NULL AND next_at < now() - interval '1 day'`.execute(db)
  await sql`INSERT INTO crawl_process (process, until)
    VALUES (${process}::uuid, now() + make_interval(secs => ${PROCESS_LEASE_SECONDS}))`.execute(db)
  return process
}

/**
 * One exchange of a process with all others: renews it, frees what dead ones held, gives back, takes what is free and
 * whose queue has nobody before this process, and queues for the rest. One statement, so that a process that freezes in
 * it leaves no lock behind; rows that others have locked are passed over, so that nobody waits for anybody. Two
 * processes never hold one address: whoever frees a dead one's deletes its row, which a late renewal then misses.
 * After a death nobody asks an address before the gap that it asks for has passed since the last moment at which the
 * dead one may have done so. Times are durations and the database's own clock.
 */
export async function exchangeAddresses(db: Kysely<Database>, news: AddressNews): Promise<AddressAnswer> {
  const { process, give, gaps, wants } = news
  const { rows } = await sql<{
    alive: boolean
    taken: { address: string; wait_ms: number; base: number | null; window_ms: number | null; ago_ms: number }[] | null
    wanted: string[] | null
  }>`
    WITH me AS (UPDATE crawl_process SET until = now() + make_interval(secs => ${PROCESS_LEASE_SECONDS})
      WHERE process = ${process}::uuid RETURNING process),
    ${buried(sql`until < now() AND process <> ${process}::uuid`)},
    given AS (UPDATE address_lease a SET holder = NULL, gap_ms = t.gap_ms,
        next_at = greatest(a.next_at, now() + make_interval(secs => t.wait_ms / 1000)),
        base = t.base, window_ms = t.window_ms, refused_at = now() - make_interval(secs => t.ago_ms / 1000)
      FROM me, unnest(${give.map((one) => one.address)}::text[], ${give.map((one) => one.waitMs)}::float8[],
        ${give.map((one) => one.gapMs)}::float8[], ${give.map((one) => one.pace?.base ?? null)}::float8[],
        ${give.map((one) => one.pace?.windowMs ?? null)}::float8[], ${give.map((one) => one.pace?.agoMs ?? null)}::float8[])
        AS t (address, wait_ms, gap_ms, base, window_ms, ago_ms)
      WHERE a.address = t.address AND a.holder = me.process),
    grown AS (UPDATE address_lease a SET gap_ms = t.gap_ms
      FROM me, unnest(${gaps.map((one) => one.address)}::text[], ${gaps.map((one) => one.gapMs)}::float8[]) AS t (address, gap_ms)
      WHERE a.address = t.address AND a.holder = me.process),
    want AS (SELECT t.address, t.gap_ms, mine.since FROM me,
      unnest(${wants.map((one) => one.address)}::text[], ${wants.map((one) => one.gapMs)}::float8[]) AS t (address, gap_ms)
      LEFT JOIN address_want mine ON mine.address = t.address AND mine.process = ${process}::uuid),
    new AS (INSERT INTO address_lease (address, holder, gap_ms) SELECT address, ${process}::uuid, gap_ms FROM want
      WHERE NOT EXISTS (SELECT 1 FROM address_lease a WHERE a.address = want.address)
      ORDER BY address ON CONFLICT DO NOTHING RETURNING address),
    free AS (SELECT a.address, want.gap_ms FROM address_lease a JOIN want USING (address)
      WHERE a.holder = ${process}::uuid OR a.holder IS NULL AND NOT EXISTS (
        SELECT 1 FROM address_want other WHERE other.address = a.address AND other.process <> ${process}::uuid
          AND (want.since IS NULL OR (other.since, other.process) < (want.since, ${process}::uuid)))
      FOR UPDATE OF a SKIP LOCKED),
    taken AS (UPDATE address_lease a SET holder = ${process}::uuid, gap_ms = greatest(a.gap_ms, free.gap_ms)
      FROM free WHERE a.address = free.address
      RETURNING a.address, greatest(0, extract(epoch FROM a.next_at - now()) * 1000)::float8 AS wait_ms, a.base, a.window_ms,
        coalesce(extract(epoch FROM now() - a.refused_at) * 1000, 0)::float8 AS ago_ms
      ),
    had AS (SELECT * FROM taken UNION ALL SELECT address, 0, NULL, NULL, 0 FROM new),
    queued AS (INSERT INTO address_want (address, process) SELECT address, ${process}::uuid FROM want
      WHERE since IS NULL AND address NOT IN (SELECT address FROM had) ORDER BY address ON CONFLICT DO NOTHING),
    left_queue AS (DELETE FROM address_want w USING me
      WHERE w.process = me.process
        AND (w.address NOT IN (SELECT address FROM want) OR w.address IN (SELECT address FROM had)))
    SELECT EXISTS (SELECT 1 FROM me) AS alive, (SELECT json_agg(had) FROM had) AS taken,
      (SELECT array_agg(DISTINCT w.address) FROM address_want w JOIN address_lease a USING (address)
        WHERE a.holder = ${process}::uuid AND w.process <> ${process}::uuid) AS wanted`.execute(db)
  const row = rows[0]
  return {
    alive: row?.alive === true,
    taken: (row?.taken ?? []).map(({ address, wait_ms: waitMs, base, window_ms: windowMs, ago_ms: agoMs }) => ({
      address,
      waitMs,
      pace: base === null || windowMs === null ? null : { base, windowMs, agoMs: Math.max(0, agoMs) },
    })),
    wanted: row?.wanted ?? [],
  }
}

/** Ends a process: others may take what it still holds once the gaps there have passed. Safe to run twice. */
export async function endProcess(db: Kysely<Database>, process: string): Promise<void> {
  await sql`WITH ${buried(sql`process = ${process}::uuid`)} SELECT 1`.execute(db)
}

/** Deletes processes and frees what they held; of one whose row is locked nothing is known, it may be renewing. */
function buried(which: ReturnType<typeof sql>) {
  return sql`
    dead AS (DELETE FROM crawl_process WHERE process IN (
      SELECT process FROM crawl_process WHERE ${which} FOR UPDATE SKIP LOCKED) RETURNING process, until),
    freed AS (UPDATE address_lease a SET holder = NULL,
        next_at = greatest(a.next_at, least(dead.until, now()) + make_interval(secs => a.gap_ms / 1000))
      FROM dead WHERE a.holder = dead.process),
    left_by_dead AS (DELETE FROM address_want w USING dead WHERE w.process = dead.process)`
}
