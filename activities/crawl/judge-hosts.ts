import type { Kysely, Transaction } from 'kysely'
import type { FetchReason } from '../../schema/contracts/reasons.ts'
import { type AdmissionLimits, closeDepths } from '../../schema/queries/close-depths.ts'
import { giveUpHost, hasAnswered, type HostEnd, noteHosts, suspendHost } from '../../schema/queries/hosts.ts'
import { type Lease, renewShard } from '../../schema/queries/leases.ts'
import type { Database } from '../../schema/tables/database.ts'
import type { HostContact } from './batch.ts'
import { judgeHost, tallyContacts } from './host-budget.ts'

export interface HostBudget {
  /** How long a silent host is waited for. */
  giveUpMs: number
  /** Whether robots.txt is what a host is asked for first. */
  asksRobots: boolean
}

/**
 * Suspends hosts that do not answer, and gives up those that have not for too long, in the transaction that commits
 * their failures. Returns both, and those that were so before.
 */
export async function judgeHosts(
  tx: Transaction<Database>,
  crawlNo: number,
  contacts: readonly HostContact[],
  budget: HostBudget,
): Promise<string[]> {
  const silent: string[] = []
  for (const record of await noteHosts(tx, crawlNo, tallyContacts(contacts))) {
    const verdict = judgeHost(record, budget.giveUpMs)
    if (verdict.kind === 'suspend') await suspendHost(tx, crawlNo, record.host, verdict.ms)
    if (verdict.kind === 'give up')
      await giveUpHost(tx, crawlNo, record.host, endOf(record.answered, budget), verdict.why)
    if (verdict.kind !== 'go on' || record.suspended || record.givenUp) silent.push(record.host)
  }
  return silent
}

/** Gives up what was found for a host after it was given up. Throws LEASE_LOST. */
export async function giveUpFound(
  { db, budget, limits }: { db: Kysely<Database>; budget: HostBudget; limits: AdmissionLimits },
  lease: Lease,
  host: string,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await renewShard(tx, lease)
    const end = endOf(await hasAnswered(tx, lease.crawlNo, host), budget)
    await giveUpHost(tx, lease.crawlNo, host, end, null)
    await closeDepths(tx, lease, limits)
  })
}

/** A host that was never heard never allowed anything: its URLs were not asked for, rather than failed. */
function endOf(answered: boolean, { asksRobots }: HostBudget): HostEnd {
  return !answered && asksRobots
    ? { state: 'excluded', reason: 'robots_unreachable' satisfies FetchReason }
    : { state: 'failed', reason: 'host_down' satisfies FetchReason }
}
