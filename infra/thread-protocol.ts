import { AppError, InvariantError, PermanentError, TransientError } from '../schema/contracts/errors.ts'

/** Messages between a thread pool and its threads. */
export interface TaskMessage {
  id: number
  task: unknown
}

/** `ready` comes first: the thread has loaded its code. */
export type ReplyMessage = { ready: true } | { id: number; value: unknown } | { id: number; error: ErrorMessage }

/** An error as data: classes do not survive the way between threads. */
export interface ErrorMessage {
  kind: 'transient' | 'permanent' | 'invariant'
  code: string
  message: string
  details: Record<string, unknown>
}

/** Anything that is not one of our errors is a bug of ours. */
export function packError(error: unknown): ErrorMessage {
  if (!(error instanceof AppError)) {
    return { kind: 'invariant', code: 'THREAD_TASK_FAILED', message: String(error), details: {} }
  }
  const kind =
    error instanceof TransientError ? 'transient' : error instanceof PermanentError ? 'permanent' : 'invariant'
  return { kind, code: error.code, message: error.message, details: error.details }
}

export function unpackError({ kind, code, message, details }: ErrorMessage): AppError {
  switch (kind) {
    case 'transient':
      return new TransientError(code, message, details)
    case 'permanent':
      return new PermanentError(code, message, details)
    case 'invariant':
      return new InvariantError(code, message, details)
    default:
      return kind satisfies never
  }
}
