/** How late this process was of late: what it measures of others is late by as much. */
export interface LoopLag {
  /** Milliseconds, the worst of about the last second. */
  ms(): number
  stop(): void
}

const TICK_MS = 100
const TICKS_KEPT = 10

/** Watches the event loop with a timer that keeps no process alive. */
export function watchLoopLag(now: () => number = () => performance.now()): LoopLag {
  const lags: number[] = []
  let expected = now() + TICK_MS
  const timer = setInterval(() => {
    lags.push(Math.max(0, now() - expected))
    if (lags.length > TICKS_KEPT) lags.shift()
    expected = now() + TICK_MS
  }, TICK_MS)
  timer.unref()
  return {
    // A turn that is too long right now has not been seen by the timer yet.
    ms: () => Math.max(0, now() - expected, ...lags),
    stop: () => clearInterval(timer),
  }
}
