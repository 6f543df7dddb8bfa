/**
 * The one error hierarchy, classified by what the runner must do.
 * Match on `code`, never on class or message. Messages: lower-case, thing first, fact last, then what to do.
 */
export class AppError extends Error {
  readonly code: string
  readonly details: Record<string, unknown>

  constructor(code: string, message: string, details: Record<string, unknown> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = new.target.name
    this.code = code
    this.details = details
  }
}

/** Try again later; `retryAfterMs` (milliseconds) says when, if the other side said so. */
export class TransientError extends AppError {
  get retryAfterMs(): number | undefined {
    const value = this.details['retryAfterMs']
    return typeof value === 'number' ? value : undefined
  }
}

/** Trying again cannot help: the input, the spec or the set-up is wrong. */
export class PermanentError extends AppError {}

/** Our own bug: something that the code promises did not hold. */
export class InvariantError extends AppError {}

/**
 * What a person can act on in a chain of causes that crossed a service: the innermost one with a code of ours (in `type`
 * there), not the system's error below it. Null when none has one.
 */
export function codedCause(error: unknown): { code: string; message: string } | null {
  let found: { code: string; message: string } | null = null
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const { type } = at as { type?: unknown }
    if (typeof type === 'string' && /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/.test(type))
      found = { code: type, message: at.message }
  }
  return found
}

/** Exit codes of the command line, as documented in `./mella --help`. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  differences: 3,
  notFound: 4,
  partial: 5,
  interrupted: 130,
} as const
