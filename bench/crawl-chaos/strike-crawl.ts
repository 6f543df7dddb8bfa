import { setTimeout as sleep } from 'node:timers/promises'
import type { InFlight } from './lease-watch.ts'
import { type Kind, KINDS, type Stage, strike } from './strikes.ts'

export interface Strike {
  /** Epoch milliseconds of its beginning. */
  at: number
  kind: Kind
  /** For people. */
  what: string
  inFlight: InFlight
}

/** The kinds of `count` strikes in a random order, each at least once when there are enough. */
export function planStrikes(count: number, kinds: readonly Kind[], random: () => number): Kind[] {
  const all = kinds.reduce((sum, kind) => sum + KINDS[kind], 0)
  const plan = kinds.flatMap((kind) =>
    Array.from({ length: Math.max(1, Math.round((count * KINDS[kind]) / all)) }, () => kind),
  )
  const keyed = plan.map((kind) => ({ kind, key: random() })).sort((a, b) => a.key - b.key)
  const order = keyed.map(({ kind }) => kind)
  while (order.length < count) order.push(kinds[Math.floor(random() * kinds.length)] as Kind)
  return order.slice(0, count)
}

/**
 * Strikes in the planned order until it is done or `stop` is aborted. Each comes at a random moment, `pauseMs` after
 * the one before on average, and only while living workers hold URLs; what hit nothing is tried again and not counted.
 */
export async function strikeCrawl(
  stage: Stage,
  plan: readonly Kind[],
  pauseMs: number,
  stop: AbortSignal,
  say: (strike: Strike) => void,
): Promise<Strike[]> {
  const strikes: Strike[] = []
  for (const kind of plan) {
    await sleep(stage.random() * 2 * pauseMs)
    while (!stop.aborted) {
      const leased = await stage.watch.readLiving()
      const at = Date.now()
      const struck = leased === null || leased.length === 0 ? null : await strike(kind, stage, leased)
      if (struck !== null) {
        const done = { at, kind, ...struck }
        strikes.push(done)
        say(done)
        break
      }
      // Not at once when there is work again: that would always hit its beginning.
      await sleep(stage.random() * pauseMs)
    }
    if (stop.aborted) break
  }
  return strikes
}
