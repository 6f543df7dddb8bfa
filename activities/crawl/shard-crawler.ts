import {
  claimUrls,
  type DueHost,
  dueHosts,
  type FrontierRow,
  nextDueMs,
  noteAddresses,
  suspendHosts,
} from '../../schema/queries/frontier.ts'
import type { Lease } from '../../schema/queries/leases.ts'
import { CrawlBatch, type RobotsResult, type TdmResult } from './batch.ts'
import { type CommitDeps, commitBatch } from './commit-batch.ts'
import type { HostSchedule, Turn } from './host-schedule.ts'
import { giveUpFound } from './judge-hosts.ts'
import { type VisitDeps, visitUrl } from './visit-url.ts'

/**
 * URLs claimed of one host at a time, and again when half of them are gone: some seconds of work at full speed, a short
 * list to give back after a kill.
 */
const CLAIM = 32
const HOSTS_AT_A_TIME = 256
/** Hosts at hand that may be asked now: as many as a process asks at a time by default. More would only be leased for longer. */
const ENOUGH_HOSTS = 16
/** Of a shard with many hosts at hand, so few are claimed of each that all of them fit into memory. */
const MANY_QUEUED = 8_192
const CLAIM_OF_MANY = 4
/** Of more hosts than these at once, one URL is claimed of each whose address is not known: they may all be one server. */
const FEW_HOSTS = 64
/** How often a shard without work looks for what other shards found for it, and how often one that has some. */
const POLL_MS = 200
const BUSY_POLL_MS = 1_000
/** A commit costs about this much: with less to wait for, the batch waits for more to come. */
const SOON_MS = 100

export interface ShardCrawlerDeps extends VisitDeps {
  commit: CommitDeps
  /** The address that a URL's requests go to; null when its name has none. */
  addressOf(url: string): Promise<string | null>
  savePaces(paces: ReturnType<HostSchedule['takeLearnt']>): Promise<void>
  /** A place among the process' simultaneous requests; call the result to give it back. */
  takeSlot(): (() => void) | null
  isPaused(): Promise<boolean>
  sleep(ms: number): Promise<void>
  /** Holds addresses until its end; calls back when one came. */
  onAddresses(heard: () => void): { end(): Promise<void> }
  /** Aborts when the activity is cancelled or the lease is lost. */
  signal: AbortSignal
  onCommit(counts: { urls: number }): void
}

export type ShardOutcome = 'idle' | 'waiting' | 'budget' | 'paused'

/**
 * Crawls one shard for up to `budgetMs`: claims due URLs host by host, fetches them as the schedule allows, commits in
 * batches beside that. Everything not committed when it ends stays leased and goes back to pending with the lease.
 */
export class ShardCrawler {
  private batch = new CrawlBatch()
  private running = 0
  private committing: Promise<void> | null = null
  private refilling: Promise<void> | null = null
  private failure: unknown = null
  private paused = false
  private ended = false
  private wake: (() => void) | null = null
  private lastClaimed = ''
  private readonly resolving = new Set<string>()
  /** Hosts with work that the last look found and that were not claimed from yet. */
  private found: DueHost[] = []
  private foundMany = false
  /** Called when a refill has brought URLs, or none. */
  private onRefilled: (() => void) | null = null
  /** Hosts that may have more than what was claimed of them, and when to ask for others. */
  private readonly plenty = new Set<string>()
  private nextPoll = 0
  /** Hosts by the URLs whose request runs: a suspended host's go back to the frontier before it has ended. */
  private readonly active = new Map<string, string>()
  private readonly deps: ShardCrawlerDeps
  private readonly lease: Lease

  constructor(deps: ShardCrawlerDeps, lease: Lease) {
    this.deps = deps
    this.lease = lease
  }

  async run(budgetMs: number): Promise<ShardOutcome> {
    const addresses = this.deps.onAddresses(() => this.wake?.())
    try {
      return await this.crawlUntil(this.deps.now() + budgetMs)
    } finally {
      await this.committing
      await this.refilling
      this.ended = true
      this.batch.end()
      await addresses.end()
    }
  }

  private async crawlUntil(end: number): Promise<ShardOutcome> {
    for (;;) {
      this.deps.signal.throwIfAborted()
      if (this.failure) throw this.failure
      const now = this.deps.now()
      const stopping = now >= end
      if (this.paused) return this.drain('paused')
      const isFull = this.committing !== null && this.batch.isDue(now)
      if (!stopping && !isFull) {
        const refilled = this.startRefill(now)
        if (this.deps.schedule.queued === 0 && this.running === 0) await refilled
        this.startFetches()
      }
      if (this.committing === null && this.shouldCommit()) {
        this.startCommit()
        continue
      }
      if (this.running === 0 && this.resolving.size === 0 && this.committing === null) {
        const wait = stopping ? 0 : await this.nextWorkMs()
        const outcome = stopping ? 'budget' : wait === null ? 'idle' : now + wait >= end ? 'waiting' : null
        if (outcome !== null && this.batch.records === 0) {
          // Else the coordinator would see URLs that are due, and give the shard out again at once.
          if (outcome === 'waiting') await this.suspend(this.deps.schedule.longWaits(now))
          return outcome
        }
        if (outcome !== null) this.startCommit()
        else await this.deps.sleep(Math.max(5, Math.min(wait ?? 0, POLL_MS)))
      } else await this.somethingHappens()
    }
  }

  /** A batch that is full or old, or what there is when nothing more comes soon. */
  private shouldCommit(): boolean {
    if (this.batch.records === 0) return false
    if (this.batch.isDue(this.deps.now()) || this.deps.bodies.isShort) return true
    return this.running === 0 && (this.deps.schedule.waitMs(this.deps.now()) ?? SOON_MS) >= SOON_MS
  }

  /** One at a time, beside the fetches: a batch that fills up meanwhile stops them. */
  private startCommit(): void {
    this.committing = this.commit()
      .then(async () => {
        this.paused = await this.deps.isPaused()
      })
      .catch((error: unknown) => {
        this.failure ??= error
      })
      .finally(() => {
        this.committing = null
        this.wake?.()
      })
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
    while (this.running > 0) {
      if (this.committing === null && this.batch.records > 0 && this.deps.bodies.isShort) this.startCommit()
      await this.somethingHappens()
    }
    await this.committing
    if (this.failure) throw this.failure
    await this.commit()
    return outcome
  }

  /**
   * Beside the fetches: what is queued goes on while the database is asked for more. Resolves with the next URLs that
   * come, or when none do: in a shard with many hosts the last ones come seconds after the first.
   */
  private startRefill(now: number): Promise<void> {
    const refilled = new Promise<void>((resolve) => {
      this.onRefilled = resolve
    })
    this.refilling ??= this.refill(now)
      .catch((error: unknown) => {
        this.failure ??= error
      })
      .finally(() => {
        this.refilling = null
        this.onRefilled?.()
      })
    return refilled
  }

  private async refill(now: number): Promise<void> {
    const { schedule, commit } = this.deps
    if (this.found.length === 0) {
      if (!this.wantsMore(now)) return
      schedule.forgetIdle()
      await noteAddresses(commit.db, this.lease.crawlNo, schedule.takeLocated())
      const crowded = schedule.crowded()
      const look = { limit: HOSTS_AT_A_TIME, after: this.lastClaimed, crowded }
      this.found = await dueHosts(commit.db, this.lease, look)
      this.foundMany = this.found.length > FEW_HOSTS
      this.plenty.clear()
      this.nextPoll = now + BUSY_POLL_MS
    }
    while (schedule.readyHosts(this.deps.now()) < ENOUGH_HOSTS) {
      const next = this.found.shift()
      if (!next) return
      await this.claimFrom(next)
    }
  }

  private async claimFrom({ host, onProbation, givenUp }: DueHost): Promise<void> {
    const { schedule, commit, gate } = this.deps
    if (givenUp) await giveUpFound(commit, this.lease, host)
    const claim = schedule.queued > MANY_QUEUED ? CLAIM_OF_MANY : CLAIM
    if (givenUp || !schedule.isLow(host, onProbation ? 1 : claim / 2)) return
    if (onProbation && [...this.active.values()].includes(host)) return
    const isOne = onProbation || (this.foundMany && !schedule.knowsAddress(host))
    const rows = await claimUrls(commit.db, this.lease, host, isOne ? 1 : claim)
    this.lastClaimed = host
    // Its robots.txt shows whether it is there again, whatever is wrong with one of its URLs.
    if (onProbation) gate.forget(host)
    schedule.push(
      host,
      rows.filter((row) => !this.active.has(keyOf(row))),
    )
    this.resolve(host, rows[0])
    if (rows.length === (isOne ? 1 : claim) && !onProbation) this.plenty.add(host)
    if (rows.length === 0) return
    this.onRefilled?.()
    this.wake?.()
  }

  /** The database is asked when a host may have more than what is queued here. */
  private wantsMore(now: number): boolean {
    const { schedule } = this.deps
    return (
      schedule.queued === 0 ||
      this.nextPoll <= now ||
      this.plenty.values().some((host) => schedule.isLow(host, CLAIM / 2))
    )
  }

  private startFetches(): void {
    for (;;) {
      if (this.deps.bodies.isShort) return
      const release = this.deps.takeSlot()
      if (!release) return
      const taken = this.deps.schedule.take(this.deps.now())
      if (!taken) {
        release()
        return
      }
      // Its host is free for the next one before the answer was looked into.
      const turn = this.waking(taken)
      this.running += 1
      this.active.set(keyOf(turn.row), turn.row.host)
      void visitUrl(this.deps, turn, (result, share) => {
        // Without a draft no byte of the body is needed any more; after the end nothing is committed.
        if (!result.draft || this.ended) share?.close()
        this.batch.addResult(result, this.deps.now(), share)
      })
        .catch((error: unknown) => {
          this.failure ??= error
          turn.finish(this.deps.now(), null)
        })
        .finally(() => {
          release()
          this.running -= 1
          this.active.delete(keyOf(turn.row))
          this.wake?.()
        })
    }
  }

  private waking(turn: Turn): Turn {
    return {
      row: turn.row,
      finish: (now, seen) => {
        turn.finish(now, seen)
        this.wake?.()
      },
    }
  }

  /** Requests of a host wait until its address is known: it may be another host's, too. */
  private resolve(host: string, row: FrontierRow | undefined): void {
    const { schedule } = this.deps
    if (!row || schedule.knowsAddress(host) || this.resolving.has(host)) return
    this.resolving.add(host)
    void this.deps
      .addressOf(row.url)
      .then((address) => schedule.setAddress(host, address ?? ''))
      .catch((error: unknown) => {
        this.failure ??= error
      })
      .finally(() => {
        this.resolving.delete(host)
        this.wake?.()
      })
  }

  private async commit(): Promise<void> {
    const batch = this.batch
    if (batch.records === 0) return
    this.batch = new CrawlBatch()
    const { silent } = await commitBatch(this.deps.commit, this.lease, batch).finally(() => batch.end())
    const { schedule } = this.deps
    for (const host of silent) schedule.drop(host)
    await this.deps.savePaces(schedule.takeLearnt(this.deps.now()))
    await this.suspend(schedule.takePauses(this.deps.now()))
    // A host that was suspended is not to be claimed from any more.
    this.found = []
    this.nextPoll = 0
    this.deps.onCommit({ urls: batch.results.length })
  }

  private suspend(hosts: { host: string; waitMs: number }[]): Promise<void> {
    return suspendHosts(this.deps.commit.db, this.lease.crawlNo, hosts)
  }

  /** Milliseconds until the shard has something to do; null when it has nothing at all. */
  private async nextWorkMs(): Promise<number | null> {
    const queued = this.deps.schedule.waitMs(this.deps.now())
    if (queued !== null) return queued
    return nextDueMs(this.deps.commit.db, this.lease)
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

function keyOf(row: FrontierRow): string {
  return row.url_sha.toString('hex')
}
