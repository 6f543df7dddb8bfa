import type { Kysely } from 'kysely'
import type { Database } from '../tables/database.ts'

/** The frozen ones of these crawls with their digests, in the order asked. */
export async function frozenCrawls(
  db: Kysely<Database>,
  ids: readonly string[],
): Promise<{ id: string; crawl_no: number; digest: string }[]> {
  if (ids.length === 0) return []
  const rows = await db
    .selectFrom('crawl')
    .innerJoin('crawl_freeze', 'crawl_freeze.crawl_no', 'crawl.crawl_no')
    .select(['crawl.id', 'crawl.crawl_no', 'crawl_freeze.digest'])
    .where('crawl.id', 'in', ids as string[])
    .execute()
  return ids.flatMap((id) =>
    rows
      .filter((row) => row.id === id)
      .map((row) => ({ id, crawl_no: row.crawl_no, digest: row.digest.toString('hex') })),
  )
}
