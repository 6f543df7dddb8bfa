/** Calls that must succeed at a lowered width before it grows by one again. */
const CALLS_PER_STEP_UP = 8

/**
 * Shares one service among concurrent calls: at most `concurrency` at once, fewer after the service said
 * "too many" (halved, then one more per eight good calls), and none before the moment it asked for.
 */
export interface Throttle {
  /** Waits for a free place; rejects with the signal's reason when it aborts first. */
  enter: (signal: AbortSignal | undefined) => Promise<void>
  leave: (outcome: 'ok' | 'limited' | 'failed') => void
  /** Nothing starts before `untilMs` (same clock as `now`). */
  pauseUntil: (untilMs: number) => void
  /** Milliseconds until calls may start again, 0 when they may now. */
  pausedMs: () => number
  width: () => number
}

export function createThrottle(concurrency: number, now: () => number = Date.now): Throttle {
  let width = Math.max(1, concurrency)
  let active = 0
  let good = 0
  let resumeAt = 0
  const waiting: { start: () => void }[] = []

  const pump = () => {
    while (active < width && waiting.length > 0) {
      active++
      waiting.shift()?.start()
    }
  }

  const enter = (signal: AbortSignal | undefined) =>
    new Promise<void>((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error)
      const entry = {
        start: () => {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        },
      }
      const onAbort = () => {
        waiting.splice(waiting.indexOf(entry), 1)
        reject(signal?.reason as Error)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      waiting.push(entry)
      pump()
    })

  const leave = (outcome: 'ok' | 'limited' | 'failed') => {
    active--
    if (outcome === 'limited') {
      width = Math.max(1, Math.floor(width / 2))
      good = 0
    } else if (outcome === 'ok' && ++good >= CALLS_PER_STEP_UP) {
      width = Math.min(Math.max(1, concurrency), width + 1)
      good = 0
    }
    pump()
  }

  return {
    enter,
    leave,
    pauseUntil: (untilMs) => {
      resumeAt = Math.max(resumeAt, untilMs)
    },
    pausedMs: () => Math.max(0, resumeAt - now()),
    width: () => width,
  }
}
