/** An answer within this time asks for no wait: the server is not at its limit, whatever network lies between. */
const FREE_MS = 500
/** A server that takes a second for an answer gets a second of rest, one that takes three gets five. */
const REST_FOR_SLOWNESS = 2
/** Heritrix' default cap; what is slower yet is a matter of timeouts. */
const LONGEST_MS = 30_000
/** Weight of the newest answer: one slow answer in ten leaves little behind, four in a row are most of the mean. */
const NEWEST = 1 / 4

/**
 * The running mean of a host's latency: milliseconds from the request's going out to the first byte of its answer, so
 * that a large body or a thin line does not count. Errors are often quick, so they may only raise it, as in Scrapy's
 * AutoThrottle.
 */
export function smoothLatency(before: number | null, latencyMs: number, isError: boolean): number {
  if (before === null) return latencyMs
  return isError && latencyMs < before ? before : before + (latencyMs - before) * NEWEST
}

/** Rest after an answer: twice what the mean latency is over half a second, at most 30 s; none for a fast server. */
export function latencyDelayMs(meanMs: number | null): number {
  return meanMs === null ? 0 : Math.min(LONGEST_MS, REST_FOR_SLOWNESS * Math.max(0, meanMs - FREE_MS))
}
