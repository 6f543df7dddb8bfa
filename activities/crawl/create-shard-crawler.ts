import { type Kysely, sql } from 'kysely'
import type { BodyBudget, BodyShare } from '../../infra/body-budget.ts'
import type { FetchResult } from '../../infra/http.ts'
import type { ObjectStore } from '../../infra/objects.ts'
import type { CrawlSection } from '../../schema/contracts/spec.ts'
import { baseCaptures, baseCrawl } from '../../schema/queries/base-captures.ts'
import { type CrawlToWorkOn, getCrawl } from '../../schema/queries/crawls.ts'
import { ensureDefinition } from '../../schema/queries/definitions.ts'
import type { Lease } from '../../schema/queries/leases.ts'
import { readPaces, writePaces } from '../../schema/queries/server-pace.ts'
import type { Database } from '../../schema/tables/database.ts'
import { sleepUntil } from '../edge/run-edge.ts'
import type { Definition } from '../steps/step.ts'
import type { AddressLeases } from './address-leases.ts'
import type { Archive } from './commit-batch.ts'
import { HostSchedule } from './host-schedule.ts'
import { type InterpretDeps, MAX_DEPTH } from './interpret.ts'
import type { KnownUrls } from './known-urls.ts'
import { createPatientStore } from './patient-store.ts'
import { readOnce } from './read-once.ts'
import type { ArchiveFiles } from './read-archive.ts'
import { productToken } from './robots.ts'
import { type OriginRules, RobotsGate } from './robots-gate.ts'
import { type ArchivedRecord, createRevisits, NO_REVISITS, type Revisits } from './revisit.ts'
import type { ServerBook } from './server-book.ts'
import { ShardCrawler } from './shard-crawler.ts'
import type { TdmRule } from './tdm-file.ts'
import { TdmGate } from './tdm-gate.ts'
import type { UrlBook } from './url-book.ts'

/** Bytes out over bytes in at which a coded body is taken for a bomb (measured bombs: 1,000 and up; honest HTML: under 50). */
const MAX_RATIO = 200

export interface CrawlDeps extends Pick<
  InterpretDeps,
  'extractPage' | 'extractInput' | 'sniffImage' | 'matchAbuse' | 'readSitemap'
> {
  db: Kysely<Database>
  store: ObjectStore
  worker: string
  fetchOnce(request: {
    url: string
    userAgent: string
    maxBodyBytes: number
    deadlineMs: number
    maxRatio: number
    signal: AbortSignal
    headers: [string, string][]
    cut?: boolean
    share?: BodyShare
  }): Promise<FetchResult>
  /** A response record of the archive. Throws OBJECT_MISSING, OBJECT_CORRUPT, WARC_CORRUPT or WARC_DIGEST_MISMATCH. */
  readArchived(place: { sha: Buffer; offset: number; length: number }): Promise<ArchivedRecord>
  /** The address that a URL's requests go to, null when its name has none. */
  addressOf(url: string): Promise<string | null>
  archive: Archive
  /** Archives of others, which a crawl may take its captures from. */
  files: ArchiveFiles
  /** A place among the process' simultaneous requests. */
  takeSlot: () => (() => void) | null
  /** What all bodies of the process are taken from. */
  bodies: BodyBudget
  definitions: { extract: Definition }
  commitId: string | null
}

/** Rows that never change in a crawl, read once for all shards of a process. */
export interface CrawlRows {
  scopes: () => Promise<ReadonlyMap<number, string>>
  extractDef: () => Promise<number>
  /** The frozen crawl of the section before this one; null when it is the first. */
  base: () => Promise<number | null>
}

export function crawlRows(
  { db, definitions, commitId }: Pick<CrawlDeps, 'db' | 'definitions' | 'commitId'>,
  crawlNo: number,
): CrawlRows {
  return {
    scopes: readOnce(() => siteScopes(db, crawlNo)),
    extractDef: readOnce(() => ensureDefinition(db, definitions.extract, commitId)),
    base: readOnce(() => baseCrawl(db, crawlNo)),
  }
}

/** What all shards of a crawl share in one process. */
export interface SharedState {
  book: ServerBook
  known: KnownUrls
  urls: UrlBook
  rows: CrawlRows
  /** Of the process, over all its crawls. */
  addresses: AddressLeases
}

/** Whether a crawl is to be left alone: paused, cancelled, frozen or gone. */
export async function hasStopped(db: Kysely<Database>, id: string): Promise<boolean> {
  const now = await getCrawl(db, id)
  return now === undefined || now.paused || now.state === 'cancelled' || now.state === 'frozen'
}

/** Puts together what crawls one shard: its schedule, gates, archive and commits, by the crawl's section. */
export async function createShardCrawler(
  deps: CrawlDeps,
  crawl: CrawlToWorkOn,
  lease: Lease,
  signal: AbortSignal,
  { book, known, urls, addresses, rows }: SharedState,
  onUrls: (urls: number) => void,
): Promise<ShardCrawler> {
  const section = crawl.section as CrawlSection
  const { politeness, limits } = section
  const hostLimits = { perHost: politeness.per_host, perAddress: politeness.per_address, delayMs: politeness.delay_ms }
  const schedule = new HostSchedule(hostLimits, book, addresses)
  const [paces, scopes, extractDef, base] = await Promise.all([
    readPaces(deps.db, crawl.crawl_no),
    rows.scopes(),
    rows.extractDef(),
    rows.base(),
  ])
  for (const { address, ...kept } of paces) book.servers.learn(address, kept, performance.now())
  type Asked = { headers?: [string, string][]; share?: BodyShare; maxBodyBytes?: number; cut?: boolean }
  const { since } = addresses
  const fetchUrl = async (url: string, asked: Asked = {}) => {
    // A turn may ask more than once, and sleep between: its address may have gone to another process.
    await addresses.stillAlive(since)
    schedule.sent(new URL(url).host, performance.now())
    return deps.fetchOnce({
      url,
      userAgent: politeness.user_agent,
      maxBodyBytes: limits.max_body_mib * 1024 * 1024,
      deadlineMs: limits.seconds_per_page * 1000,
      maxRatio: MAX_RATIO,
      signal,
      headers: [],
      ...asked,
    })
  }
  const sleep = (ms: number) => sleepUntil(ms, signal)
  const turn = async (url: string) => {
    const { host } = new URL(url)
    if (!schedule.knowsAddress(host)) schedule.setAddress(host, (await deps.addressOf(url)) ?? '')
    await sleep(schedule.reserve(host, performance.now()))
  }
  const place = (url: string, base?: string) => urls.place(url, base)
  const inScope = (siteNo: number, url: string) => scopes.get(siteNo) === urls.siteOf(url)
  const commit = {
    db: deps.db,
    store: createPatientStore(deps.store, { now: () => performance.now(), sleep, signal }),
    archive: deps.archive,
    known,
    refusal: (url: string) => (politeness.honour.includes('robots') ? gate.refusal(url) : null),
    extractDef,
    limits: { pagesPerHost: limits.pages_per_host, depth: Math.min(limits.depth, MAX_DEPTH), extractDef },
    budget: { giveUpMs: limits.give_up_hours * 3_600_000, asksRobots: politeness.honour.includes('robots') },
  }
  const token = productToken(politeness.user_agent)
  const interpret: InterpretDeps = {
    ...deps,
    section,
    token,
    place,
    link: (url, base) => urls.link(url, base),
    inScope,
  }
  let crawler: ShardCrawler | null = null
  const gate = new RobotsGate({
    fetch: fetchUrl,
    load: (origin) => loadRobots(deps.db, crawl.crawl_no, origin),
    place,
    record: (result) => crawler?.recordRobots(result),
    turn,
    sleep,
    token,
  })
  const { honour } = politeness
  const tdm = new TdmGate({
    fetch: fetchUrl,
    load: async (origin) => (honour.includes('tdm') ? loadTdm(deps.db, crawl.crawl_no, origin) : []),
    mayAsk: async (url) => !honour.includes('robots') || (await gate.ask(url)).allowed,
    place,
    record: (result) => crawler?.recordTdm(result),
    turn,
    sleep,
  })
  crawler = new ShardCrawler(
    {
      commit,
      interpret,
      section,
      gate,
      tdm,
      schedule,
      turn,
      fetch: fetchUrl,
      revisits: revisitsOf(deps, base),
      addressOf: (url) => deps.addressOf(url),
      savePaces: (paces) => writePaces(deps.db, crawl.crawl_no, paces),
      takeSlot: deps.takeSlot,
      bodies: deps.bodies,
      isPaused: () => hasStopped(deps.db, crawl.id),
      now: () => performance.now(),
      sleep,
      onAddresses: (heard) => addresses.use(heard),
      signal,
      onCommit: (counts) => onUrls(counts.urls),
    },
    lease,
  )
  return crawler
}

/** Conditional requests against the frozen crawl of the section before this one. */
function revisitsOf(deps: CrawlDeps, base: number | null): Revisits {
  if (base === null) return NO_REVISITS
  return createRevisits({
    find: (urls) => baseCaptures(deps.db, base, urls),
    read: (place) => deps.readArchived(place),
  })
}

/** A stored answer at most 24 h old (RFC 9309 2.4). */
async function loadRobots(db: Kysely<Database>, crawlNo: number, origin: string): Promise<OriginRules | null> {
  const found = await sql<OriginRules>`SELECT verdict, rules FROM robots
    WHERE crawl_no = ${crawlNo} AND origin = ${origin} AND fetched_at > now() - interval '24 hours' AND verdict <> 'disallow_all'`.execute(
    db,
  )
  return found.rows[0] ?? null
}

/** A TDM file at most 24 h old, as robots.txt. */
async function loadTdm(db: Kysely<Database>, crawlNo: number, origin: string): Promise<TdmRule[] | null> {
  const found = await sql<{ rules: TdmRule[] }>`SELECT rules FROM tdm_file
    WHERE crawl_no = ${crawlNo} AND origin = ${origin} AND fetched_at > now() - interval '24 hours'`.execute(db)
  return found.rows[0]?.rules ?? null
}

/** The scope of each site of a crawl by its number. */
async function siteScopes(db: Kysely<Database>, crawlNo: number): Promise<ReadonlyMap<number, string>> {
  const sites = await db.selectFrom('site').select(['site_no', 'scope_key']).where('crawl_no', '=', crawlNo).execute()
  return new Map(sites.map((site) => [site.site_no, site.scope_key]))
}
