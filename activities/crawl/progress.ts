import type { CrawlCounts } from '../../schema/queries/crawl-counts.ts'

export interface Pace {
  /** URLs that came to an end, and all that are to be asked as far as the crawl knows now. */
  done: number
  total: number
  in_flight: number
  per_second: number
  /** Seconds at the rate of the last minute, null while nothing ends; links not yet found or admitted may add to it. */
  seconds_left: number | null
}

const ENDED = new Set(['done', 'failed', 'excluded'])

/** Where a crawl is, of its counters. What was found and is not admitted is not to be asked. */
export function paceOf({ states, per_second }: Pick<CrawlCounts, 'states' | 'per_second'>): Pace {
  const pace = { done: 0, total: 0, in_flight: 0 }
  for (const { state, count } of states) {
    if (state === 'found') continue
    pace.total += count
    if (ENDED.has(state)) pace.done += count
    if (state === 'leased') pace.in_flight += count
  }
  const left = pace.total - pace.done
  const seconds_left = left === 0 ? 0 : per_second > 0 ? Math.ceil(left / per_second) : null
  return { ...pace, per_second: Math.round(per_second * 100) / 100, seconds_left }
}

/** `45 s`, `12 min`, `3 h 20 min`, `5 d 4 h`. */
export function describeSeconds(seconds: number): string {
  const whole = Math.ceil(seconds)
  if (whole < 60) return `${whole} s`
  const minutes = Math.round(whole / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return `${hours} h${minutes % 60 === 0 ? '' : ` ${minutes % 60} min`}`
  return `${Math.floor(hours / 24)} d${hours % 24 === 0 ? '' : ` ${hours % 24} h`}`
}
