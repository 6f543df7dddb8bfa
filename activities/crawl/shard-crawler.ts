import type { FetchResult } from '../../infra/http.ts'
import { claimUrls, type FrontierRow, hostsWithWork } from '../../schema/queries/frontier.ts'
import type { Lease } from '../../schema/queries/leases.ts'
import type { CrawlSection } from '../../schema/contracts/spec.ts'
import type { OptOutSignal } from '../../schema/contracts/opt-out.ts'
import { CrawlBatch, type RobotsResult, type TdmResult, type UrlResult } from './batch.ts'
import { type CommitDeps, commitBatch } from './commit-batch.ts'
import type { HostSchedule } from './host-schedule.ts'
import { type InterpretDeps, interpretFailure, interpretResponse } from './interpret.ts'
import type { RobotsGate } from './robots-gate.ts'
import type { TdmGate } from './tdm-gate.ts'

/** URLs claimed of one host at a time: some seconds of work at full speed, a short list to give back after a kill. */
const CLAIM = 32
const LOW_WATER = 8
const HOSTS_AT_A_TIME = 256
/** How often a shard without work looks for what other shards found for it. */
const POLL_MS = 200

export interface ShardCrawlerDeps {
  commit: CommitDeps
  interpret: InterpretDeps
  section: CrawlSection
  gate: RobotsGate
  tdm: TdmGate
  schedule: HostSchedule
  fetch(url: string): Promise<FetchResult>
  /** A place among the process' simultaneous requests; call the result to give it back. */
  takeSlot(): (() => void) | null
  isPaused(): Promise<boolean>
  now(): number
  sleep(ms: number): Promise<void>
  /** Aborts when the activity is cancelled or the lease is lost. */
  signal: AbortSignal
  onCommit(counts: { urls: number }): void
}

export type ShardOutcome = 'idle' | 'waiting' | 'budget' | 'paused'

/**
 * Crawls one shard for up to `budgetMs`: claims due URLs host by host, fetches them as the schedule allows, commits in
 * batches. Everything not committed when it ends stays leased and goes back to pending with the lease.
 */
export class ShardCrawler {
  private batch = new CrawlBatch()
  private running = 0
  private committing: Promise<void> | null = null
  private failure: unknown = null
  private wake: (() => void) | null = null
  private readonly exhausted = new Map<string, number>()
  private readonly deps: ShardCrawlerDeps
  private readonly lease: Lease

  constructor(deps: ShardCrawlerDeps, lease: Lease) {
    this.deps = deps
    this.lease = lease
  }

  async run(budgetMs: number): Promise<ShardOutcome> {
    const end = this.deps.now() + budgetMs
    for (;;) {
      this.deps.signal.throwIfAborted()
      if (this.failure) throw this.failure
      const now = this.deps.now()
      const stopping = now >= end
      if (!stopping) await this.refill(now)
      if (!stopping) this.startFetches()
      if (this.batch.isDue(this.deps.now()) || (this.running === 0 && this.batch.records > 0)) {
        await this.commit()
        if (await this.deps.isPaused()) return this.drain('paused')
        continue
      }
      if (this.running === 0 && this.committing === null) {
        if (stopping) return 'budget'
        const wait = await this.nextWorkMs()
        if (wait === null) return 'idle'
        if (now + wait >= end) return 'waiting'
        await this.deps.sleep(Math.max(5, Math.min(wait, POLL_MS)))
        continue
      }
      await this.somethingHappens()
    }
  }

  /** A robots answer is committed with the next batch. */
  recordRobots(result: RobotsResult): void {
    this.batch.addRobots(result, this.deps.now())
  }

  /** So is what an origin's TDM file says. */
  recordTdm(result: TdmResult): void {
    this.batch.addTdm(result, this.deps.now())
  }

  private async drain(outcome: ShardOutcome): Promise<ShardOutcome> {
    while (this.running > 0) await this.somethingHappens()
    await this.commit()
    return outcome
  }

  private async refill(now: number): Promise<void> {
    // Ask the database only when a host may have more than what is queued here.
    if (this.deps.schedule.queued > 0 && [...this.exhausted.values()].every((until) => until > now)) return
    const hosts = await hostsWithWork(this.deps.commit.db, this.lease, HOSTS_AT_A_TIME)
    this.exhausted.clear()
    this.exhausted.set('', now + POLL_MS)
    for (const { host, waitMs } of hosts) {
      if (waitMs > 0 || !this.deps.schedule.isLow(host, LOW_WATER)) continue
      const rows = await claimUrls(this.deps.commit.db, this.lease, host, CLAIM)
      this.deps.schedule.push(host, rows)
      if (rows.length === CLAIM) this.exhausted.set('', now + POLL_MS / 4)
    }
  }

  private startFetches(): void {
    for (;;) {
      const release = this.deps.takeSlot()
      if (!release) return
      const row = this.deps.schedule.take(this.deps.now())
      if (!row) {
        release()
        return
      }
      this.running += 1
      const address = this.deps.schedule.addressOf(row.host)
      void this.crawlUrl(row)
        .then((result) => this.batch.addResult(result, this.deps.now()))
        .catch((error: unknown) => {
          this.failure ??= error
        })
        .finally(() => {
          release()
          this.running -= 1
          this.deps.schedule.finish(row.host, address)
          this.wake?.()
        })
    }
  }

  private async crawlUrl(row: FrontierRow): Promise<UrlResult> {
    const { schedule, gate, section, interpret } = this.deps
    const { honour } = section.politeness
    if (honour.includes('robots')) {
      const answer = await gate.ask(row.url)
      if (!answer.allowed) return excluded(row, answer.reason, answer.detail)
      if (answer.delayMs > 0) schedule.raiseDelay(row.host, answer.delayMs)
      const result = await this.fetchRow(row, interpret, answer.signals)
      for (const sitemap of row.site_no === null || row.sitemap ? [] : answer.sitemaps) {
        const target = interpret.place(sitemap, row.url)
        if (target && interpret.inScope(row.site_no as number, target.url)) {
          result.found.push({
            ...target,
            siteNo: row.site_no,
            depth: row.depth,
            kind: 'sitemap',
            redirects: 0,
            fromSha: null,
          })
        }
      }
      return result
    }
    // Preferences stand in robots.txt, too, where its rules of access are not heeded.
    const answer = honour.includes('ai-pref') ? await gate.ask(row.url) : null
    return this.fetchRow(row, interpret, answer?.allowed === true ? answer.signals : [])
  }

  /** `robots`: what robots.txt says of the use of the URL; the TDM file of its origin is asked here. */
  private async fetchRow(row: FrontierRow, interpret: InterpretDeps, robots: OptOutSignal[]): Promise<UrlResult> {
    const { response, signals } = await this.deps.tdm.under(row.url, row.attempts, () => this.deps.fetch(row.url))
    this.deps.schedule.setAddress(row.host, response.remoteAddress)
    const result =
      response.kind === 'failure'
        ? interpretFailure(interpret, row, response)
        : await interpretResponse(interpret, row, response, [...robots, ...signals])
    // A server that asks for a pause gets it for the whole host, not for the one URL.
    if (result.outcome.state === 'retry')
      this.deps.schedule.pause(row.host, this.deps.now() + Math.min(result.outcome.waitMs, 60_000))
    return result
  }

  private async commit(): Promise<void> {
    const batch = this.batch
    if (batch.records === 0) return
    this.batch = new CrawlBatch()
    await commitBatch(this.deps.commit, this.lease, batch)
    this.exhausted.clear()
    this.deps.onCommit({ urls: batch.results.length })
  }

  /** Milliseconds until the shard has something to do; null when it has nothing at all. */
  private async nextWorkMs(): Promise<number | null> {
    const queued = this.deps.schedule.waitMs(this.deps.now())
    if (queued !== null) return queued
    const [next] = await hostsWithWork(this.deps.commit.db, this.lease, 1)
    return next ? next.waitMs : null
  }

  private async somethingHappens(): Promise<void> {
    const happened = new Promise<void>((resolve) => {
      this.wake = resolve
    })
    const delay = this.deps.schedule.waitMs(this.deps.now()) ?? POLL_MS
    await Promise.race([happened, this.deps.sleep(Math.max(1, Math.min(delay, POLL_MS)))])
    this.wake = null
  }
}

function excluded(row: FrontierRow, reason: string, detail: string | null): UrlResult {
  return {
    draft: null,
    found: [],
    outcome: {
      sha: row.url_sha,
      asPicture: row.picture,
      state: 'excluded',
      reason,
      detail,
      attempts: row.attempts,
      waitMs: 0,
    },
  }
}
