import { expect, test } from 'vitest'
import { HostSchedule } from '../../../activities/crawl/host-schedule.ts'
import { Pace } from '../../../activities/crawl/pace.ts'
import { ServerBook } from '../../../activities/crawl/server-book.ts'
import type { FrontierRow } from '../../../schema/queries/frontier.ts'

interface Limiter {
  /** Requests admitted in each window of the server's clock. */
  perWindow: number
  windowMs: number
  /** Where in a window the first request falls. */
  offsetMs: number
  /** Looks back a window's time from each request, instead of counting by the windows of its clock. */
  slides?: boolean
}

/** Asks a limited server for `urls` URLs, on a clock that jumps from event to event; a refused URL waits two seconds. */
function askAll(urls: number, perHost: number, limiter: Limiter) {
  const schedule = new HostSchedule({ perHost, perAddress: perHost, delayMs: 0 }, new ServerBook())
  schedule.setAddress('a', '192.0.2.1')
  schedule.push(
    'a',
    Array.from({ length: urls }, (_, n) => ({ host: 'a', url: `http://a/${n}` }) as FrontierRow),
  )
  const events: { at: number; run: (now: number) => void }[] = []
  const admitted: number[] = []
  let requests = 0
  let done = 0
  let now = 0
  while (done < urls && now < 3_600_000) {
    for (let turn = schedule.take(now); turn; turn = schedule.take(now)) {
      const { row } = turn
      const startedAt = now
      const at = now + limiter.offsetMs
      const from = limiter.slides ? at - limiter.windowMs : Math.floor(at / limiter.windowMs) * limiter.windowMs
      requests += 1
      const ok = admitted.filter((other) => other >= from).length < limiter.perWindow
      if (ok) admitted.push(at)
      const left = limiter.slides ? 1000 : from + limiter.windowMs - at
      const second = Math.floor(at / 1000)
      const retryAfterMs = ok ? null : Math.ceil(left / 1000) * 1000
      events.push({
        at: now + 5 + (requests % 7),
        run: (end) => {
          turn.finish(end, { startedAt, status: ok ? 200 : 429, latencyMs: 5, retryAfterMs, second })
          if (ok) done += 1
          else events.push({ at: end + 2000, run: () => schedule.push('a', [row]) })
        },
      })
    }
    events.sort((a, b) => a.at - b.at)
    const next = events.shift()
    const wait = schedule.waitMs(now)
    const due = wait === null ? Infinity : now + Math.max(1, wait)
    if (next && next.at <= due) {
      now = Math.max(now, next.at)
      next.run(now)
    } else {
      if (next) events.push(next)
      now = due
    }
  }
  return { requests, seconds: now / 1000 }
}

test.for([
  ['at the start of its second', 8, 0],
  ['at the end of its second', 8, 950],
  ['with many requests at a time', 64, 0],
  ['with many requests at a time over two of its seconds', 64, 980],
] as const)(
  'a server of 50 a second, met %s: 1,000 answers in 30 s with 1.1 requests each',
  ([, perHost, offsetMs]) => {
    const { requests, seconds } = askAll(1000, perHost, { perWindow: 50, windowMs: 1000, offsetMs })
    expect(requests).toBeLessThanOrEqual(1100)
    expect(seconds).toBeLessThan(26)
  },
)

test('a server of 60 a minute is asked about that often', () => {
  const { requests, seconds } = askAll(600, 8, { perWindow: 60, windowMs: 60_000, offsetMs: 0 })
  expect(requests).toBeLessThanOrEqual(660)
  expect(seconds).toBeLessThan(900)
})

test('a server without limit is soon asked for as much as the spec lets', () => {
  const pace = new Pace()
  for (let n = 0; n < 100; n += 1) {
    pace.start(n)
    pace.hear({ startedAt: n, now: n + 1, refused: false, retryAfterMs: null, second: null })
  }
  expect([pace.perSecond(100), pace.inFlight]).toEqual([null, 33])
  expect(pace.startsAt).toBe(Number.NEGATIVE_INFINITY)
})

/** A server that let `passed` requests of one second pass and refused the next. */
function refusedAfter(passed: number): Pace {
  const pace = new Pace()
  for (let n = 0; n < passed; n += 1)
    pace.hear({ startedAt: n, now: n + 1, refused: false, retryAfterMs: null, second: null })
  pace.hear({ startedAt: 500, now: 510, refused: true, retryAfterMs: 1000, second: null })
  return pace
}

test('what passed in the second before a refusal is the limit, and the pace stays below it', () => {
  expect(refusedAfter(50).perSecond(510)).toBe(47.5)
})

test('of a burst over two seconds of a clock that the server counts by, the later second is the limit', () => {
  const pace = new Pace()
  const refused = { startedAt: 110, now: 120, refused: true, retryAfterMs: 1000, second: 2 }
  for (let n = 0; n < 100; n += 1)
    pace.hear({ startedAt: n, now: n + 1, refused: false, retryAfterMs: null, second: n < 50 ? 1 : 2 })
  pace.hear(refused)
  expect(pace.perSecond(120)).toBe(47.5)
})

test('refusals of requests that were under way together count as one, answers to such count as passed', () => {
  const pace = refusedAfter(50)
  pace.hear({ startedAt: 505, now: 520, refused: true, retryAfterMs: 1000, second: null })
  expect(pace.perSecond(510)).toBe(47.5)
  pace.hear({ startedAt: 505, now: 521, refused: false, retryAfterMs: null, second: null })
  expect(pace.perSecond(510)).toBe(0.95 * 51)
})

test('a first refusal of the first request asks for a pause, not for a crawl that never ends', () => {
  expect(refusedAfter(0).perSecond(510)).toBe(4.75)
})

test('a server of one a second is found in a few steps', () => {
  const pace = refusedAfter(1)
  for (let second = 2; second < 8; second += 2) {
    pace.hear({ startedAt: second * 1000, now: second * 1000 + 5, refused: false, retryAfterMs: null, second: null })
    pace.hear({
      startedAt: second * 1000 + 9,
      now: second * 1000 + 20,
      refused: true,
      retryAfterMs: 1000,
      second: null,
    })
  }
  expect(pace.perSecond(6020)).toBe(0.95)
})

test('the pace grows again slowly about the limit and fast when the limit has gone', () => {
  const pace = refusedAfter(50)
  const grown = [20, 60, 120].map((seconds) => (pace.perSecond(510 + seconds * 1000) ?? 0) / 47.5)
  expect(grown.map((times) => Number(times.toFixed(2)))).toEqual([1.04, 2, 9])
})

test('what was learnt goes on in another process', () => {
  const pace = refusedAfter(50)
  const kept = pace.keep(10_510)
  expect(kept).toEqual({ base: 47.5, agoMs: 10_000, windowMs: 1000 })
  const other = kept && Pace.from(kept, 99)
  expect(other?.perSecond(99)).toBeCloseTo(pace.perSecond(10_510) ?? 0)
})
