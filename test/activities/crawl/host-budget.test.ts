import { describe, expect, test } from 'vitest'
import {
  contactOf,
  contactOfRobots,
  FAILURES_TO_SUSPEND,
  judgeHost,
  tallyContacts,
} from '../../../activities/crawl/host-budget.ts'
import type { HostRecord } from '../../../schema/queries/hosts.ts'

const DAY_MS = 24 * 3_600_000
const HOST = 'a.example'

const aHost = (changes: Partial<HostRecord> = {}): HostRecord => ({
  host: HOST,
  answered: true,
  failures: FAILURES_TO_SUSPEND,
  fault: 'refused ECONNREFUSED',
  fault_class: 'refused',
  silentMs: 60_000,
  suspensions: 0,
  suspended: false,
  givenUp: false,
  ...changes,
})

describe('what a request says of its host', () => {
  test.each([
    ['dns_failed', 'dns'],
    ['refused', 'refused'],
    ['reset', 'reset'],
    ['tls_failed', 'tls'],
    ['timeout', 'timeout'],
  ] as const)('%s is a failure of the connection', (reason, expected) => {
    const failure = { class: expected, fault: `${reason} ECODE`, weight: 1 }
    expect(contactOf(HOST, reason, 'ECODE')).toEqual({ host: HOST, failure })
  })

  test.each(['truncated', 'decode_failed', 'bad_response'] as const)('%s means that it answers', (reason) => {
    expect(contactOf(HOST, reason, '')).toEqual({ host: HOST, failure: null })
  })

  test.each(['address_blocked', 'too_large', 'bad_url'] as const)('%s says nothing of it', (reason) => {
    expect(contactOf(HOST, reason, '')).toBeNull()
  })

  test('a robots.txt that cannot be had is enough to suspend, unless asking again gives the same', () => {
    expect(contactOfRobots(HOST, 'dns_failed ENOTFOUND')?.failure).toEqual({
      class: 'dns',
      fault: 'robots.txt dns_failed ENOTFOUND',
      weight: FAILURES_TO_SUSPEND,
    })
    expect(contactOfRobots(HOST, 'status 503')?.failure?.class).toBe('overloaded')
    expect(contactOfRobots(HOST, 'too_many_redirects')).toBeNull()
  })
})

describe('a batch', () => {
  const answer = { host: HOST, failure: null }
  const failure = { host: HOST, failure: { class: 'reset' as const, fault: 'reset', weight: 1 } }

  test('counts the failures since the last answer, host by host', () => {
    const other = { ...failure, host: 'b.example' }
    expect(tallyContacts([failure, answer, failure, other, failure])).toEqual([
      { host: HOST, answered: true, failures: 2, class: 'reset', fault: 'reset' },
      { host: 'b.example', answered: false, failures: 1, class: 'reset', fault: 'reset' },
    ])
  })

  test('counts one robots.txt once, however many URLs waited for it', () => {
    const robots = contactOfRobots(HOST, 'refused ECONNREFUSED')
    if (robots === null) throw new Error('no contact')
    expect(tallyContacts([robots, robots, robots])).toMatchObject([{ failures: FAILURES_TO_SUSPEND }])
  })
})

describe('a silent host', () => {
  test('is left alone after some failures in a row, each time for longer', () => {
    const waits = [0, 1, 2, 3, 9].map((suspensions) => judgeHost(aHost({ suspensions }), DAY_MS))
    expect(waits).toEqual([5, 15, 45, 135, 600].map((seconds) => ({ kind: 'suspend', ms: seconds * 1000 })))
    expect(judgeHost(aHost({ failures: FAILURES_TO_SUSPEND - 1 }), DAY_MS)).toEqual({ kind: 'go on' })
  })

  test('is not judged again while it is suspended or given up', () => {
    expect(judgeHost(aHost({ suspended: true }), DAY_MS)).toEqual({ kind: 'go on' })
    expect(judgeHost(aHost({ givenUp: true }), DAY_MS)).toEqual({ kind: 'go on' })
  })

  test('that answered before is waited for until the deadline, and asked once more when it comes', () => {
    expect(judgeHost(aHost({ suspensions: 50, silentMs: DAY_MS - 2000 }), DAY_MS)).toEqual({
      kind: 'suspend',
      ms: 2000,
    })
    expect(judgeHost(aHost({ silentMs: DAY_MS }), DAY_MS)).toEqual({
      kind: 'give up',
      why: 'host a.example: refused ECONNREFUSED; silent for 24 h, the deadline of give_up_hours',
    })
  })

  test('that never answered is given up after three rounds', () => {
    const judged = [0, 1, 2].map((suspensions) => judgeHost(aHost({ answered: false, suspensions }), DAY_MS))
    expect(judged.map(({ kind }) => kind)).toEqual(['suspend', 'suspend', 'give up'])
    expect(judged[2]).toMatchObject({
      why: 'host a.example: refused ECONNREFUSED; silent for 1 min in 3 rounds, and it never answered',
    })
  })
})
