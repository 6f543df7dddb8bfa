import { type Kysely, sql } from 'kysely'
import type { CrawlState } from '../tables/crawl.table.ts'
import type { Database } from '../tables/database.ts'

export interface NewSite {
  scopeKey: string
  shard: number
  declared: string
  /** What each is read as: a page, a sitemap, or both. */
  seeds: { url: string; sha: Buffer; host: string; page: boolean; sitemap: boolean }[]
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
    await insertSites(tx, crawl_no, crawl.sites)
    return { id, created: true }
  })
}

/** Seeds written by one statement. */
const SEEDS_AT_A_TIME = 5_000

/** A few statements for all sites: a seed list may name a hundred thousand. */
async function insertSites(tx: Kysely<Database>, crawlNo: number, sites: readonly NewSite[]): Promise<void> {
  const numbered = sites.map((site, index) => ({ ...site, siteNo: index + 1 }))
  for (const some of chunks(numbered, SEEDS_AT_A_TIME))
    await sql`INSERT INTO site (crawl_no, site_no, scope_key, shard, declared, closed)
      SELECT ${crawlNo}::int, * FROM unnest(${some.map((one) => one.siteNo)}::int[], ${some.map((one) => one.scopeKey)}::text[],
        ${some.map((one) => one.shard)}::int[], ${some.map((one) => one.declared)}::text[],
        ${some.map((one) => one.archive !== undefined)}::bool[])`.execute(tx)
  for (const { siteNo, archive } of numbered)
    if (archive)
      await tx
        .insertInto('crawl_archive')
        .values({ crawl_no: crawlNo, site_no: siteNo, sha: archive.sha, file: archive.file, bytes: null })
        .execute()
  const seeds = numbered.flatMap(({ siteNo, shard, declared, seeds: own }) =>
    own.map((seed) => ({ ...seed, siteNo, shard, declared })),
  )
  for (const some of chunks(seeds, SEEDS_AT_A_TIME)) {
    const shas = some.map((one) => one.sha)
    const hosts = some.map((one) => one.host)
    const shards = some.map((one) => one.shard)
    await sql`INSERT INTO url (sha, url) SELECT * FROM unnest(${shas}::bytea[], ${some.map((one) => one.url)}::text[]) AS t (sha, url)
      ORDER BY sha ON CONFLICT DO NOTHING`.execute(tx)
    await sql`INSERT INTO crawl_host (crawl_no, host, shard) SELECT DISTINCT ON (host) ${crawlNo}::int, host, shard
      FROM unnest(${hosts}::text[], ${shards}::int[]) AS t (host, shard) ON CONFLICT DO NOTHING`.execute(tx)
    await sql`INSERT INTO frontier (crawl_no, url_sha, shard, site_no, host, page, picture, sitemap, depth, admitted, state, seed, declared)
      SELECT ${crawlNo}::int, sha, shard, site_no, host, page, false, sitemap, 0, page, 'pending', true, declared
      FROM unnest(${shas}::bytea[], ${shards}::smallint[], ${some.map((one) => one.siteNo)}::int[], ${hosts}::text[],
        ${some.map((one) => one.declared)}::text[], ${some.map((one) => one.page)}::bool[],
        ${some.map((one) => one.sitemap)}::bool[]) AS t (sha, shard, site_no, host, declared, page, sitemap)
      ON CONFLICT DO NOTHING`.execute(tx)
  }
}

function* chunks<Item>(items: readonly Item[], size: number): Iterable<readonly Item[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size)
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
