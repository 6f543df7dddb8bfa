import { asyncLocalStorage, Context, type Info } from '@temporalio/activity'
import { CancelledFailure, noopMetricMeter } from '@temporalio/common'

const SILENT = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} }

/** Runs an activity as a worker would, without a server: it has a context, and `signal` cancels it. */
export function inActivity<Result>(
  work: () => Promise<Result>,
  signal: AbortSignal = new AbortController().signal,
): Promise<Result> {
  const cancelled = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new CancelledFailure('cancelled')))
  })
  cancelled.catch(() => {}) // not every activity waits for it
  const context = new Context(
    { attempt: 1, activityType: 'test' } as Info,
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
