import { setTimeout as sleep } from 'node:timers/promises'
import { isDatabaseAway } from '../../infra/postgres.ts'

/** How long a command that waits goes on without a service: embedded ones are back in seconds, a cluster's fail-over takes minutes. */
const PATIENCE_MS = 5 * 60_000
const PAUSE_MS = 500

/** gRPC's UNAVAILABLE, DEADLINE_EXCEEDED and CANCELLED (a connection that closed): the server is away, the job is not. */
const AWAY_STATUSES = new Set([14, 4, 1])

/** True when Postgres or Temporal could not be asked, whatever would have been the answer. */
export function isServiceAway(error: unknown): boolean {
  if (isDatabaseAway(error)) return true
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const { code } = at as { code?: unknown }
    if (typeof code === 'number' && AWAY_STATUSES.has(code)) return true
  }
  return false
}

/** Asks again while Postgres or Temporal is away, for minutes; any other error, and the last of those, is thrown. */
export async function outlast<Result>(ask: () => Promise<Result>): Promise<Result> {
  let end: number | null = null
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (!isServiceAway(error)) throw error
      end ??= performance.now() + PATIENCE_MS
      if (performance.now() >= end) throw error
      await sleep(PAUSE_MS)
    }
  }
}
