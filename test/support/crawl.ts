import { type Kysely, sql } from 'kysely'
import { urlDigest } from '../../activities/crawl/canonical-url.ts'
import { planSites } from '../../activities/crawl/plan-crawl.ts'
import { digestJson } from '../../activities/digest.ts'
import type { CrawlSection } from '../../schema/contracts/spec.ts'
import { createOrJoinCrawl, type CrawlRecord, getCrawl } from '../../schema/queries/crawls.ts'
import type { FoundUrl } from '../../schema/queries/frontier.ts'
import { acquireShard, type Lease } from '../../schema/queries/leases.ts'
import { CRAWL_DEFAULTS } from '../../schema/spec/spec-defaults.ts'
import type { Database } from '../../schema/tables/database.ts'

export type SectionChanges = {
  limits?: Partial<CrawlSection['limits']>
  politeness?: Partial<CrawlSection['politeness']>
  scope?: CrawlSection['scope']
}

/** A crawl section over seeds of one declared language, without delays. */
export function aSection(seeds: string[], changes: SectionChanges = {}): CrawlSection {
  return {
    scope: changes.scope ?? 'host',
    seeds: { cs: seeds },
    limits: { ...CRAWL_DEFAULTS.limits, ...changes.limits },
    politeness: {
      ...CRAWL_DEFAULTS.politeness,
      delay_ms: 0,
      user_agent: 'test-bot (+https://test.example/bot)',
      ...changes.politeness,
    },
  }
}

/** A new crawl of its own; `shards` as planned unless given. */
export async function startCrawl(db: Kysely<Database>, section: CrawlSection, shards?: number): Promise<CrawlRecord> {
  const planned = planSites(section)
  const sites = shards === undefined ? planned.sites : planned.sites.map((site) => ({ ...site, shard: 0 }))
  const { id } = await createOrJoinCrawl(db, {
    dataset: 'test',
    section,
    sectionSha: digestJson(section),
    shards: shards ?? planned.shards,
    sites,
    again: true,
  })
  return (await getCrawl(db, id)) as CrawlRecord
}

/** The lease of a shard that nobody holds. */
export async function mustAcquire(db: Kysely<Database>, crawlNo: number, shard: number, owner: string): Promise<Lease> {
  const lease = await acquireShard(db, crawlNo, shard, owner)
  if (!lease) throw new Error(`shard ${shard} is held`)
  return lease
}

/** Lets a lease run out now, instead of in seconds. */
export async function expireLease(db: Kysely<Database>, lease: Lease): Promise<void> {
  await sql`UPDATE shard_lease SET until = now() - interval '1 ms' WHERE crawl_no = ${lease.crawlNo} AND shard = ${lease.shard}`.execute(
    db,
  )
}

export function shaOf(url: string): Buffer {
  return Buffer.from(urlDigest(url), 'hex')
}

/** A URL that a page of site 1 leads to. */
export function aFound(url: string, changes: Partial<FoundUrl> = {}): FoundUrl {
  return {
    sha: shaOf(url),
    url,
    host: new URL(url).host,
    shard: 0,
    siteNo: 1,
    depth: 1,
    kind: 'page',
    redirects: 0,
    fromSha: null,
    ...changes,
  }
}

/** The frontier by URL: what each is wanted for, and where it stands. */
export async function frontierOf(db: Kysely<Database>, crawlNo: number) {
  const rows = await sql<{
    url: string
    depth: number
    state: string
    reason: string | null
    page: boolean
    picture: boolean
    sitemap: boolean
    admitted: boolean
  }>`SELECT u.url, f.depth, f.state, f.reason, f.page, f.picture, f.sitemap, f.admitted FROM frontier f JOIN url u ON u.sha = f.url_sha
    WHERE f.crawl_no = ${crawlNo} ORDER BY u.url COLLATE "C"`.execute(db)
  return rows.rows
}
