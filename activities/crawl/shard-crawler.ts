import type { FetchResult } from '../../infra/http.ts'
import { claimUrls, type FrontierRow, hostsWithWork } from '../../schema/queries/frontier.ts'
import type { Lease } from '../../schema/queries/leases.ts'
import type { CrawlSection } from '../../schema/contracts/spec.ts'
import { CrawlBatch, type RobotsResult, type UrlResult } from './batch.ts'
import { type CommitDeps, commitBatch } from './commit-batch.ts'
import { contactOf, contactOfRobots } from './host-budget.ts'
import { giveUpFound } from './judge-hosts.ts'
import type { HostSchedule } from './host-schedule.ts'
import { type InterpretDeps, interpretFailure, interpretResponse } from './interpret.ts'
import type { RobotsAnswer, RobotsGate } from './robots-gate.ts'

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
  /** Hosts by the URLs whose request runs: a suspended host's go back to the frontier before it has ended. */
  private readonly active = new Map<string, string>()
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
    for (const { host, waitMs, onProbation, givenUp } of hosts) {
      if (givenUp) await giveUpFound(this.deps.commit, this.lease, host)
      if (givenUp || waitMs > 0 || !this.deps.schedule.isLow(host, onProbation ? 1 : LOW_WATER)) continue
      if (onProbation && [...this.active.values()].includes(host)) continue
      const rows = await claimUrls(this.deps.commit.db, this.lease, host, onProbation ? 1 : CLAIM)
      // Its robots.txt shows whether it is there again, whatever is wrong with one of its URLs.
      if (onProbation) this.deps.gate.forget(host)
      this.deps.schedule.push(
        host,
        rows.filter((row) => !this.active.has(keyOf(row))),
      )
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
      this.active.set(keyOf(row), row.host)
      const address = this.deps.schedule.addressOf(row.host)
      void this.crawlUrl(row)
        .then((result) => this.batch.addResult(result, this.deps.now()))
        .catch((error: unknown) => {
          this.failure ??= error
        })
        .finally(() => {
          release()
          this.running -= 1
          this.active.delete(keyOf(row))
          this.deps.schedule.finish(row.host, address)
          this.wake?.()
        })
    }
  }

  private async crawlUrl(row: FrontierRow): Promise<UrlResult> {
    const { schedule, gate, section, interpret } = this.deps
    if (section.politeness.honour.includes('robots')) {
      const answer = await gate.ask(row.url)
      if (!answer.allowed) return notAllowed(row, answer)
      if (answer.delayMs > 0) schedule.raiseDelay(row.host, answer.delayMs)
      const result = await this.fetchRow(row, interpret)
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
    return this.fetchRow(row, interpret)
  }

  private async fetchRow(row: FrontierRow, interpret: InterpretDeps): Promise<UrlResult> {
    const response = await this.deps.fetch(row.url)
    this.deps.schedule.setAddress(row.host, response.remoteAddress)
    const result =
      response.kind === 'failure'
        ? interpretFailure(interpret, row, response)
        : await interpretResponse(interpret, row, response)
    // A server that asks for a pause gets it for the whole host, not for the one URL.
    if (result.outcome.state === 'retry')
      this.deps.schedule.pause(row.host, this.deps.now() + Math.min(result.outcome.waitMs, 60_000))
    const contact =
      response.kind === 'failure'
        ? contactOf(row.host, response.reason, response.errorCode)
        : { host: row.host, failure: null }
    return { ...result, contact }
  }

  private async commit(): Promise<void> {
    const batch = this.batch
    if (batch.records === 0) return
    this.batch = new CrawlBatch()
    const { silent } = await commitBatch(this.deps.commit, this.lease, batch)
    for (const host of silent) this.deps.schedule.drop(host)
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

/** A rule's refusal is the URL's end; a robots.txt that cannot be had is the host's matter, and the URL waits for it. */
function notAllowed(row: FrontierRow, { reason, detail }: Extract<RobotsAnswer, { allowed: false }>): UrlResult {
  const contact = reason === 'robots_unreachable' ? contactOfRobots(row.host, detail) : null
  return {
    draft: null,
    found: [],
    contact,
    outcome: {
      sha: row.url_sha,
      asPicture: row.picture,
      state: contact === null ? 'excluded' : 'retry',
      reason,
      detail,
      attempts: row.attempts,
      waitMs: 0,
      errorClass: contact?.failure?.class ?? null,
    },
  }
}

function keyOf(row: FrontierRow): string {
  return row.url_sha.toString('hex')
}
