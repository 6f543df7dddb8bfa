import { describe, expect, it } from 'vitest'
import {
  parseRetryAfter,
  RETRY_CLASSES,
  retryClass,
  retryClassNamed,
  retryPlan,
  speaksOfServer,
} from '../../../activities/crawl/retry-policy.ts'
import type { Outcome } from '../../../activities/crawl/retry-policy.ts'
import { FETCH_REASONS } from '../../../schema/contracts/reasons.ts'

/** All waits of an outcome that never changes, in seconds. */
function waits(outcome: Outcome): number[] {
  const delays: number[] = []
  for (let attempt = 1; ; attempt += 1) {
    const plan = retryPlan(outcome, attempt)
    if (!plan.retry) return delays
    delays.push(plan.delayMs / 1000)
  }
}

describe('retry policy', () => {
  it('takes a fault of one body or of a name for none of the server', () => {
    const names = RETRY_CLASSES.map((one) => one.class)
    expect(names.filter((name) => !speaksOfServer(name))).toEqual(['dns', 'tls', 'truncated', 'decode'])
  })

  it('tries faults that pass again, and nothing that is decided', () => {
    const classes = FETCH_REASONS.map((reason) => [reason, retryClass({ reason })] as const)
    expect(Object.fromEntries(classes.filter(([, found]) => found !== null))).toEqual({
      dns_failed: 'dns',
      refused: 'refused',
      reset: 'reset',
      tls_failed: 'tls',
      timeout: 'timeout',
      truncated: 'truncated',
      decode_failed: 'decode',
      bad_response: 'decode',
    })
  })

  it.each([
    [200, null],
    [301, null],
    [404, null],
    [408, 'slow_client'],
    [410, null],
    [425, 'slow_client'],
    [429, 'overloaded'],
    [500, '5xx'],
    [501, null],
    [502, '5xx'],
    [503, 'overloaded'],
    [504, '5xx'],
    [505, null],
    [511, null],
    [522, '5xx'],
  ])('puts status %i into class %s', (status, found) => {
    expect(retryClass({ status })).toBe(found)
  })

  it.each([
    [{ reason: 'dns_failed' }, [1, 3, 9]],
    [{ reason: 'refused' }, [1, 3, 9]],
    [{ reason: 'reset' }, [1, 3, 9]],
    [{ reason: 'tls_failed' }, [2]],
    [{ reason: 'timeout' }, [2, 6]],
    [{ reason: 'truncated' }, [1, 3]],
    [{ reason: 'decode_failed' }, [1]],
    [{ status: 408 }, [1, 3]],
    [{ status: 429 }, [2, 6, 18, 54, 162, 486, 600]],
    [{ status: 500 }, [2, 6, 18]],
    [{ status: 404 }, []],
  ] as [Outcome, number[]][])('waits after %j for %j seconds', (outcome, seconds) => {
    expect(waits(outcome)).toEqual(seconds)
  })

  it('never waits shorter than the server asked for', () => {
    expect(retryPlan({ status: 503 }, 1, 60_000)).toEqual({ retry: true, class: 'overloaded', delayMs: 60_000 })
    expect(retryPlan({ status: 503 }, 1, 100)).toEqual({ retry: true, class: 'overloaded', delayMs: 2000 })
    expect(retryPlan({ status: 503 }, 8, 100)).toEqual({ retry: false, class: 'overloaded' })
  })

  it.each([
    ['120', 120_000],
    [' 0 ', 0],
    ['99999999', 600_000],
    ['Tue, 20 Jan 2026 10:00:30 GMT', 30_000],
    ['Tuesday, 20-Jan-26 10:00:30 GMT', 30_000],
    ['Tue, 20 Jan 2026 09:00:00 GMT', 0],
    ['Tue, 20 Jan 2099 09:00:00 GMT', 600_000],
    ['soon', null],
    ['-1', null],
    ['1.5', null],
    ['2026', 600_000],
    [null, null],
  ])('reads Retry-After %s as %s ms', (value, milliseconds) => {
    expect(parseRetryAfter(value, Date.parse('2026-01-20T10:00:00Z'), 600_000)).toBe(milliseconds)
  })
})

it('each class of the table can be named, also by a status or reason of it', () => {
  const words = ['dns', 'refused', 'reset', 'tls', 'timeout', '408', '425', '429', '503', '5xx', 'truncated', 'decode']
  const classes =
    'dns refused reset tls timeout slow_client slow_client overloaded overloaded 5xx truncated decode'.split(' ')
  expect(words.map(retryClassNamed)).toEqual(classes)
  expect(retryClassNamed('404')).toBeUndefined()
})
