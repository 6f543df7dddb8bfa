import { claimUrls, type DueHost, dueHosts, type FrontierRow, noteAddresses } from '../../schema/queries/frontier.ts'
import type { Lease } from '../../schema/queries/leases.ts'
import type { CommitDeps } from './commit-batch.ts'
import type { HostSchedule } from './host-schedule.ts'
import { giveUpFound } from './judge-hosts.ts'
import type { RobotsGate } from './robots-gate.ts'

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
/** How often a shard that has work looks for what other shards found for it. */
const BUSY_POLL_MS = 1_000
/** After a look that found nothing, while answers are awaited: only a commit or the clock makes a URL due. */
const EMPTY_POLL_MS = 100

export interface ClaimDeps {
  commit: CommitDeps
  schedule: HostSchedule
  gate: RobotsGate
  /** The address that a URL's requests go to; null when its name has none. */
  addressOf(url: string): Promise<string | null>
  now(): number
}

/** What the shard's crawler knows and wants to hear. */
export interface ClaimEvents {
  /** Whether a request for the URL, or for one of the host's, is under way. */
  isActive(row: FrontierRow): boolean
  isHostActive(host: string): boolean
  onClaimed(): void
  onResolved(): void
  onFailure(error: unknown): void
}

/** Brings a shard's due URLs from the frontier to its schedule: few of each host, of as many hosts as can be asked now. */
export class UrlClaims {
  /** Hosts with work that the last look found and that were not claimed from yet. */
  private found: DueHost[] = []
  private foundMany = false
  private lastClaimed = ''
  /** Hosts that may have more than what was claimed of them, and when to ask for others. */
  private readonly plenty = new Set<string>()
  private nextPoll = 0
  private emptyUntil = 0
  private commits = 0
  private readonly resolving = new Set<string>()
  private readonly deps: ClaimDeps
  private readonly lease: Lease
  private readonly events: ClaimEvents

  constructor(deps: ClaimDeps, lease: Lease, events: ClaimEvents) {
    this.deps = deps
    this.lease = lease
    this.events = events
  }

  /** Whether a name is being resolved: its host's URLs are at hand and cannot be asked for yet. */
  get resolves(): boolean {
    return this.resolving.size > 0
  }

  /** After a commit: it may have found URLs, and a host that was suspended is not to be claimed from any more. */
  lookAgain(): void {
    this.found = []
    this.nextPoll = 0
    this.emptyUntil = 0
    this.commits += 1
  }

  /** With `awaiting` requests are under way, and nothing is lost by a later look. */
  async refill(now: number, awaiting: boolean): Promise<void> {
    const { schedule, commit } = this.deps
    if (this.found.length === 0) {
      if ((awaiting && now < this.emptyUntil) || !this.wantsMore(now)) return
      schedule.forgetIdle()
      await noteAddresses(commit.db, this.lease.crawlNo, schedule.takeLocated())
      const crowded = schedule.crowded()
      const before = this.commits
      const look = { limit: HOSTS_AT_A_TIME, after: this.lastClaimed, crowded }
      this.found = await dueHosts(commit.db, this.lease, look)
      this.foundMany = this.found.length > FEW_HOSTS
      this.plenty.clear()
      this.nextPoll = now + BUSY_POLL_MS
      // A look that a commit overtook may have missed what that found.
      this.emptyUntil = this.found.length === 0 && before === this.commits ? now + EMPTY_POLL_MS : 0
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
    if (onProbation && this.events.isHostActive(host)) return
    const isOne = onProbation || (this.foundMany && !schedule.knowsAddress(host))
    const rows = await claimUrls(commit.db, this.lease, host, isOne ? 1 : claim)
    this.lastClaimed = host
    // Its robots.txt shows whether it is there again, whatever is wrong with one of its URLs.
    if (onProbation) gate.forget(host)
    schedule.push(
      host,
      rows.filter((row) => !this.events.isActive(row)),
    )
    this.resolve(host, rows[0])
    if (rows.length === (isOne ? 1 : claim) && !onProbation) this.plenty.add(host)
    if (rows.length > 0) this.events.onClaimed()
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

  /** Requests of a host wait until its address is known: it may be another host's, too. */
  private resolve(host: string, row: FrontierRow | undefined): void {
    const { schedule } = this.deps
    if (!row || schedule.knowsAddress(host) || this.resolving.has(host)) return
    this.resolving.add(host)
    void this.deps
      .addressOf(row.url)
      .then((address) => schedule.setAddress(host, address ?? ''))
      .catch((error: unknown) => this.events.onFailure(error))
      .finally(() => {
        this.resolving.delete(host)
        this.events.onResolved()
      })
  }
}
