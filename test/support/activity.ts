import { asyncLocalStorage, Context, type Info } from '@temporalio/activity'
import { CancelledFailure, noopMetricMeter } from '@temporalio/common'

const SILENT = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} }

/** Runs an activity as a worker would, without a server: it has a context, and `signal` cancels it. `attempt`: 1 is the first. */
export function inActivity<Result>(
  work: () => Promise<Result>,
  signal: AbortSignal = new AbortController().signal,
  attempt = 1,
): Promise<Result> {
  const cancelled = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new CancelledFailure('cancelled')))
  })
  cancelled.catch(() => {}) // not every activity waits for it
  const context = new Context(
    { attempt, activityType: 'test' } as Info,
    cancelled,
    signal,
    () => {},
    undefined,
    SILENT,
    noopMetricMeter,
    {},
  )
  return asyncLocalStorage.run(context, work)
}
