import { expect, test } from 'vitest'
import { describeHistory } from '../../../activities/explain/describe-history.ts'
import type { UrlEvent, UrlHost } from '../../../schema/queries/url-history.ts'

const anEvent = (second: number, changes: Partial<UrlEvent>): UrlEvent => ({
  at: new Date(Date.UTC(2026, 0, 1, 0, 0, second)),
  outcome: 'answered',
  attempt: null,
  status: null,
  class: null,
  reason: null,
  detail: null,
  next_at: null,
  ...changes,
})

test('tells each attempt with its outcome and when the next one is', () => {
  const next_at = new Date(Date.UTC(2026, 0, 1, 0, 0, 3))
  const fault = { class: 'timeout', reason: 'timeout', detail: 'ETIMEDOUT: no answer' }
  expect(
    describeHistory(
      [
        anEvent(0, { outcome: 'retry', attempt: 0, next_at, class: 'dns', reason: 'robots_unreachable' }),
        anEvent(1, { outcome: 'retry', attempt: 1, next_at, ...fault }),
        anEvent(3, { outcome: 'failed', attempt: 4, status: 500, class: '5xx', reason: 'http_error', detail: '500' }),
        anEvent(4, { outcome: 'put_back', attempt: 4, class: '5xx', reason: 'http_error', detail: '500' }),
        anEvent(5, { status: 200 }),
      ],
      null,
    ),
  ).toEqual([
    'history:',
    '  2026-01-01T00:00:00.000Z waits for its host: dns, robots_unreachable',
    '  2026-01-01T00:00:01.000Z to be tried again at 2026-01-01T00:00:03.000Z: attempt 1, timeout, ETIMEDOUT: no answer',
    '  2026-01-01T00:00:03.000Z failed for good: attempt 4, status 500, 5xx, http_error',
    '  2026-01-01T00:00:04.000Z put back by hand: 5xx, http_error, 500',
    '  2026-01-01T00:00:05.000Z answered: status 200',
  ])
})

test('says where a host stands that does not answer, and nothing of one that does', () => {
  const host: UrlHost = { host: 'a.example', state: 'answers', failures: 0, fault: null, since: null, next_at: null }
  const since = new Date(Date.UTC(2026, 0, 1))
  const next_at = new Date(Date.UTC(2026, 0, 1, 0, 1))
  expect(describeHistory([], host)).toEqual([])
  expect(describeHistory([], { ...host, state: 'suspended', failures: 3, fault: 'refused', since, next_at })).toEqual([
    'host a.example: suspended, 3 failures since 2026-01-01T00:00:00.000Z (refused), asked again at 2026-01-01T00:01:00.000Z',
  ])
})
