import { type FrontierRow, nextDueMs, suspendHosts } from '../../schema/queries/frontier.ts'
import type { Lease } from '../../schema/queries/leases.ts'
import { CrawlBatch, type RobotsResult, type TdmResult } from './batch.ts'
import { type CommitDeps, commitBatch } from './commit-batch.ts'
import type { HostSchedule, Turn } from './host-schedule.ts'
import { type ClaimDeps, UrlClaims } from './url-claims.ts'
import { type VisitDeps, visitUrl } from './visit-url.ts'

/** How often a shard without work looks for what other shards found for it. */
const POLL_MS = 200
/** A commit costs about this much: with less to wait for, the batch waits for more to come. */
const SOON_MS = 100

export interface ShardCrawlerDeps extends VisitDeps, ClaimDeps {
  commit: CommitDeps
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
  /** Called when a refill has brought URLs, or none. */
  private onRefilled: (() => void) | null = null
  /** Hosts by the URLs whose request runs: a suspended host's go back to the frontier before it has ended. */
  private readonly active = new Map<string, string>()
  private readonly claims: UrlClaims
  private readonly deps: ShardCrawlerDeps
  private readonly lease: Lease

  constructor(deps: ShardCrawlerDeps, lease: Lease) {
    this.deps = deps
    this.lease = lease
    this.claims = new UrlClaims(deps, lease, {
      isActive: (row) => this.active.has(keyOf(row)),
      isHostActive: (host) => [...this.active.values()].includes(host),
      onClaimed: () => {
        this.onRefilled?.()
        this.wake?.()
      },
      onResolved: () => this.wake?.(),
      onFailure: (error) => {
        this.failure ??= error
      },
    })
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
      if (this.running === 0 && !this.claims.resolves && this.committing === null) {
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
    this.refilling ??= this.claims
      .refill(now, this.running > 0)
      .catch((error: unknown) => {
        this.failure ??= error
      })
      .finally(() => {
        this.refilling = null
        this.onRefilled?.()
      })
    return refilled
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

  private async commit(): Promise<void> {
    const batch = this.batch
    if (batch.records === 0) return
    this.batch = new CrawlBatch()
    const { silent } = await commitBatch(this.deps.commit, this.lease, batch).finally(() => batch.end())
    batch.releaseBodies()
    const { schedule } = this.deps
    for (const host of silent) schedule.drop(host)
    await this.deps.savePaces(schedule.takeLearnt(this.deps.now()))
    await this.suspend(schedule.takePauses(this.deps.now()))
    this.claims.lookAgain()
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
