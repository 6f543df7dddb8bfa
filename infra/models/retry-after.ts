/** A server may ask for any wait; beyond an hour the job is better paused than waiting. */
const MAX_RETRY_AFTER_MS = 3_600_000

/**
 * Milliseconds that a `Retry-After` value asks for (RFC 9110 section 10.2.3: delta-seconds or an HTTP date),
 * at most an hour; undefined when there is none or it cannot be read.
 */
export function retryAfterMs(value: string | undefined, nowMs: number): number | undefined {
  const text = value?.trim()
  if (!text) return undefined
  // Some services send fractions of a second, which the grammar does not allow but which mean what they say.
  if (/^\d{1,9}(\.\d{1,9})?$/.test(text)) return Math.min(Number(text) * 1000, MAX_RETRY_AFTER_MS)
  if (!/^[A-Za-z]/.test(text)) return undefined
  const date = Date.parse(text)
  return Number.isNaN(date) ? undefined : Math.min(Math.max(date - nowMs, 0), MAX_RETRY_AFTER_MS)
}
