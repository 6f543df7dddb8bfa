import { type Kysely, sql } from 'kysely'
import type { CrawlState } from '../tables/crawl.table.ts'
import type { Database } from '../tables/database.ts'

export interface NewSite {
  scopeKey: string
  shard: number
  declared: string
  seeds: { url: string; sha: Buffer; host: string }[]
  /** Where its captures come from instead of the web. */
  archive?: { sha: Buffer; file: string }
}

export interface NewCrawl {
  dataset: string
  sectionSha: Buffer
  section: unknown
  shards: number
  sites: NewSite[]
  /** Make the next of the sequence instead of joining the newest. */
  again: boolean
}

export interface CrawlRecord {
  crawl_no: number
  id: string
  dataset: string
  section: unknown
  seq: number
  shards: number
  state: CrawlState
  paused: boolean
  note: string | null
  note_code: string | null
  created_at: Date
}

/** Joins the newest crawl of the section or makes the next one, with its sites and seeds, in one transaction. */
export async function createOrJoinCrawl(
  db: Kysely<Database>,
  crawl: NewCrawl,
): Promise<{ id: string; created: boolean }> {
  return db.transaction().execute(async (tx) => {
    await sql`SELECT pg_advisory_xact_lock(hashtext(${`crawl:${crawl.dataset}`}))`.execute(tx)
    const newest = await tx
      .selectFrom('crawl')
      .select(['id', 'seq'])
      .where('dataset', '=', crawl.dataset)
      .where('section_sha', '=', crawl.sectionSha)
      .orderBy('seq', 'desc')
      .executeTakeFirst()
    if (newest && !crawl.again) return { id: newest.id, created: false }
    const seq = (newest?.seq ?? 0) + 1
    const id = `${crawl.dataset}-${crawl.sectionSha.toString('hex').slice(0, 10)}-${seq}`
    const { crawl_no } = await tx
      .insertInto('crawl')
      .values({
        id,
        dataset: crawl.dataset,
        section_sha: crawl.sectionSha,
        seq,
        section: JSON.stringify(crawl.section),
        shards: crawl.shards,
      })
      .returning('crawl_no')
      .executeTakeFirstOrThrow()
    await tx
      .insertInto('crawl_state')
      .values({ crawl_no, state: 'running', paused: false, note: null, note_code: null })
      .execute()
    let siteNo = 0
    for (const site of crawl.sites) await insertSite(tx, crawl_no, (siteNo += 1), site)
    return { id, created: true }
  })
}

async function insertSite(tx: Kysely<Database>, crawlNo: number, siteNo: number, site: NewSite): Promise<void> {
  await tx
    .insertInto('site')
    .values({
      crawl_no: crawlNo,
      site_no: siteNo,
      scope_key: site.scopeKey,
      shard: site.shard,
      declared: site.declared,
      closed: site.archive !== undefined,
    })
    .execute()
  if (site.archive)
    await tx
      .insertInto('crawl_archive')
      .values({ crawl_no: crawlNo, site_no: siteNo, sha: site.archive.sha, file: site.archive.file, bytes: null })
      .execute()
  const shas = site.seeds.map((seed) => seed.sha)
  const hosts = site.seeds.map((seed) => seed.host)
  await sql`INSERT INTO url (sha, url) SELECT * FROM unnest(${shas}::bytea[], ${site.seeds.map((seed) => seed.url)}::text[])
    ON CONFLICT DO NOTHING`.execute(tx)
  await sql`INSERT INTO crawl_host (crawl_no, host, shard) SELECT DISTINCT ${crawlNo}::int, h, ${site.shard}::int
    FROM unnest(${hosts}::text[]) h ON CONFLICT DO NOTHING`.execute(tx)
  await sql`INSERT INTO frontier (crawl_no, url_sha, shard, site_no, host, page, picture, depth, admitted, state, seed, declared)
    SELECT ${crawlNo}::int, sha, ${site.shard}::smallint, ${siteNo}::int, host, true, false, 0, true, 'pending', true, ${site.declared}::text
    FROM unnest(${shas}::bytea[], ${hosts}::text[]) AS t (sha, host) ON CONFLICT DO NOTHING`.execute(tx)
}

function selectCrawls(db: Kysely<Database>) {
  return db
    .selectFrom('crawl')
    .innerJoin('crawl_state', 'crawl_state.crawl_no', 'crawl.crawl_no')
    .select([
      'crawl.crawl_no',
      'crawl.id',
      'crawl.dataset',
      'crawl.section',
      'crawl.seq',
      'crawl.shards',
      'crawl_state.state',
      'crawl_state.paused',
      'crawl_state.note',
      'crawl_state.note_code',
      'crawl.created_at',
    ])
}

export async function getCrawl(db: Kysely<Database>, id: string): Promise<CrawlRecord | undefined> {
  return selectCrawls(db).where('crawl.id', '=', id).executeTakeFirst()
}

export async function listCrawls(db: Kysely<Database>): Promise<CrawlRecord[]> {
  return selectCrawls(db).orderBy('crawl.crawl_no', 'desc').execute()
}

/** The newest crawl of the section that is frozen, undefined when none is. */
export async function newestFrozenCrawl(
  db: Kysely<Database>,
  dataset: string,
  sectionSha: Buffer,
): Promise<CrawlRecord | undefined> {
  return selectCrawls(db)
    .where('crawl.dataset', '=', dataset)
    .where('crawl.section_sha', '=', sectionSha)
    .where('crawl_state.state', '=', 'frozen')
    .orderBy('crawl.seq', 'desc')
    .executeTakeFirst()
}

export async function setCrawlState(
  db: Kysely<Database>,
  crawlNo: number,
  patch: { state?: CrawlState; paused?: boolean; note?: string | null; note_code?: string | null },
): Promise<void> {
  await db
    .updateTable('crawl_state')
    .set({ ...patch, updated_at: sql`now()` as never })
    .where('crawl_no', '=', crawlNo)
    .execute()
}

/** What an activity's fault says, for people: the workflow's history has its code alone. */
export async function noteCrawlFault(db: Kysely<Database>, id: string, code: string, message: string): Promise<void> {
  await db
    .updateTable('crawl_state')
    .set({ note: message, note_code: code, updated_at: sql`now()` as never })
    .where('crawl_no', '=', (query) => query.selectFrom('crawl').select('crawl_no').where('id', '=', id))
    .execute()
}
