import { type Kysely, sql, type Transaction } from 'kysely'
import { TransientError } from '../contracts/errors.ts'
import type { Database } from '../tables/database.ts'

/** A worker that stops renewing loses its shard after this long. */
export const LEASE_SECONDS = 5

export interface Lease {
  crawlNo: number
  shard: number
  fence: string
}

/**
 * Takes the shard if nobody holds it. What the last holder had leased and not committed goes back to pending in the same
 * transaction: that is what "in flight" means. Returns null while another worker's lease runs.
 */
export async function acquireShard(
  db: Kysely<Database>,
  crawlNo: number,
  shard: number,
  owner: string,
): Promise<Lease | null> {
  return db.transaction().execute(async (tx) => {
    const taken = await sql<{ fence: string }>`
      INSERT INTO shard_lease (crawl_no, shard, owner, fence, until)
      VALUES (${crawlNo}, ${shard}, ${owner}, 1, now() + make_interval(secs => ${LEASE_SECONDS}))
      ON CONFLICT (crawl_no, shard) DO UPDATE
        SET owner = excluded.owner, fence = shard_lease.fence + 1, until = excluded.until
        WHERE shard_lease.until < now()
      RETURNING fence`.execute(tx)
    const fence = taken.rows[0]?.fence
    if (fence === undefined) return null
    await sql`UPDATE frontier SET state = 'pending'
      WHERE crawl_no = ${crawlNo} AND shard = ${shard} AND state = 'leased'`.execute(tx)
    return { crawlNo, shard, fence }
  })
}

/** Throws LEASE_LOST when another worker has taken the shard over. */
export async function renewShard(db: Kysely<Database> | Transaction<Database>, lease: Lease): Promise<void> {
  const renewed = await sql`
    UPDATE shard_lease SET until = now() + make_interval(secs => ${LEASE_SECONDS})
    WHERE crawl_no = ${lease.crawlNo} AND shard = ${lease.shard} AND fence = ${lease.fence} AND until > '-infinity'`.execute(
    db,
  )
  if (Number(renewed.numAffectedRows ?? 0n) !== 1) {
    throw new TransientError('LEASE_LOST', `shard ${lease.shard} is held by another worker: this one stops`, {
      ...lease,
    })
  }
}

/** Gives the shard back; a zombie's late call changes nothing. */
export async function releaseShard(db: Kysely<Database>, lease: Lease): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const released = await sql`UPDATE shard_lease SET until = '-infinity'
      WHERE crawl_no = ${lease.crawlNo} AND shard = ${lease.shard} AND fence = ${lease.fence}`.execute(tx)
    if (Number(released.numAffectedRows ?? 0n) !== 1) return
    await sql`UPDATE frontier SET state = 'pending'
      WHERE crawl_no = ${lease.crawlNo} AND shard = ${lease.shard} AND state = 'leased'`.execute(tx)
  })
}

/** Shards of the crawl that workers hold now. */
export async function heldShards(db: Kysely<Database>, crawlNo: number): Promise<number> {
  const { rows } = await sql<{ held: number }>`
    SELECT count(*)::int AS held FROM shard_lease WHERE crawl_no = ${crawlNo} AND until > now()`.execute(db)
  return rows[0]?.held ?? 0
}
