import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity'
import { ApplicationFailureCategory } from '@temporalio/common'
import { AppError, TransientError } from '../../schema/contracts/errors.ts'

/** Heartbeats are for liveness and cancellation only; well under the five seconds of the crawl's heartbeat timeout. */
const HEARTBEAT_MS = 1_000

export interface EdgeContext {
  /** Aborts when the activity is cancelled or its worker shuts down. */
  signal: AbortSignal
  attempt: number
  sleep: (ms: number) => Promise<void>
}

/**
 * The edge of every activity: heartbeats while the work runs, and turns an AppError into what Temporal retries or not.
 * Nothing else in the code throws Temporal's classes.
 */
export async function runEdge<Result>(work: (context: EdgeContext) => Promise<Result>): Promise<Result> {
  const context = Context.current()
  const timer = setInterval(() => context.heartbeat(), HEARTBEAT_MS)
  const signal = context.cancellationSignal
  try {
    return await work({ signal, attempt: context.info.attempt, sleep: (ms) => sleepUntil(ms, signal) })
  } catch (error) {
    if (signal.aborted) throw new CancelledFailure('cancelled')
    throw toFailure(error)
  } finally {
    clearInterval(timer)
  }
}

/** Resolves after `ms` milliseconds or when the signal fires, whichever comes first. */
export function sleepUntil(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const finish = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', finish)
      resolve()
    }
    const timer = setTimeout(finish, ms)
    signal.addEventListener('abort', finish, { once: true })
  })
}

/** AppError -> ApplicationFailure: `type` is the code; what cannot succeed is not retried. Others are retried as they are. */
export function toFailure(error: unknown): unknown {
  if (!(error instanceof AppError)) return error
  const retryable = error instanceof TransientError
  return ApplicationFailure.create({
    message: error.message,
    type: error.code,
    nonRetryable: !retryable,
    ...(retryable && error.retryAfterMs !== undefined ? { nextRetryDelay: error.retryAfterMs } : {}),
    ...(retryable ? { category: ApplicationFailureCategory.BENIGN } : {}),
    cause: error,
  })
}
