import { latencyDelayMs, smoothLatency } from './latency-delay.ts'
import type { HostManners, ServerState } from './server-book.ts'

/** What came of a request, as far as later ones to its host depend on it. */
export interface Seen {
  /** Milliseconds of the caller's clock. */
  startedAt: number
  /** Null when there was no answer. */
  status: number | null
  /** From the request's going out to the first byte of the answer, null when there was none. */
  latencyMs: number | null
  retryAfterMs: number | null
  /** Second of the server's clock. */
  second: number | null
}

/** When the host may be asked next: after its own waits, its server's, and at the pace that the server lets pass. */
export function dueAt({ nextAt, server }: HostManners): number {
  return Math.max(nextAt, server.nextAt, server.pace.startsAt)
}

/** Asks neither the host nor the server before `until`; what was to wait longer goes on waiting. */
export function holdBack(manners: HostManners, server: ServerState, until: number): void {
  manners.nextAt = Math.max(manners.nextAt, until)
  server.nextAt = Math.max(server.nextAt, until)
  server.gapMs = Math.max(server.gapMs, server.nextAt - server.startedAt)
}

/**
 * Counts a start that is due: the next one comes `delayMs` later. Returns what takes the wait back when nothing was asked
 * for after all, unless something else has changed it since.
 */
export function chargeStart(manners: HostManners, delayMs: number, now: number): () => void {
  const { server } = manners
  const before = { host: manners.nextAt, server: server.nextAt }
  const charged = now + delayMs
  server.startedAt = now
  manners.nextAt = charged
  server.nextAt = charged
  server.gapMs = Math.max(server.gapMs, charged - now)
  server.pace.start(now)
  return () => {
    if (manners.nextAt === charged) manners.nextAt = before.host
    if (server.nextAt === charged) server.nextAt = before.server
  }
}

/** Takes the host's next start whenever it is due, whoever else waits for it: milliseconds until then. */
export function reserveStart(manners: HostManners, delayMs: number, now: number): number {
  const at = Math.max(now, dueAt(manners))
  holdBack(manners, manners.server, at + delayMs)
  manners.server.pace.start(at)
  return at - now
}

/** It wants fewer requests; a 503 that names no time is a fault like others. */
export function isRefusal({ status, retryAfterMs }: Seen): boolean {
  return status === 429 || (status === 503 && retryAfterMs !== null)
}

/**
 * Learns from what was seen: the rest that a slow server needs, and the pace that it lets pass. Returns whether the
 * server, which is the one that was asked, has refused something anew.
 */
export function learnFrom(manners: HostManners, server: ServerState, now: number, seen: Seen): boolean {
  const { status, latencyMs, retryAfterMs, startedAt, second } = seen
  if (latencyMs !== null) {
    manners.latencyMs = smoothLatency(manners.latencyMs, latencyMs, status === null || status >= 400)
    holdBack(manners, server, now + latencyDelayMs(manners.latencyMs))
  }
  if (status === null) return false
  return server.pace.hear({ startedAt, now, second, refused: isRefusal(seen), retryAfterMs })
}
