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
}

/** A fetch's outcome, as far as trying again depends on it. */
export type Outcome = { reason: FetchReason } | { status: number }

export type RetryPlan = { retry: true; class: RetryClass; delayMs: number } | { retry: false; class: RetryClass | null }

/** All classes, in the order of the table, with the other names that a person may know them by. */
export const RETRY_CLASSES: readonly { class: RetryClass; also: readonly string[]; what: string }[] = [
  { class: 'dns', also: ['dns_failed'], what: 'the name did not resolve' },
  { class: 'refused', also: [], what: 'nobody listens' },
  { class: 'reset', also: [], what: 'the connection was cut' },
  { class: 'tls', also: ['tls_failed'], what: 'the certificate or handshake is bad' },
  { class: 'timeout', also: [], what: 'no answer in time' },
  { class: 'slow_client', also: ['408', '425'], what: 'status 408 or 425' },
  { class: 'overloaded', also: ['429', '503'], what: 'status 429 or 503' },
  { class: '5xx', also: ['server_error'], what: 'any other 5xx that may pass' },
  { class: 'truncated', also: [], what: 'the body ended early' },
  { class: 'decode', also: ['decode_failed', 'bad_response'], what: 'broken coding or HTTP' },
]

/** The class that a person means, undefined for a word that names none. */
export function retryClassNamed(word: string): RetryClass | undefined {
  return RETRY_CLASSES.find((one) => one.class === word || one.also.includes(word))?.class
}

const MAX_DELAY_MS = 10 * 60 * 1000

/**
 * One line per class. What passes by itself within seconds is tried after one; what means that the other side wants
 * less of us starts later and is tried longer; what is mostly a lasting fault (certificates, broken codings) gets one
 * second chance.
 */
const RULES: Record<RetryClass, RetryRule> = {
  dns: { maxAttempts: 4, firstDelayMs: 1000 },
  refused: { maxAttempts: 4, firstDelayMs: 1000 },
  reset: { maxAttempts: 4, firstDelayMs: 1000 },
  tls: { maxAttempts: 2, firstDelayMs: 2000 },
  timeout: { maxAttempts: 3, firstDelayMs: 2000 },
  truncated: { maxAttempts: 3, firstDelayMs: 1000 },
  decode: { maxAttempts: 2, firstDelayMs: 1000 },
  slow_client: { maxAttempts: 3, firstDelayMs: 1000 },
  overloaded: { maxAttempts: 8, firstDelayMs: 2000 },
  '5xx': { maxAttempts: 4, firstDelayMs: 2000 },
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
