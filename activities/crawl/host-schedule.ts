import type { FrontierRow } from '../../schema/queries/frontier.ts'
import { restAfterTrouble } from './host-trouble.ts'
import type { KeptPace } from './pace.ts'
import { chargeStart, dueAt, holdBack, isRefusal, learnFrom, reserveStart, type Seen } from './politeness.ts'
import type { HostManners, ServerBook, ServerState } from './server-book.ts'

export interface HostLimits {
  perHost: number
  perAddress: number
  delayMs: number
}

/** Leave to ask for one URL. `finish` says what was seen, null when nothing was asked for: then the turn costs no wait. */
export interface Turn {
  row: FrontierRow
  finish(now: number, seen: Seen | null): void
}

/** Which addresses this process may ask, as far as other processes go. */
export interface AddressPermits {
  /** Asks for the address when it may not be asked yet; `gapMs` is what the spec wants between two starts there. */
  mayAsk(address: string, gapMs: number, now: number): boolean
  holds(address: string): boolean
}

/** For one process alone. */
export const ALL_PERMITTED: AddressPermits = { mayAsk: () => true, holds: () => true }

interface HostState {
  queue: FrontierRow[]
  active: number
  manners: HostManners
}

/** How soon a host or address that is asked to its limit is looked at again: another shard may have freed it. */
const BUSY_MS = 20
/** The same of an address that another process holds; it is told of when it comes. */
const AWAY_MS = 100
const WORTH_A_ROW_MS = 2_000
/** Hosts of one address that have URLs at hand in a shard, at least: they take turns. */
const LEAST_HOSTS_AT_HAND = 8

/**
 * Who may be asked next. At most `perHost` requests at a time; between their starts the largest of the spec's delay and
 * the Crawl-delay of robots.txt, and after each answer the rest that a slow server needs. The same holds for an
 * address, so that a hundred names on one small server are one server; the pace that a server's refusals have taught
 * is its address' as well. Times are milliseconds of the caller's clock.
 */
export class HostSchedule {
  private readonly hosts = new Map<string, HostState>()
  private readonly learnt = new Set<string>()
  private readonly paused = new Set<string>()
  private readonly book: ServerBook
  private readonly limits: HostLimits
  private readonly permits: AddressPermits
  /** Hosts with an address that was not known of them before. */
  private located: { host: string; address: string }[] = []

  constructor(limits: HostLimits, book: ServerBook, permits: AddressPermits = ALL_PERMITTED) {
    this.limits = limits
    this.book = book
    this.permits = permits
  }

  /** Hosts that hold fewer than `low` queued URLs. */
  isLow(host: string, low: number): boolean {
    return (this.hosts.get(host)?.queue.length ?? 0) < low
  }

  push(host: string, rows: readonly FrontierRow[]): void {
    this.state(host).queue.push(...rows)
  }

  /** Forgets a host's queued URLs: they were given back. */
  drop(host: string): void {
    this.state(host).queue.length = 0
  }

  /** A URL whose turn went to the host's robots.txt is the host's next. */
  putBack(row: FrontierRow): void {
    this.state(row.host).queue.unshift(row)
  }

  /** What robots.txt asks for: the larger of this and the spec's delay holds. */
  setCrawlDelay(host: string, delayMs: number): void {
    this.state(host).manners.crawlDelayMs = delayMs
  }

  pause(host: string, untilMs: number): void {
    const { manners } = this.state(host)
    manners.nextAt = Math.max(manners.nextAt, untilMs)
    this.paused.add(host)
  }

  /** A fault that may be the server's: it rests for a while. */
  trouble(host: string, now: number): void {
    this.pause(host, restAfterTrouble(this.state(host).manners, now))
  }

  /** A good answer of the host. */
  fine(host: string): void {
    this.state(host).manners.troubles = 0
  }

  /** Whether the address is known, or it is known that there is none: until then no request may go out. */
  knowsAddress(host: string): boolean {
    return this.state(host).manners.address !== null
  }

  /** `''` for a name without an address: its request will say why. */
  setAddress(host: string, address: string): void {
    const { manners } = this.state(host)
    if (manners.address === address) return
    if (manners.address === null && address !== '') this.located.push({ host, address })
    manners.address = address
    if (address !== '') manners.server = this.book.servers.at(address)
  }

  /** Hosts of which an address became known since the last call; of one with many, the first. */
  takeLocated(): { host: string; address: string }[] {
    return this.located.splice(0)
  }

  /** Addresses at which so many hosts have URLs at hand that more of them would only wait. */
  crowded(): string[] {
    const most = Math.max(LEAST_HOSTS_AT_HAND, 2 * this.limits.perAddress)
    const hosts = new Map<string, number>()
    for (const { queue, manners } of this.hosts.values())
      if (queue.length > 0 && manners.address) hosts.set(manners.address, (hosts.get(manners.address) ?? 0) + 1)
    return [...hosts].filter(([, count]) => count >= most).map(([address]) => address)
  }

  /** Drops hosts of which nothing is at hand and nothing runs; what they taught stays in the book. */
  forgetIdle(): void {
    for (const [host, { queue, active }] of this.hosts)
      if (queue.length === 0 && active === 0 && !this.paused.has(host)) this.hosts.delete(host)
  }

  /** A request to the host goes out: the next one's delay counts from here. */
  sent(host: string, now: number): void {
    const { manners } = this.state(host)
    manners.sentAt = now
    holdBack(manners, manners.server, now + this.delayOf(manners))
  }

  /**
   * Takes the host's next start for a further request of a turn, such as a redirect of robots.txt, whoever else waits
   * for it: milliseconds until then.
   */
  reserve(host: string, now: number): number {
    const { manners } = this.state(host)
    return reserveStart(manners, this.delayOf(manners), now)
  }

  /** Takes the next URL that may be fetched now, null when none may. Hosts take turns. */
  take(now: number): Turn | null {
    for (const [host, state] of this.hosts) {
      if (state.queue.length === 0 || !this.mayStart(state, now)) continue
      const row = state.queue.shift()
      if (!row) continue
      this.hosts.delete(host)
      this.hosts.set(host, state)
      return this.start(row, state, now)
    }
    return null
  }

  /** Hosts that were paused since the last call and rest for longer than another process would take to ask them. */
  takePauses(now: number): { host: string; waitMs: number }[] {
    const found = [...this.paused].map((host) => ({ host, waitMs: this.state(host).manners.nextAt - now }))
    this.paused.clear()
    return found.filter(({ waitMs }) => waitMs >= WORTH_A_ROW_MS)
  }

  /** Hosts with URLs at hand that may not start for a while. */
  longWaits(now: number): { host: string; waitMs: number }[] {
    return [...this.hosts]
      .filter(([, { queue }]) => queue.length > 0)
      .map(([host, { manners }]) => ({ host, waitMs: dueAt(manners) - now }))
      .filter(({ waitMs }) => waitMs >= WORTH_A_ROW_MS)
  }

  /** Paces of addresses that were learnt since the last call. */
  takeLearnt(now: number): { address: string; kept: KeptPace }[] {
    const found = [...this.learnt].flatMap((address) => {
      const kept = this.book.servers.at(address).pace.keep(now)
      return kept === null ? [] : [{ address, kept }]
    })
    this.learnt.clear()
    return found
  }

  get active(): number {
    let sum = 0
    for (const state of this.hosts.values()) sum += state.active
    return sum
  }

  get queued(): number {
    let sum = 0
    for (const state of this.hosts.values()) sum += state.queue.length
    return sum
  }

  /** Hosts that could be asked now; of one address no more than may be asked there at a time. */
  readyHosts(now: number): number {
    const ofAddress = new Map<string, number>()
    let ready = 0
    for (const { queue, active, manners } of this.hosts.values()) {
      if (queue.length === 0 || active >= this.limits.perHost || dueAt(manners) > now) continue
      const { address, server } = manners
      if (address) {
        const before = ofAddress.get(address) ?? server.active
        if (!this.permits.holds(address) || before >= this.limits.perAddress) continue
        ofAddress.set(address, before + 1)
      }
      ready += 1
    }
    return ready
  }

  /** Milliseconds until a queued URL may start for its delay alone; null when only running requests can free one. */
  waitMs(now: number): number | null {
    let least: number | null = null
    for (const state of this.hosts.values()) {
      if (state.queue.length === 0 || state.active >= this.limits.perHost || state.manners.address === null) continue
      const { server } = state.manners
      const away = this.permits.holds(state.manners.address) || state.manners.address === '' ? 0 : AWAY_MS
      const wait = Math.max(away, this.isBusy(server) ? BUSY_MS : 0, dueAt(state.manners) - now)
      least = least === null ? wait : Math.min(least, wait)
    }
    return least
  }

  private mayStart({ active, manners }: HostState, now: number): boolean {
    const { address, nextAt } = manners
    if (address === null || active >= this.limits.perHost || nextAt > now) return false
    if (address !== '') {
      // Only a host that waits for nothing of its own makes the process ask for an address.
      if (!this.permits.mayAsk(address, this.limits.delayMs, now)) return false
      // The book may have forgotten it, and have met it anew since.
      manners.server = this.book.servers.at(address)
    }
    return !this.isBusy(manners.server) && dueAt(manners) <= now
  }

  private isBusy(server: ServerState): boolean {
    return server.active >= Math.min(this.limits.perAddress, server.pace.inFlight)
  }

  private start(row: FrontierRow, state: HostState, now: number): Turn {
    const { manners } = state
    // An answer may come from another address than the turn was counted for.
    const { server, address } = manners
    const refund = chargeStart(manners, this.delayOf(manners), now)
    let isOpen = true
    state.active += 1
    server.active += 1
    const finish = (end: number, seen: Seen | null) => {
      if (!isOpen) return
      isOpen = false
      state.active -= 1
      server.active -= 1
      if (seen === null) return refund()
      // What robots.txt asks for may have become known with this very request.
      holdBack(manners, server, Math.max(now, manners.sentAt) + this.delayOf(manners))
      if (isRefusal(seen)) this.pause(row.host, end + (seen.retryAfterMs ?? 0))
      if (learnFrom(manners, server, end, seen) && address) this.learnt.add(address)
    }
    return { row, finish }
  }

  private delayOf(manners: HostManners): number {
    return Math.max(this.limits.delayMs, manners.crawlDelayMs)
  }

  private state(host: string): HostState {
    let state = this.hosts.get(host)
    if (!state) {
      state = { queue: [], active: 0, manners: this.book.host(host) }
      this.hosts.set(host, state)
    }
    return state
  }
}
