import type { HostRecord } from '../../schema/queries/hosts.ts'
import type { HostContact } from './batch.ts'
import { describeSeconds } from './progress.ts'
import { type RetryClass, retryClass } from './retry-policy.ts'
import type { FetchReason } from '../../schema/contracts/reasons.ts'

/** Faults of the connection: nothing of an answer came, so they speak of the host and not of the URL. */
const CONNECTION: ReadonlySet<RetryClass> = new Set(['dns', 'refused', 'reset', 'tls', 'timeout'])

/** Failures in a row that suspend a host: fewer than any URL's attempts at the classes that pass by themselves. */
export const FAILURES_TO_SUSPEND = 3
/** The first suspension; each later one is three times as long. */
const FIRST_SUSPENSION_MS = 5_000
const LONGEST_SUSPENSION_MS = 10 * 60 * 1000
/**
 * A host that never answered is most often gone for good (a dead picture host), so it gets this many rounds, some 40
 * seconds. One that has answered is waited for until the spec's deadline.
 */
const ROUNDS_WITHOUT_ANSWER = 3

/** What a failed request says of its host, null when it says nothing of it (a blocked address, a bad URL). */
export function contactOf(host: string, reason: FetchReason, errorCode: string): HostContact | null {
  const found = retryClass({ reason })
  if (found === null) return null
  if (!CONNECTION.has(found)) return { host, failure: null }
  return {
    host,
    failure: { class: found, fault: [reason, errorCode].filter((part) => part !== '').join(' '), weight: 1 },
  }
}

/**
 * What a robots.txt says that could not be had; null when asking again gives the same. The gate has tried it several
 * times: that is enough to suspend.
 */
export function contactOfRobots(host: string, detail: string | null): HostContact | null {
  const [first = '', second = ''] = (detail ?? '').split(' ')
  const found = retryClass(first === 'status' ? { status: Number(second) } : { reason: first as FetchReason })
  if (found === null) return null
  return { host, failure: { class: found, fault: `robots.txt ${detail}`, weight: FAILURES_TO_SUSPEND } }
}

/** What a batch says of a host, in the order in which its requests ended. */
export interface HostTally {
  host: string
  answered: boolean
  /** Since its last answer in this batch. */
  failures: number
  class: RetryClass | null
  fault: string | null
}

export function tallyContacts(contacts: readonly HostContact[]): HostTally[] {
  const tallies = new Map<string, HostTally>()
  for (const { host, failure } of contacts) {
    const tally = tallies.get(host) ?? { host, answered: false, failures: 0, class: null, fault: null }
    if (failure === null) tallies.set(host, { host, answered: true, failures: 0, class: null, fault: null })
    else {
      const { fault, weight } = failure
      // One robots.txt that cannot be had is the answer to every URL that waited for it.
      const failures = weight > 1 ? Math.max(tally.failures, weight) : tally.failures + 1
      tallies.set(host, { ...tally, failures, class: failure.class, fault })
    }
  }
  return [...tallies.values()]
}

export type HostVerdict = { kind: 'go on' } | { kind: 'suspend'; ms: number } | { kind: 'give up'; why: string }

/**
 * Whether a host is left alone for a while, or for good: `record` as it stands with the batch's failures. A host that
 * answers is never given up, so crawls of an answering site do not differ.
 */
export function judgeHost(record: HostRecord, giveUpMs: number): HostVerdict {
  if (record.failures < FAILURES_TO_SUSPEND || record.suspended || record.givenUp) return { kind: 'go on' }
  const { silentMs, suspensions, answered } = record
  const vain = `host ${record.host}: ${record.fault ?? 'no answer'}; silent for ${describeSeconds(silentMs / 1000)}`
  if (silentMs >= giveUpMs) return { kind: 'give up', why: `${vain}, the deadline of give_up_hours` }
  if (!answered && suspensions + 1 >= ROUNDS_WITHOUT_ANSWER)
    return { kind: 'give up', why: `${vain} in ${suspensions + 1} rounds, and it never answered` }
  const wait = Math.min(LONGEST_SUSPENSION_MS, FIRST_SUSPENSION_MS * 3 ** suspensions)
  // Asked once more when the deadline comes, not long after it.
  return { kind: 'suspend', ms: Math.max(1000, Math.min(wait, giveUpMs - silentMs)) }
}
