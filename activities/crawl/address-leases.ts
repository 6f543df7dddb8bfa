import { TransientError } from '../../schema/contracts/errors.ts'
import { type AddressAnswer, type AddressNews, PROCESS_LEASE_SECONDS } from '../../schema/queries/address-leases.ts'
import { sleepUntil } from '../edge/run-edge.ts'
import type { Servers, ServerState } from './server-book.ts'

/** What the leases need of the database; each call may reject, and is then made again. */
export interface LeaseTable {
  register(): Promise<string>
  exchange(news: AddressNews): Promise<AddressAnswer>
  end(process: string): Promise<void>
}

/** An address is kept at least so long from one that waits: some requests, few enough for forty to have their turn. */
const SLOT_MS = 2_000
/** How often a process renews, and looks who waits; while something waits, looks are this often. */
const RENEW_MS = 1_000
const WAIT_MS = 250
/** Who has not wanted to ask for so long does not wait any more, and gives to who does. */
const UNUSED_MS = 2_000
/** An address that nobody waits for is given back after so long without use. */
const IDLE_MS = 10_000
/** Requests stop this long before others may take the process for dead: what was begun is on its way by then. */
const MARGIN_MS = 500
/** Smaller growth of a gap is not worth a row: a delay and what a clock blurs. */
const GAP_STEP_MS = 250

interface Held {
  takenAt: number
  usedAt: number
  /** Others wait for it. */
  wanted: boolean
  /** As the database has it. */
  gapMs: number
}

/**
 * The addresses that this process alone may ask, over all crawls of a database: a hundred names on one small server are
 * one server, whichever processes have their shards. Nothing is asked at an address that is not held, and what is held
 * costs no round trip a request: one exchange a second renews all of it. Where others wait, an address goes on to the
 * one that waits longest after a slot in which something was asked, once no request is under way there.
 */
export class AddressLeases {
  private readonly held = new Map<string, Held>()
  /** Addresses that are waited for, when they were last asked for and the gap that the spec wants there. */
  private readonly wants = new Map<string, { usedAt: number; gapMs: number }>()
  /** Held by the database's word, and unknown here: an answer was lost. */
  private strays: string[] = []
  private process: string | null = null
  private validUntil = Number.NEGATIVE_INFINITY
  private generation = 0
  private users = 0
  private loop = { isOpen: false }
  private running: Promise<void> = Promise.resolve()
  private kicked = false
  private pause = new AbortController()
  private readonly listeners = new Set<() => void>()
  private readonly table: LeaseTable
  private readonly servers: Servers
  private readonly now: () => number

  constructor(table: LeaseTable, servers: Servers, now: () => number = () => performance.now()) {
    this.table = table
    this.servers = servers
    this.now = now
  }

  /**
   * Begins a use; `heard` is called after each exchange. The last use to end gives all addresses back, and resolves when
   * that is done.
   */
  use(heard: () => void): { end(): Promise<void> } {
    this.listeners.add(heard)
    this.users += 1
    if (this.users === 1) {
      const loop = { isOpen: true }
      this.loop = loop
      this.running = this.running.then(() => this.run(loop))
    }
    let isOpen = true
    return {
      end: async () => {
        if (!isOpen) return
        isOpen = false
        this.listeners.delete(heard)
        this.users -= 1
        if (this.users === 0) await this.close()
      },
    }
  }

  /** Whether a request may start at the address now, as far as other processes go; waits for the address otherwise. */
  mayAsk(address: string, gapMs: number, now: number): boolean {
    const held = this.held.get(address)
    if (held) {
      held.usedAt = now
      if (!this.isLeaving(held, this.servers.at(address), now)) return now < this.validUntil
      if (this.servers.at(address).active === 0) this.kick()
      return false
    }
    const want = this.wants.get(address)
    if (want) want.usedAt = now
    else {
      this.wants.set(address, { usedAt: now, gapMs })
      this.kick()
    }
    return false
  }

  holds(address: string): boolean {
    return this.held.has(address)
  }

  /** Changes when others took this process for dead: what began before then may ask nothing more. */
  get since(): number {
    return this.generation
  }

  /** Before each request of a turn that began at `since`. Waits for a late renewal. Throws LEASE_LOST. */
  async stillAlive(since: number): Promise<void> {
    while (since === this.generation && this.now() >= this.validUntil && this.users > 0) {
      this.kick()
      await sleepUntil(20, new AbortController().signal)
    }
    if (since !== this.generation)
      throw new TransientError('LEASE_LOST', 'this process was taken for dead: its addresses are held by others')
  }

  private async run(loop: { isOpen: boolean }): Promise<void> {
    while (loop.isOpen) {
      this.kicked = false
      this.pause = new AbortController()
      // The database is away or too slow: what is held stays valid for its time, then nothing is asked.
      const isDone = await this.exchange().then(
        () => true,
        () => false,
      )
      if (loop.isOpen && !(this.kicked && isDone)) await sleepUntil(this.pauseMs(), this.pause.signal)
    }
  }

  private async exchange(): Promise<void> {
    const sentAt = this.now()
    this.process ??= await this.table.register()
    const news = { process: this.process, ...this.news(sentAt) }
    const answer = await this.table.exchange(news)
    // It was closed meanwhile.
    if (this.process !== news.process) return
    if (answer.alive) this.hear(news, answer, sentAt)
    else this.lose()
    for (const heard of this.listeners) heard()
  }

  /** The next exchange is made at once. */
  private kick(): void {
    this.kicked = true
    this.pause.abort()
  }

  private pauseMs(): number {
    const isContended = this.wants.size > 0 || [...this.held.values()].some(({ wanted }) => wanted)
    return isContended || this.process === null ? WAIT_MS : RENEW_MS
  }

  private news(now: number): Omit<AddressNews, 'process'> {
    const give: AddressNews['give'] = []
    const gaps: AddressNews['gaps'] = []
    for (const [address, held] of this.held) {
      const server = this.servers.at(address)
      if (this.isToGive(held, server, now)) {
        // Before the exchange: what is on its way to others must not be asked any more.
        this.held.delete(address)
        give.push(this.giving(address, now))
      } else if (server.gapMs > held.gapMs + GAP_STEP_MS) {
        held.gapMs = server.gapMs
        gaps.push({ address, gapMs: held.gapMs })
      }
    }
    const lost = this.strays.splice(0).filter((address) => !this.held.has(address) && !this.wants.has(address))
    give.push(...lost.map((address) => this.giving(address, now)))
    for (const [address, { usedAt }] of this.wants) if (now - usedAt > UNUSED_MS) this.wants.delete(address)
    const wants = [...this.wants].map(([address, { gapMs }]) => ({ address, gapMs }))
    return { give, gaps, wants }
  }

  private giving(address: string, now: number): AddressNews['give'][number] {
    const { nextAt, pace, gapMs } = this.servers.at(address)
    return { address, waitMs: Math.max(0, nextAt - now, pace.startsAt - now), gapMs, pace: pace.keep(now) }
  }

  private hear(news: AddressNews, { taken, wanted }: AddressAnswer, sentAt: number): void {
    const now = this.now()
    this.validUntil = sentAt + PROCESS_LEASE_SECONDS * 1000 - MARGIN_MS
    for (const { address, waitMs: wait, pace } of taken) {
      const gapMs = this.wants.get(address)?.gapMs ?? 0
      this.wants.delete(address)
      this.held.set(address, { takenAt: now, usedAt: now, wanted: false, gapMs })
      const server = this.servers.at(address)
      server.gapMs = gapMs
      server.nextAt = Math.max(server.nextAt, now + wait)
      if (pace) this.servers.learn(address, pace, now)
    }
    const given = new Set(news.give.map(({ address }) => address))
    const others = new Set(wanted)
    for (const [address, held] of this.held) held.wanted = others.has(address)
    this.strays = wanted.filter((address) => !this.held.has(address) && !given.has(address))
  }

  private lose(): void {
    this.process = null
    this.generation += 1
    this.held.clear()
    this.validUntil = Number.NEGATIVE_INFINITY
    this.kick()
  }

  private close(): Promise<void> {
    const { process } = this
    const now = this.now()
    // What still runs there was aborted: its address is freed with the gap that it asks for.
    const idle = [...this.held.keys()].filter((address) => this.servers.at(address).active === 0)
    const give = idle.map((address) => this.giving(address, now))
    this.held.clear()
    this.wants.clear()
    this.strays = []
    this.process = null
    this.validUntil = Number.NEGATIVE_INFINITY
    this.loop.isOpen = false
    this.kick()
    this.running = this.running.then(() => this.giveBack(process, give))
    return this.running
  }

  private async giveBack(process: string | null, give: AddressNews['give']): Promise<void> {
    if (process === null) return
    // Without a database the hold runs out by itself.
    await this.table
      .exchange({ process, give, gaps: [], wants: [] })
      .then(() => this.table.end(process))
      .catch(() => {})
  }

  private isToGive(held: Held, server: ServerState, now: number): boolean {
    if (server.active > 0) return false
    if (!held.wanted) return now - held.usedAt > IDLE_MS
    return now - held.usedAt > UNUSED_MS || this.isLeaving(held, server, now)
  }

  /** Its slot is over: what is under way ends, nothing new begins. */
  private isLeaving({ wanted, takenAt }: Held, server: ServerState, now: number): boolean {
    return wanted && now - takenAt >= SLOT_MS && server.startedAt >= takenAt
  }
}
