import { createHash } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import type { Database } from '../tables/database.ts'

const BATCH = 5_000

export interface FrozenSummary {
  digest: Buffer
  entries: number
  pages: number
  pictures: number
}

/**
 * Fixes the list of captures: one entry a URL, its last outcome. The digest covers (URL, status, body digest, raw opt-out
 * signals) in the order of URL digests, and no time. Safe to run twice: the same list gives the same rows.
 */
export async function freezeCrawl(db: Kysely<Database>, crawlNo: number): Promise<FrozenSummary> {
  const known = await db.selectFrom('crawl_freeze').selectAll().where('crawl_no', '=', crawlNo).executeTakeFirst()
  if (known)
    return {
      digest: known.digest,
      entries: Number(known.entries),
      pages: Number(known.pages),
      pictures: Number(known.pictures),
    }
  await sql`INSERT INTO frozen_capture (crawl_no, url_sha, capture_id)
    SELECT crawl_no, url_sha, capture_id FROM frontier WHERE crawl_no = ${crawlNo} AND capture_id IS NOT NULL
    ON CONFLICT DO NOTHING`.execute(db)
  const summary = await digestFrozen(db, crawlNo)
  await sql`INSERT INTO crawl_freeze (crawl_no, digest, entries, pages, pictures)
    VALUES (${crawlNo}, ${summary.digest}, ${summary.entries}, ${summary.pages}, ${summary.pictures}) ON CONFLICT DO NOTHING`.execute(
    db,
  )
  return summary
}

async function digestFrozen(db: Kysely<Database>, crawlNo: number): Promise<FrozenSummary> {
  const hash = createHash('sha256')
  const summary = { entries: 0, pages: 0, pictures: 0 }
  let after = Buffer.alloc(0)
  for (;;) {
    const rows = await sql<{
      url_sha: Buffer
      url: string
      kind: string
      status: number
      body_sha: Buffer | null
      signals: string
    }>`
      SELECT f.url_sha, u.url, c.kind, c.status, c.body_sha, c.signals::text AS signals
      FROM frozen_capture f JOIN capture c USING (capture_id) JOIN url u ON u.sha = f.url_sha
      WHERE f.crawl_no = ${crawlNo} AND f.url_sha > ${after} ORDER BY f.url_sha LIMIT ${BATCH}`.execute(db)
    for (const row of rows.rows) {
      hash.update(`${JSON.stringify([row.url, row.status, row.body_sha?.toString('hex') ?? null, row.signals])}\n`)
      summary.entries += 1
      if (row.kind === 'page') summary.pages += 1
      if (row.kind === 'picture') summary.pictures += 1
    }
    const last = rows.rows.at(-1)
    if (!last) return { digest: hash.digest(), ...summary }
    after = Buffer.from(last.url_sha)
  }
}
