import type net from 'node:net'
import { Client } from 'undici'
import { originOf } from './http-connect.ts'
import type { Origin } from './http-connect.ts'

export interface SocketLimits {
  perOrigin: number
  /** Over all origins; idle ones of the origin unused longest are closed to make room. */
  total: number
  maxHeaderBytes: number
  headersTimeoutMs: number
  /** Between two chunks of a body. */
  bodyTimeoutMs: number
}

/** One keep-alive connection to one origin, lent to one request at a time. */
export interface Lane {
  readonly origin: string
  readonly client: Client
  /** Address of the last socket, null before the first. */
  remoteAddress: string | null
  /** Milliseconds that opening the last socket took, name and handshakes included. */
  connectMs: number
  /** Sockets opened so far: unchanged over a request means that it went out on a used socket. */
  opened: number
}

export interface LanePool {
  /** Resolves to null when `giveUp` is called first. */
  take(origin: string): { lane: Promise<Lane | null>; giveUp: () => void }
  /** `broken` closes the socket; else the lane waits for the next request. */
  give(lane: Lane, broken: boolean): void
  close(): Promise<void>
}

interface Waiter {
  origin: string
  hand: (lane: Lane | null) => void
}

type Dial = (origin: Origin, signal: AbortSignal) => Promise<net.Socket>

/** Keep-alive connections, bounded per origin and over all. Requests that find none free wait in order of arrival. */
export function createLanePool(limits: SocketLimits, dial: Dial): LanePool {
  const idle = new Map<string, Lane[]>()
  const idleByAge = new Set<Lane>()
  const open = new Map<string, number>()
  const dials = new Map<Lane, AbortController>()
  let total = 0
  let waiters: Waiter[] = []

  function take(origin: string): { lane: Promise<Lane | null>; giveUp: () => void } {
    const now = takeNow(origin)
    if (now !== null) return { lane: Promise.resolve(now), giveUp: () => {} }
    let waiter!: Waiter
    const lane = new Promise<Lane | null>((hand) => (waiter = { origin, hand }))
    waiters.push(waiter)
    const giveUp = () => {
      waiters = waiters.filter((other) => other !== waiter)
      waiter.hand(null)
    }
    return { lane, giveUp }
  }

  function takeNow(origin: string): Lane | null {
    const lane = idle.get(origin)?.pop()
    if (lane !== undefined) {
      forgetIdle(lane)
      return lane
    }
    if ((open.get(origin) ?? 0) >= limits.perOrigin) return null
    if (total >= limits.total && !closeOldestIdle()) return null
    return create(origin)
  }

  function closeOldestIdle(): boolean {
    const oldest = idleByAge.values().next()
    if (oldest.done === true) return false
    drop(oldest.value)
    return true
  }

  function create(origin: string): Lane {
    const connecting = new AbortController()
    const lane: Lane = {
      origin,
      client: createClient(origin, () => lane, connecting.signal),
      remoteAddress: null,
      connectMs: 0,
      opened: 0,
    }
    dials.set(lane, connecting)
    lane.client.on('disconnect', () => {
      if (idleByAge.has(lane)) drop(lane)
    })
    open.set(origin, (open.get(origin) ?? 0) + 1)
    total += 1
    return lane
  }

  function createClient(origin: string, lane: () => Lane, signal: AbortSignal): Client {
    const target = originOf(new URL(origin))
    return new Client(origin, {
      allowH2: false,
      strictContentLength: true,
      maxHeaderSize: limits.maxHeaderBytes,
      headersTimeout: limits.headersTimeoutMs,
      bodyTimeout: limits.bodyTimeoutMs,
      connect: (_options, callback) => {
        const startedAt = performance.now()
        dial(target, signal).then(
          (socket) => {
            lane().remoteAddress = socket.remoteAddress ?? null
            lane().opened += 1
            lane().connectMs = performance.now() - startedAt
            callback(null, socket)
          },
          (error: Error) => callback(error, null),
        )
      },
    })
  }

  function give(lane: Lane, broken: boolean): void {
    if (broken || lane.client.destroyed) drop(lane)
    else {
      const lanes = idle.get(lane.origin) ?? []
      lanes.push(lane)
      idle.set(lane.origin, lanes)
      idleByAge.add(lane)
    }
    serveNextWaiter()
  }

  /** One lane came back, so at most one waiter can go: the first whom the limits let. */
  function serveNextWaiter(): void {
    for (const [at, waiter] of waiters.entries()) {
      const lane = takeNow(waiter.origin)
      if (lane === null) continue
      waiters.splice(at, 1)
      waiter.hand(lane)
      return
    }
  }

  function forgetIdle(lane: Lane): void {
    idleByAge.delete(lane)
    const lanes = (idle.get(lane.origin) ?? []).filter((other) => other !== lane)
    if (lanes.length === 0) idle.delete(lane.origin)
    else idle.set(lane.origin, lanes)
  }

  function drop(lane: Lane): void {
    if (!dials.has(lane)) return
    forgetIdle(lane)
    dials.get(lane)?.abort()
    dials.delete(lane)
    total -= 1
    const left = (open.get(lane.origin) ?? 1) - 1
    if (left === 0) open.delete(lane.origin)
    else open.set(lane.origin, left)
    void lane.client.destroy()
  }

  async function close(): Promise<void> {
    for (const waiter of waiters) {
      waiter.hand(null)
    }
    waiters = []
    const lanes = [...dials.keys()]
    for (const lane of lanes) drop(lane)
    await Promise.all(lanes.map((lane) => lane.client.destroy()))
  }

  return { take, give, close }
}
