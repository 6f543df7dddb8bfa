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

/** What a fault says, under the code that the history has of it. */
export interface FaultNote {
  code: string
  message: string
}

/**
 * The edge of every activity: heartbeats while the work runs, and turns a fault into what Temporal retries or not.
 * Nothing else in the code throws Temporal's classes. Only a fault's code goes into the workflow's history, because
 * messages quote addresses and what services answered; the words go to `note`, which keeps them in Postgres, and with
 * the stack to the worker's log.
 */
export async function runEdge<Result>(
  work: (context: EdgeContext) => Promise<Result>,
  note?: (fault: FaultNote) => Promise<void>,
): Promise<Result> {
  const context = Context.current()
  const timer = setInterval(() => context.heartbeat(), HEARTBEAT_MS)
  const signal = context.cancellationSignal
  try {
    return await work({ signal, attempt: context.info.attempt, sleep: (ms) => sleepUntil(ms, signal) })
  } catch (error) {
    if (signal.aborted) throw new CancelledFailure('cancelled')
    const fault = { code: codeOf(error), message: error instanceof Error ? error.message : String(error) }
    context.log.warn('activity failed', { code: fault.code, error })
    // A note that cannot be written must not hide the fault itself.
    await note?.(fault).catch((lost: unknown) => context.log.warn('fault not noted', { error: lost }))
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

/** A fault -> ApplicationFailure that says its code alone; what cannot succeed is not retried. */
export function toFailure(error: unknown): ApplicationFailure {
  const code = codeOf(error)
  const retryable = !(error instanceof AppError) || error instanceof TransientError
  const failure = ApplicationFailure.create({
    message: code,
    type: code,
    nonRetryable: !retryable,
    ...(error instanceof TransientError && error.retryAfterMs !== undefined
      ? { nextRetryDelay: error.retryAfterMs }
      : {}),
    ...(error instanceof TransientError ? { category: ApplicationFailureCategory.BENIGN } : {}),
  })
  // A stack names the folders of this machine.
  failure.stack = ''
  return failure
}

/** Our code, or the system's or Postgres's own (ENOSPC, 53100) made one of ours. */
function codeOf(error: unknown): string {
  if (error instanceof AppError) return error.code
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined
  return typeof code === 'string' && /^[A-Z0-9_]{2,60}$/.test(code) ? `SYSTEM_${code}` : 'UNKNOWN_FAULT'
}
