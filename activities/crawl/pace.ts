/** What a server's answer says of how much it takes. */
export interface Heard {
  /** When the request went out and when its answer was there, milliseconds of the caller's clock. */
  startedAt: number
  now: number
  /** Second of the server's clock, by its Date header; null without one. */
  second: number | null
  /** It said 429, or 503 with a Retry-After. */
  refused: boolean
  /** What Retry-After asks for, null without. */
  retryAfterMs: number | null
}

/** What is kept of a pace when another process goes on with the server. */
export interface KeptPace {
  /** Requests a second. */
  base: number
  /** Milliseconds since the last refusal. */
  agoMs: number
  windowMs: number
}

/** Requests in flight before a server has answered any; each four answers allow one more. */
const FIRST_IN_FLIGHT = 8
const ANSWERS_FOR_ONE_MORE = 4
/** Below what was seen to pass, so that a clock that ticks otherwise there does not refuse one in each second. */
const MARGIN = 0.95
/** A new estimate may halve the pace at once, not more: right after a pause little has passed. */
const LEAST_CUT = 0.5
/** A first refusal after fewer answers says little: others, or a crawl before, may have used up what is let pass. */
const LEAST_ANSWERS = 5
const SLOWEST_PER_SECOND = 0.05
/** The pace has doubled again after so many windows without a refusal, and hardly moved in the first third of them. */
const DOUBLING_WINDOWS = 60
const WINDOW_MS = 1000
/** Fewer answers in a second than this share of the pace were cut by the server, more by our own pace. */
const TELLING = 0.9
/** Starts that were late by a turn of the event loop are made up for, one at most. */
const CATCH_UP = 1

/** What was seen at the last refusal. */
interface Refusal {
  at: number
  windowMs: number
  /** Answers in that window, those included that were under way at the refusal and passed. */
  passed: number
  /** Requests a second that were allowed then, null at the first. */
  before: number | null
}

/**
 * The rate that one server lets pass, learnt from its refusals. Until the first there is none, but the number of
 * requests in flight begins small and grows with the answers. A refusal means: what passed in the window before it is
 * the limit; from then on starts stand evenly at 0.95 of it, and the pace grows by the cube of the time since, as TCP
 * CUBIC does (RFC 9438): slow about the limit that is known, fast when it has gone. The window is a second, or longer
 * when Retry-After says so: then it is the time since the last refusal and the wait that was asked for.
 */
export class Pace {
  private answers = 0
  private refusal: Refusal | null = null
  /** Times of the last second's answers; how many came since the last refusal, and when the first of them was asked. */
  private recent: { at: number; second: number | null }[] = []
  private passed = 0
  private since: number | null = null
  private nextAt = Number.NEGATIVE_INFINITY

  static from(kept: KeptPace, now: number): Pace {
    const pace = new Pace()
    const passed = (kept.base * kept.windowMs) / 1000 / MARGIN
    pace.refusal = { at: now - kept.agoMs, windowMs: kept.windowMs, passed, before: null }
    return pace
  }

  /** Null before the first refusal: nothing was learnt. */
  keep(now: number): KeptPace | null {
    const { refusal } = this
    return refusal && { base: baseOf(refusal), agoMs: Math.max(0, now - refusal.at), windowMs: refusal.windowMs }
  }

  /** Requests a second, null when no limit is known. */
  perSecond(now: number): number | null {
    if (this.refusal === null) return null
    const share = Math.max(0, now - this.refusal.at) / (DOUBLING_WINDOWS * this.refusal.windowMs)
    return baseOf(this.refusal) * (1 + share ** 3)
  }

  /** How many requests may be in flight. */
  get inFlight(): number {
    return this.refusal === null ? FIRST_IN_FLIGHT + Math.floor(this.answers / ANSWERS_FOR_ONE_MORE) : Infinity
  }

  /** When the next request may start; in the past when now. */
  get startsAt(): number {
    return this.nextAt
  }

  start(now: number): void {
    this.since ??= now
    const perSecond = this.perSecond(now)
    if (perSecond === null) return
    const interval = 1000 / perSecond
    this.nextAt = Math.max(this.nextAt, now - CATCH_UP * interval) + interval
  }

  /** Returns whether something was learnt that another process should know. */
  hear(heard: Heard): boolean {
    const known = this.refusal
    const isOfThen = known !== null && heard.startedAt <= known.at
    if (heard.refused) {
      // Several refusals of requests that were under way together are one.
      if (!isOfThen) this.refuse(heard)
      return !isOfThen
    }
    if (isOfThen) known.passed += 1
    else this.pass(heard)
    return false
  }

  private pass({ now, second }: Heard): void {
    this.answers += 1
    this.passed += 1
    this.recent.push({ at: now, second })
    const first = this.recent[0]?.at ?? now
    if (first < now - 2 * WINDOW_MS) this.recent = this.recent.filter(({ at }) => at > now - WINDOW_MS)
  }

  private refuse(heard: Heard): void {
    const { now, retryAfterMs } = heard
    const before = this.perSecond(now)
    const isLong = (retryAfterMs ?? 0) > WINDOW_MS
    this.refusal = isLong
      ? { at: now, before, windowMs: (retryAfterMs ?? 0) + now - (this.since ?? now), passed: this.passed }
      : { at: now, before, windowMs: WINDOW_MS, passed: this.passedLately(heard, before) }
    this.recent = []
    this.passed = 0
    this.since = null
  }

  /**
   * What a second lets pass. A server that looks back a second has let pass what came in the last one. A server that
   * counts by the seconds of its clock has let pass what came in this one, and the last one holds some of the second
   * before; it shows by as many answers as were asked for, or by the first refusal's coming after a burst.
   */
  private passedLately({ now, second }: Heard, before: number | null): number {
    const lately = this.recent.filter(({ at }) => at > now - WINDOW_MS)
    const sameSecond = lately.filter((one) => second !== null && one.second === second).length
    const saysLittle = before === null || lately.length > TELLING * before
    return saysLittle && sameSecond >= lately.length / 2 ? sameSecond : lately.length
  }
}

function baseOf({ passed, windowMs, before }: Refusal): number {
  const per = (answers: number) => (MARGIN * answers * 1000) / windowMs
  if (before === null) return per(Math.max(LEAST_ANSWERS, passed))
  return Math.max(SLOWEST_PER_SECOND, Math.min(MARGIN * before, Math.max(LEAST_CUT * before, per(passed))))
}
