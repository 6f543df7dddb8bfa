import { expect, test } from 'vitest'
import { describeSeconds, paceOf } from '../../../activities/crawl/progress.ts'

test('counts what ended of what is to be asked, without links that are not admitted', () => {
  const states = [
    { state: 'found' as const, reason: null, count: 50 },
    { state: 'done' as const, reason: null, count: 6 },
    { state: 'failed' as const, reason: 'timeout', count: 1 },
    { state: 'excluded' as const, reason: 'robots_disallowed', count: 1 },
    { state: 'pending' as const, reason: null, count: 10 },
    { state: 'retry' as const, reason: 'timeout', count: 1 },
    { state: 'leased' as const, reason: null, count: 3 },
  ]
  expect(paceOf({ states, per_second: 0.456 })).toEqual({
    done: 8,
    total: 22,
    in_flight: 3,
    per_second: 0.46,
    seconds_left: 31,
  })
})

test('knows no time left while nothing ends, and none is left when all ended', () => {
  const pending = { state: 'pending' as const, reason: null, count: 1 }
  expect(paceOf({ states: [pending], per_second: 0 }).seconds_left).toBeNull()
  expect(paceOf({ states: [{ ...pending, state: 'done' }], per_second: 0 }).seconds_left).toBe(0)
})

test.each([
  [0, '0 s'],
  [59.2, '1 min'],
  [45, '45 s'],
  [90, '2 min'],
  [3600, '1 h'],
  [12_000, '3 h 20 min'],
  [187_200, '2 d 4 h'],
])('says %d seconds as %s', (seconds, text) => {
  expect(describeSeconds(seconds)).toBe(text)
})
