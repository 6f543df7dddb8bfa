import type { FetchReason } from '../../schema/contracts/reasons.ts'

/** Faults that are treated alike. */
export type RetryClass =
  | 'dns'
  | 'refused'
  | 'reset'
  | 'tls'
  | 'timeout'
  | 'truncated'
  | 'decode'
  | 'slow_client' // 408, 425
  | 'overloaded' // 429, 503
  | '5xx' // but 501, 503, 505, 511

export interface RetryRule {
  /** The first one counts. */
  maxAttempts: number
  /** Wait after the first attempt; each later wait is three times the one before. */
  firstDelayMs: number
  why: string
}

/** A fetch's outcome, as far as trying again depends on it. */
export type Outcome = { reason: FetchReason } | { status: number }

export type RetryPlan = { retry: true; class: RetryClass; delayMs: number } | { retry: false; class: RetryClass | null }

const MAX_DELAY_MS = 10 * 60 * 1000

/** Attempts and waits of each class, and why. The wait after an attempt is three times the one before, 10 minutes at most. */
const RULES: Record<RetryClass, RetryRule> = {
  dns: { maxAttempts: 4, firstDelayMs: 1000, why: 'a resolver stumbles for seconds; a name that is gone stays gone' },
  refused: { maxAttempts: 4, firstDelayMs: 1000, why: 'a server restarts within seconds' },
  reset: { maxAttempts: 4, firstDelayMs: 1000, why: 'a connection that was cut is most often whole the next time' },
  tls: { maxAttempts: 2, firstDelayMs: 2000, why: 'a bad certificate is lasting, a broken handshake is not' },
  timeout: { maxAttempts: 3, firstDelayMs: 2000, why: 'each try costs the whole time limit, of both sides' },
  slow_client: { maxAttempts: 3, firstDelayMs: 1000, why: '408, 425: it waited for us and asks to send it again' },
  overloaded: {
    maxAttempts: 8,
    firstDelayMs: 2000,
    why: '429, 503: it wants less of us, and will answer when it has it',
  },
  '5xx': {
    maxAttempts: 4,
    firstDelayMs: 2000,
    why: 'a fault of a server that is repaired or passes; 501, 505, 511 are lasting',
  },
  truncated: { maxAttempts: 3, firstDelayMs: 1000, why: 'a body that ended early was cut on its way' },
  decode: { maxAttempts: 2, firstDelayMs: 1000, why: 'a broken coding is most often how the server makes it' },
}

/** What a person may call a class beside its name. */
const ALSO: Partial<Record<RetryClass, readonly string[]>> = {
  dns: ['dns_failed'],
  tls: ['tls_failed'],
  slow_client: ['408', '425'],
  overloaded: ['429', '503'],
  '5xx': ['server_error'],
  decode: ['decode_failed', 'bad_response'],
}

/** The table, a line a class in its order. */
export const RETRY_CLASSES: readonly (RetryRule & { class: RetryClass; also: readonly string[] })[] = (
  Object.keys(RULES) as RetryClass[]
).map((name) => ({ class: name, also: ALSO[name] ?? [], ...RULES[name] }))

/** The class that a person means, undefined for a word that names none. */
export function retryClassNamed(word: string): RetryClass | undefined {
  return RETRY_CLASSES.find((one) => one.class === word || one.also.includes(word))?.class
}

/** Reasons that are not here are decisions or lasting facts: asking again gives the same. */
const CLASS_OF_REASON: Partial<Record<FetchReason, RetryClass>> = {
  dns_failed: 'dns',
  refused: 'refused',
  reset: 'reset',
  tls_failed: 'tls',
  timeout: 'timeout',
  truncated: 'truncated',
  decode_failed: 'decode',
  bad_response: 'decode',
}

/** 5xx answers that say what the server is, not how it is: not implemented, version not supported, log in first. */
const LASTING_5XX = new Set([501, 505, 511])

/** Faults of one body, or of a name: they say nothing of how the server is. */
const NOT_OF_SERVER: ReadonlySet<RetryClass> = new Set(['dns', 'tls', 'truncated', 'decode'])

/** Whether a fault may be of the whole server. */
export function speaksOfServer(fault: RetryClass): boolean {
  return !NOT_OF_SERVER.has(fault)
}

/** The class of an outcome, null when trying again cannot help. */
export function retryClass(outcome: Outcome): RetryClass | null {
  return 'status' in outcome ? classOfStatus(outcome.status) : (CLASS_OF_REASON[outcome.reason] ?? null)
}

/**
 * Whether to try again after `attempt` attempts (1 after the first), and after how many milliseconds. `retryAfterMs`
 * is what the server asked for: a wait is never shorter, the caller's cap on it comes first. Without a clock or chance.
 */
export function retryPlan(outcome: Outcome, attempt: number, retryAfterMs: number | null = null): RetryPlan {
  const found = retryClass(outcome)
  if (found === null) return { retry: false, class: null }
  const { maxAttempts, firstDelayMs } = RULES[found]
  if (attempt >= maxAttempts) return { retry: false, class: found }
  const backoff = Math.min(MAX_DELAY_MS, firstDelayMs * 3 ** (attempt - 1))
  return { retry: true, class: found, delayMs: Math.max(backoff, retryAfterMs ?? 0) }
}

/**
 * Milliseconds that a `Retry-After` value asks for, between 0 and `capMs`; null when it cannot be read. `nowMs` (epoch
 * milliseconds) turns a date into a wait.
 */
export function parseRetryAfter(value: string | null, nowMs: number, capMs: number): number | null {
  const text = value?.trim() ?? ''
  if (/^\d{1,9}$/.test(text)) return Math.min(capMs, Number(text) * 1000)
  if (!/^[A-Za-z]{3,9},? .{10,40}$/.test(text)) return null
  const at = Date.parse(text)
  return Number.isNaN(at) ? null : Math.max(0, Math.min(capMs, at - nowMs))
}

function classOfStatus(status: number): RetryClass | null {
  if (status === 408 || status === 425) return 'slow_client'
  if (status === 429 || status === 503) return 'overloaded'
  return status >= 500 && !LASTING_5XX.has(status) ? '5xx' : null
}
