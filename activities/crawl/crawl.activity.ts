import { randomUUID } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import type { BodyBudget, BodyShare } from '../../infra/body-budget.ts'
import type { FetchResult } from '../../infra/http.ts'
import type { ObjectStore } from '../../infra/objects.ts'
import type { CrawlRound, CrawlShardResult } from '../../schema/contracts/crawl-work.ts'
import { PermanentError } from '../../schema/contracts/errors.ts'
import type { CrawlSection } from '../../schema/contracts/spec.ts'
import { foldTallies } from '../../schema/queries/crawl-counts.ts'
import { archiveOfShard, type ArchiveWork } from '../../schema/queries/archives.ts'
import { baseCaptures, baseCrawl } from '../../schema/queries/base-captures.ts'
import { type CrawlRecord, getCrawl, noteCrawlFault, setCrawlState } from '../../schema/queries/crawls.ts'
import { ensureDefinition } from '../../schema/queries/definitions.ts'
import { freezeCrawl } from '../../schema/queries/freeze.ts'
import { clearFlight, startFlight } from '../../schema/queries/in-flight.ts'
import { acquireShard, type Lease, releaseShard, renewShard } from '../../schema/queries/leases.ts'
import { readPaces, writePaces } from '../../schema/queries/server-pace.ts'
import { shardsWithWork, unfinishedUrls } from '../../schema/queries/crawl-progress.ts'
import type { CrawlState } from '../../schema/tables/crawl.table.ts'
import type { Database } from '../../schema/tables/database.ts'
import { type EdgeContext, runEdge, sleepUntil } from '../edge/run-edge.ts'
import type { Definition } from '../steps/step.ts'
import { type Archive, CRAWL_RUN } from './commit-batch.ts'
import { canonicalUrl, registrableDomain, siteOf, urlDigest } from './canonical-url.ts'
import { HostSchedule } from './host-schedule.ts'
import { type ArchiveFiles, importArchive } from './import-archive.ts'
import { type InterpretDeps, MAX_DEPTH } from './interpret.ts'
import { KnownUrls } from './known-urls.ts'
import { shardOf } from './plan-crawl.ts'
import { productToken } from './robots.ts'
import { type OriginRules, RobotsGate } from './robots-gate.ts'
import { type ArchivedRecord, createRevisits, NO_REVISITS, type Revisits } from './revisit.ts'
import { ServerBook } from './server-book.ts'
import { ShardCrawler } from './shard-crawler.ts'
import type { TdmRule } from './tdm-file.ts'
import { TdmGate } from './tdm-gate.ts'

/** How long one activity crawls before it gives the shard back: short, so that the coordinator sees new work soon. */
const BUDGET_MS = 20_000
const RENEW_MS = 1_500
const BUSY_RETRY_MS = 500
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

/** What all shards of a crawl share in one process. */
interface SharedState {
  servers: ServerBook
  known: KnownUrls
}

export type CrawlActivities = ReturnType<typeof createCrawlActivities>

export function createCrawlActivities(deps: CrawlDeps) {
  // One a crawl, for as long as the process lives: a hundred names on one small server are one server.
  const shared = new Map<number, SharedState>()
  const sharedOf = (crawlNo: number) => {
    const state = shared.get(crawlNo) ?? { servers: new ServerBook(), known: new KnownUrls() }
    shared.set(crawlNo, state)
    return state
  }

  /** An activity of one crawl: what a fault says is kept in the crawl's row. */
  const onCrawl = <Result>(id: string, work: (crawl: CrawlRecord, edge: EdgeContext) => Promise<Result>) =>
    runEdge(
      async (edge) => work(await requireCrawl(deps.db, id), edge),
      ({ code, message }) => noteCrawlFault(deps.db, id, code, message),
    )

  /** What the coordinator should do next: a query of committed rows. Safe to run at any time. */
  const planCrawlRound = (input: { crawlId: string }): Promise<CrawlRound> =>
    onCrawl(input.crawlId, async (crawl) => {
      if (crawl.state === 'cancelled') return { kind: 'cancelled' }
      if (crawl.state === 'frozen') return { kind: 'finished' }
      if (crawl.paused) return { kind: 'paused' }
      await foldTallies(deps.db, crawl.crawl_no)
      const { shards, waitMs } = await shardsWithWork(deps.db, crawl.crawl_no)
      return shards.length === 0 && waitMs === null
        ? { kind: 'finished' }
        : { kind: 'work', shards, waitMs: waitMs ?? 0 }
    })

  /** Crawls one shard for a while. A second run waits for the first one's lease; a zombie's commits are refused. */
  const crawlShard = (input: { crawlId: string; shard: number }): Promise<CrawlShardResult> =>
    onCrawl(input.crawlId, async (crawl, edge) => {
      const lease = await waitForShard(deps, edge, crawl, input.shard)
      return lease === null
        ? { outcome: 'busy', committed: 0 }
        : crawlLeased(deps, edge, crawl, lease, sharedOf(crawl.crawl_no))
    })

  /** Ends a crawl: partial when a URL could still be had or a seed failed, else frozen. Safe to run twice. */
  const endCrawl = (input: { crawlId: string }): Promise<{ state: 'partial' | 'frozen' }> =>
    onCrawl(input.crawlId, async (crawl) => {
      if (crawl.state === 'frozen') return { state: 'frozen' }
      const unfinished = await unfinishedUrls(deps.db, crawl.crawl_no)
      if (unfinished.retryable > 0 || unfinished.failedSeeds > 0) {
        await setCrawlState(deps.db, crawl.crawl_no, {
          state: 'partial',
          note: `${unfinished.failedSeeds} failed seeds, ${unfinished.retryable} URLs to retry`,
          note_code: null,
        })
        return { state: 'partial' }
      }
      const flight = { run: CRAWL_RUN, step: 'freeze', first_no: crawl.crawl_no, last_no: crawl.crawl_no }
      await startFlight(deps.db, flight, 1, deps.worker)
      await freezeCrawl(deps.db, crawl.crawl_no)
      await setCrawlState(deps.db, crawl.crawl_no, { state: 'frozen', note: null, note_code: null })
      await clearFlight(deps.db, flight)
      return { state: 'frozen' }
    })

  /** A crawl that a lasting fault of ours ended: what it has stays, resume goes on with it. Safe to run twice. */
  const failCrawl = (input: { crawlId: string; code: string }): Promise<{ state: 'failed' }> =>
    onCrawl(input.crawlId, async (crawl) => {
      // The activity that failed has noted what it said.
      const note = crawl.note_code === input.code ? crawl.note : `${input.code}: the logs of the workers say more`
      await setCrawlState(deps.db, crawl.crawl_no, { state: 'failed', note, note_code: input.code })
      return { state: 'failed' }
    })

  const readCrawlState = (input: { crawlId: string }): Promise<{ state: CrawlState }> =>
    onCrawl(input.crawlId, (crawl) => Promise.resolve({ state: crawl.state }))

  return { planCrawlRound, crawlShard, endCrawl, failCrawl, readCrawlState }
}

async function requireCrawl(db: Kysely<Database>, id: string): Promise<CrawlRecord> {
  const crawl = await getCrawl(db, id)
  if (!crawl) throw new PermanentError('CRAWL_NOT_FOUND', `crawl ${id} is not in the database: see ./mella crawl list`)
  return crawl
}

async function waitForShard(
  deps: CrawlDeps,
  edge: EdgeContext,
  crawl: CrawlRecord,
  shard: number,
): Promise<Lease | null> {
  const owner = `${deps.worker}/${randomUUID()}`
  while (!edge.signal.aborted) {
    const lease = await acquireShard(deps.db, crawl.crawl_no, shard, owner)
    if (lease) return lease
    await edge.sleep(BUSY_RETRY_MS)
  }
  return null
}

async function crawlLeased(
  deps: CrawlDeps,
  edge: EdgeContext,
  crawl: CrawlRecord,
  lease: Lease,
  shared: SharedState,
): Promise<CrawlShardResult> {
  const lost = new AbortController()
  const signal = AbortSignal.any([edge.signal, lost.signal])
  const renewal = setInterval(() => {
    renewShard(deps.db, lease).catch((error: unknown) => lost.abort(error))
  }, RENEW_MS)
  let committed = 0
  try {
    const archive = await archiveOfShard(deps.db, crawl.crawl_no, lease.shard)
    if (archive)
      return archive.done ? { outcome: 'idle', committed } : await importLeased(deps, crawl, lease, archive, signal)
    const crawler = await createShardCrawler(deps, crawl, lease, signal, shared, (urls) => {
      committed += urls
    })
    const outcome = await crawler.run(BUDGET_MS)
    return { outcome, committed }
  } finally {
    clearInterval(renewal)
    await releaseShard(deps.db, lease)
  }
}

async function importLeased(
  deps: CrawlDeps,
  crawl: CrawlRecord,
  lease: Lease,
  work: ArchiveWork,
  signal: AbortSignal,
): Promise<CrawlShardResult> {
  const section = crawl.section as CrawlSection
  const token = productToken(section.politeness.user_agent)
  const { db, store, archive, files } = deps
  const isPaused = () => hasStopped(db, crawl.id)
  const importing = {
    db,
    store,
    archive,
    files,
    extractDef: await ensureDefinition(db, deps.definitions.extract, deps.commitId),
    interpret: { ...deps, section, token, place: placeIn(crawl), inScope: () => false },
    maxBodyBytes: section.limits.max_body_mib * 1024 * 1024,
    isPaused,
    now: () => performance.now(),
    signal,
  }
  return importArchive(importing, lease, work, BUDGET_MS)
}

async function hasStopped(db: Kysely<Database>, id: string): Promise<boolean> {
  const now = await getCrawl(db, id)
  return now === undefined || now.paused || now.state === 'cancelled' || now.state === 'frozen'
}

/** Names URLs for the frontier of a crawl. */
function placeIn(crawl: CrawlRecord): InterpretDeps['place'] {
  return (url, base) => {
    const canonical = canonicalUrl(url, base)
    if (!canonical.ok) return null
    const { host, hostname } = new URL(canonical.url)
    return {
      url: canonical.url,
      sha: Buffer.from(urlDigest(canonical.url), 'hex'),
      host,
      shard: shardOf(registrableDomain(hostname), crawl.shards),
    }
  }
}

async function createShardCrawler(
  deps: CrawlDeps,
  crawl: CrawlRecord,
  lease: Lease,
  signal: AbortSignal,
  { servers, known }: SharedState,
  onUrls: (urls: number) => void,
): Promise<ShardCrawler> {
  const section = crawl.section as CrawlSection
  const { politeness, limits } = section
  const hostLimits = { perHost: politeness.per_host, perAddress: politeness.per_address, delayMs: politeness.delay_ms }
  const schedule = new HostSchedule(hostLimits, servers)
  for (const { address, ...kept } of await readPaces(deps.db, crawl.crawl_no))
    servers.learn(address, kept, performance.now())
  const scopes = await siteScopes(deps.db, crawl.crawl_no)
  const fetchUrl = (url: string, headers: [string, string][] = [], share?: BodyShare) =>
    deps.fetchOnce({
      url,
      userAgent: politeness.user_agent,
      maxBodyBytes: limits.max_body_mib * 1024 * 1024,
      deadlineMs: limits.seconds_per_page * 1000,
      maxRatio: MAX_RATIO,
      signal,
      headers,
      ...(share === undefined ? {} : { share }),
    })
  const sleep = (ms: number) => sleepUntil(ms, signal)
  const place = placeIn(crawl)
  const inScope = (siteNo: number, url: string) => scopes.get(siteNo) === siteOf(url, section.scope)
  const extractDef = await ensureDefinition(deps.db, deps.definitions.extract, deps.commitId)
  const commit = {
    db: deps.db,
    store: deps.store,
    archive: deps.archive,
    known,
    extractDef,
    limits: { pagesPerHost: limits.pages_per_host, depth: Math.min(limits.depth, MAX_DEPTH), extractDef },
    budget: { giveUpMs: limits.give_up_hours * 3_600_000, asksRobots: politeness.honour.includes('robots') },
  }
  const token = productToken(politeness.user_agent)
  const interpret: InterpretDeps = { ...deps, section, token, place, inScope }
  let crawler: ShardCrawler | null = null
  const gate = new RobotsGate({
    fetch: fetchUrl,
    load: (origin) => loadRobots(deps.db, crawl.crawl_no, origin),
    place,
    record: (result) => crawler?.recordRobots(result),
    sleep,
    token,
  })
  const { honour } = politeness
  const tdm = new TdmGate({
    fetch: fetchUrl,
    load: async (origin) => (honour.includes('tdm') ? loadTdm(deps.db, crawl.crawl_no, origin) : []),
    waitFor: async (url) => {
      const answer = honour.includes('robots') ? await gate.ask(url) : null
      if (answer?.allowed === false) return null
      return Math.max(politeness.delay_ms, answer?.delayMs ?? 0)
    },
    place,
    record: (result) => crawler?.recordTdm(result),
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
      fetch: fetchUrl,
      revisits: await revisitsOf(deps, crawl.crawl_no),
      addressOf: (url) => deps.addressOf(url),
      savePaces: (paces) => writePaces(deps.db, crawl.crawl_no, paces),
      takeSlot: deps.takeSlot,
      bodies: deps.bodies,
      isPaused: () => hasStopped(deps.db, crawl.id),
      now: () => performance.now(),
      sleep,
      signal,
      onCommit: (counts) => onUrls(counts.urls),
    },
    lease,
  )
  return crawler
}

/** Conditional requests against the frozen crawl of the section before this one. */
async function revisitsOf(deps: CrawlDeps, crawlNo: number): Promise<Revisits> {
  const base = await baseCrawl(deps.db, crawlNo)
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

async function siteScopes(db: Kysely<Database>, crawlNo: number): Promise<Map<number, string>> {
  const sites = await db.selectFrom('site').select(['site_no', 'scope_key']).where('crawl_no', '=', crawlNo).execute()
  return new Map(sites.map((site) => [site.site_no, site.scope_key]))
}
