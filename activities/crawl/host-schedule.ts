import type { FrontierRow } from '../../schema/queries/frontier.ts'

export interface HostLimits {
  perHost: number
  perAddress: number
  delayMs: number
}

interface HostState {
  queue: FrontierRow[]
  active: number
  nextAt: number
  delayMs: number
  address: string | null
}

interface AddressState {
  active: number
  nextAt: number
}

/** What one process asks of each address, over all shards of a crawl that it has in work. */
export class AddressBook {
  private readonly addresses = new Map<string, AddressState>()

  of(address: string): AddressState {
    let state = this.addresses.get(address)
    if (!state) {
      state = { active: 0, nextAt: 0 }
      this.addresses.set(address, state)
    }
    return state
  }
}

/** How soon an address that is asked to its limit is looked at again: another shard may have freed it. */
const BUSY_ADDRESS_MS = 20

/**
 * Who may be asked next: at most `perHost` requests at a time and `delayMs` between their starts, for a host and for an
 * address alike, so that a hundred names on one small server are one server. Times are milliseconds of the caller's clock.
 */
export class HostSchedule {
  private readonly hosts = new Map<string, HostState>()
  private readonly addresses: AddressBook
  private readonly limits: HostLimits

  constructor(limits: HostLimits, addresses: AddressBook) {
    this.limits = limits
    this.addresses = addresses
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
    const state = this.hosts.get(host)
    if (state) state.queue = []
  }

  /** A host's robots Crawl-delay and the spec's delay: the larger holds. */
  raiseDelay(host: string, delayMs: number): void {
    const state = this.state(host)
    state.delayMs = Math.max(state.delayMs, delayMs)
  }

  pause(host: string, untilMs: number): void {
    const state = this.state(host)
    state.nextAt = Math.max(state.nextAt, untilMs)
  }

  setAddress(host: string, address: string | null): void {
    if (address !== null) this.state(host).address = address
  }

  /** Takes the next URL that may be fetched now, null when none may. Hosts take turns. */
  take(now: number): FrontierRow | null {
    for (const [host, state] of this.hosts) {
      if (state.queue.length === 0 || !this.mayStart(state, now)) continue
      const row = state.queue.shift()
      if (!row) continue
      state.active += 1
      state.nextAt = now + state.delayMs
      const address = state.address === null ? null : this.address(state.address)
      if (address) {
        address.active += 1
        address.nextAt = now + this.limits.delayMs
      }
      this.hosts.delete(host)
      this.hosts.set(host, state)
      return row
    }
    return null
  }

  /** `address` is the one counted at the start of the request. */
  finish(host: string, address: string | null): void {
    const state = this.state(host)
    state.active -= 1
    if (address !== null) this.address(address).active -= 1
  }

  addressOf(host: string): string | null {
    return this.hosts.get(host)?.address ?? null
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

  /** Milliseconds until a queued URL may start for its delay alone; null when only running requests can free one. */
  waitMs(now: number): number | null {
    let least: number | null = null
    for (const state of this.hosts.values()) {
      if (state.queue.length === 0 || state.active >= this.limits.perHost) continue
      const address = state.address === null ? null : this.address(state.address)
      const busy = address !== null && address.active >= this.limits.perAddress
      const wait = Math.max(busy ? BUSY_ADDRESS_MS : 0, Math.max(state.nextAt, address?.nextAt ?? 0) - now)
      least = least === null ? wait : Math.min(least, wait)
    }
    return least
  }

  private mayStart(state: HostState, now: number): boolean {
    if (state.active >= this.limits.perHost || state.nextAt > now) return false
    if (state.address === null) return true
    const address = this.address(state.address)
    return address.active < this.limits.perAddress && address.nextAt <= now
  }

  private state(host: string): HostState {
    let state = this.hosts.get(host)
    if (!state) {
      state = { queue: [], active: 0, nextAt: 0, delayMs: this.limits.delayMs, address: null }
      this.hosts.set(host, state)
    }
    return state
  }

  private address(address: string): AddressState {
    return this.addresses.of(address)
  }
}
