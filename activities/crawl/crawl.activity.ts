import { randomUUID } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { CrawlRound, CrawlShardResult } from '../../schema/contracts/crawl-work.ts'
import { PermanentError } from '../../schema/contracts/errors.ts'
import type { CrawlSection } from '../../schema/contracts/spec.ts'
import { foldTallies } from '../../schema/queries/crawl-counts.ts'
import { archiveOfShard, type ArchiveWork } from '../../schema/queries/archives.ts'
import { type CrawlRecord, getCrawl, noteCrawlFault, setCrawlState } from '../../schema/queries/crawls.ts'
import { ensureDefinition } from '../../schema/queries/definitions.ts'
import { freezeCrawl } from '../../schema/queries/freeze.ts'
import { clearFlight, startFlight } from '../../schema/queries/in-flight.ts'
import { acquireShard, type Lease, releaseShard, renewShard } from '../../schema/queries/leases.ts'
import { shardsWithWork, unfinishedUrls } from '../../schema/queries/crawl-progress.ts'
import type { CrawlState } from '../../schema/tables/crawl.table.ts'
import type { Database } from '../../schema/tables/database.ts'
import { type EdgeContext, runEdge } from '../edge/run-edge.ts'
import { BATCH_BYTES } from './batch.ts'
import { CRAWL_RUN } from './commit-batch.ts'
import { type CrawlDeps, createShardCrawler, hasStopped, placeIn, type SharedState } from './create-shard-crawler.ts'
import { importArchive } from './import-archive.ts'
import { KnownUrls } from './known-urls.ts'
import { productToken } from './robots.ts'
import { ServerBook } from './server-book.ts'

/** How long one activity crawls before it gives the shard back: short, so that the coordinator sees new work soon. */
const BUDGET_MS = 20_000
const RENEW_MS = 1_500
const BUSY_RETRY_MS = 500
/** Crawls of which a process keeps what their shards share, the last used: some 20 MB each. */
const CRAWLS_KEPT = 8
export type CrawlActivities = ReturnType<typeof createCrawlActivities>

export function createCrawlActivities(deps: CrawlDeps) {
  // One a crawl, beyond one activity: a hundred names on one small server are one server.
  const shared = new Map<number, SharedState>()
  const sharedOf = (crawlNo: number) => {
    const state = shared.get(crawlNo) ?? { servers: new ServerBook(), known: new KnownUrls() }
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
      if (edge.attempt > 1 && crawl.note_code === 'STORE_FULL') await roomForBatch()
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
