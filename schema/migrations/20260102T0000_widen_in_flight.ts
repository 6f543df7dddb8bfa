import { type Kysely, sql } from 'kysely'

/** Numbers of texts are shard * 1,000,000 + position, past int4 at two thousand shards. Older workers go on as before. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE in_flight ALTER COLUMN first_no TYPE bigint, ALTER COLUMN last_no TYPE bigint`.execute(db)
}
