import { randomUUID } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { CrawlRound, CrawlShardResult } from '../../schema/contracts/crawl-work.ts'
import { PermanentError } from '../../schema/contracts/errors.ts'
import type { CrawlSection } from '../../schema/contracts/spec.ts'
import { endProcess, exchangeAddresses, registerProcess } from '../../schema/queries/address-leases.ts'
import { foldTallies } from '../../schema/queries/crawl-counts.ts'
import { archiveOfShard, type ArchiveWork } from '../../schema/queries/archives.ts'
import { type CrawlToWorkOn, getCrawlToWorkOn, noteCrawlFault, setCrawlState } from '../../schema/queries/crawls.ts'
import { freezeCrawl } from '../../schema/queries/freeze.ts'
import { robotsOf } from '../../schema/queries/explain-url.ts'
import { hasOriginFiles, newestOriginFile, tdmFileOf } from '../../schema/queries/origin-files.ts'
import { clearFlight, startFlight } from '../../schema/queries/in-flight.ts'
import { acquireShard, type Lease, releaseShard, renewShard } from '../../schema/queries/leases.ts'
import { shardsWithWork, unfinishedUrls } from '../../schema/queries/crawl-progress.ts'
import type { CrawlState } from '../../schema/tables/crawl.table.ts'
import type { Database } from '../../schema/tables/database.ts'
import { type EdgeContext, runEdge } from '../edge/run-edge.ts'
import { AddressLeases, type LeaseTable } from './address-leases.ts'
import { BATCH_BYTES } from './batch.ts'
import { CRAWL_RUN } from './commit-batch.ts'
import { createArchivedRules } from './archived-rules.ts'
import { type CrawlDeps, crawlRows, createShardCrawler, hasStopped, type SharedState } from './create-shard-crawler.ts'
import { importArchive, type ImportDeps } from './import-archive.ts'
import { KnownUrls } from './known-urls.ts'
import { productToken, type RobotsRules } from './robots.ts'
import { searchArchive } from './search-archive.ts'
import { ServerBook, Servers } from './server-book.ts'
import type { TdmRule } from './tdm-file.ts'
import { UrlBook } from './url-book.ts'

/** How long one activity crawls before it gives the shard back: short, so that the coordinator sees new work soon. */
const BUDGET_MS = 20_000
const RENEW_MS = 1_500
const BUSY_RETRY_MS = 500
/** Crawls of which a process keeps what their shards share, the last used: some 20 MB each. */
const CRAWLS_KEPT = 8
export type CrawlActivities = ReturnType<typeof createCrawlActivities>

export function createCrawlActivities(deps: CrawlDeps) {
  // Beyond one activity and over all crawls: a hundred names on one small server are one server.
  const servers = new Servers()
  const addresses = new AddressLeases(leaseTable(deps.db), servers)
  const shared = new Map<number, SharedState>()
  const sharedOf = (crawl: CrawlToWorkOn) => {
    const { crawl_no: crawlNo, shards, section } = crawl
    const { scope } = section as CrawlSection
    const state = shared.get(crawlNo) ?? {
      book: new ServerBook(servers),
      known: new KnownUrls(),
      urls: new UrlBook({ shards, scope }),
      rows: crawlRows(deps, crawlNo),
      addresses,
    }
    shared.delete(crawlNo)
    shared.set(crawlNo, state)
    const [oldest] = shared.keys()
    if (shared.size > CRAWLS_KEPT && oldest !== undefined) shared.delete(oldest)
    return state
  }

  let asking: Promise<void> | null = null
  /** Asked once for all shards that are tried again: no site is asked, again and again, for what there is no room for. */
  const roomForBatch = () =>
    (asking ??= deps.store.requireRoom(BATCH_BYTES).finally(() => {
      asking = null
    }))

  /** An activity of one crawl: what a fault says is kept in the crawl's row. */
  const onCrawl = <Result>(id: string, work: (crawl: CrawlToWorkOn, edge: EdgeContext) => Promise<Result>) =>
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
      if (edge.attempt > 1 && crawl.note_code === 'STORE_FULL') await roomForBatch()
      const lease = await waitForShard(deps, edge, crawl, input.shard)
      return lease === null ? { outcome: 'busy', committed: 0 } : crawlLeased(deps, edge, crawl, lease, sharedOf(crawl))
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

function leaseTable(db: Kysely<Database>): LeaseTable {
  return {
    register: () => registerProcess(db),
    exchange: (news) => exchangeAddresses(db, news),
    end: (process) => endProcess(db, process),
  }
}

async function requireCrawl(db: Kysely<Database>, id: string): Promise<CrawlToWorkOn> {
  const crawl = await getCrawlToWorkOn(db, id)
  if (!crawl) throw new PermanentError('CRAWL_NOT_FOUND', `crawl ${id} is not in the database: see ./mella crawl list`)
  return crawl
}

async function waitForShard(
  deps: CrawlDeps,
  edge: EdgeContext,
  crawl: CrawlToWorkOn,
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
  crawl: CrawlToWorkOn,
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
      return archive.done
        ? { outcome: 'idle', committed }
        : await importLeased(deps, crawl, lease, shared, archive, signal)
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
  crawl: CrawlToWorkOn,
  lease: Lease,
  { urls, rows }: SharedState,
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
    extractDef: await rows.extractDef(),
    interpret: {
      ...deps,
      section,
      token,
      place: (url: string, base?: string) => urls.place(url, base),
      link: (url: string, base: string) => urls.link(url, base),
      inScope: () => false,
    },
    maxBodyBytes: section.limits.max_body_mib * 1024 * 1024,
    wordOf: await archivedRules(db, crawl.crawl_no, urls, token),
    isPaused,
    now: () => performance.now(),
    signal,
  }
  if (!work.files_done) return searchArchive(importing, lease, work, BUDGET_MS)
  return work.others_searched ? { outcome: 'waiting', committed: 0 } : importArchive(importing, lease, work, BUDGET_MS)
}

/** What the origins' files in the crawl's archives say; nothing where there are none. */
async function archivedRules(
  db: Kysely<Database>,
  crawlNo: number,
  urls: UrlBook,
  token: string,
): Promise<ImportDeps['wordOf']> {
  if (!(await hasOriginFiles(db, crawlNo))) return () => Promise.resolve({ refusal: null, signals: [] })
  return createArchivedRules({
    find: (kind, urlSha) => newestOriginFile(db, crawlNo, kind, urlSha),
    robots: async (origin) => ((await robotsOf(db, crawlNo, origin))?.rules ?? null) as RobotsRules | null,
    tdm: async (origin) => (await tdmFileOf(db, crawlNo, origin)) as TdmRule[] | null,
    place: (url) => urls.place(url),
    token,
  })
}
