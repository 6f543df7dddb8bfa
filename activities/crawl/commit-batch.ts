import type { Kysely } from 'kysely'
import {
  insertCaptures,
  insertFacts,
  recordRobotsUrls,
  upsertRobots,
  upsertTdmFiles,
} from '../../schema/queries/captures.ts'
import { type AdmissionLimits, closeDepths } from '../../schema/queries/close-depths.ts'
import { type FoundUrl, insertFound, writeOutcomes } from '../../schema/queries/frontier.ts'
import { type Lease, renewShard } from '../../schema/queries/leases.ts'
import type { Database } from '../../schema/tables/database.ts'
import type { ObjectStore } from '../../infra/objects.ts'
import type { ArchivedResponse, ArchivedRevisit, RecordPlace } from '../../infra/warc.ts'
import { releaseBytes } from '../release-bytes.ts'
import type { CaptureDraft, CrawlBatch } from './batch.ts'
import { type HostBudget, judgeHosts } from './judge-hosts.ts'
import type { KnownUrls } from './known-urls.ts'

export interface CommitDeps {
  db: Kysely<Database>
  store: ObjectStore
  archive: Archive
  extractDef: number
  known: KnownUrls
  /** The rule that keeps the crawl off a URL that it has found; null when there is none, or none known yet. */
  refusal(url: string): NonNullable<FoundUrl['refusal']> | null
  limits: AdmissionLimits
  budget: HostBudget
}

/** What the crawl needs of the archive's format. */
export interface Archive {
  encodeResponse(response: ArchivedResponse): Promise<Buffer>
  encodeRevisit(revisit: ArchivedRevisit): Promise<Buffer>
  createSegment(): { add(member: Buffer): RecordPlace; seal(): { bytes: Buffer } }
}

/** Each waits for the disk twice; waiting together, they share what it writes. */
const STORE_CONCURRENCY = 16
/** What happens while crawling belongs to no release's run. */
export const CRAWL_RUN = '0'

/**
 * Seals the batch's records as one WARC segment, stores it, then commits captures, facts, what was found and the URLs'
 * new states in one transaction under the lease's fence. Bytes before rows: a crash between leaves an orphan object,
 * never a row without bytes. Throws LEASE_LOST when the shard went to another worker: nothing is committed then.
 */
export async function commitBatch(
  deps: CommitDeps,
  lease: Lease,
  batch: CrawlBatch,
): Promise<{ admitted: number; found: number; silent: string[] }> {
  const drafts = batch.drafts()
  const places = await storeBytes(deps, drafts)
  const found = deps.known
    .unknown(batch.results.flatMap((one) => one.found))
    // A page is refused in its depth's turn: it counts to its host's.
    .map((one) => (one.kind === 'picture' ? { ...one, refusal: deps.refusal(one.url) } : one))
  const counts = await deps.db.transaction().execute(async (tx) => {
    await renewShard(tx, lease)
    const ids = await insertCaptures(
      tx,
      lease.crawlNo,
      drafts.map((draft) => {
        const place = places.get(draft) ?? null
        const { revisit } = draft
        return { ...draft.capture, warc: revisit ? revisit.body : place, revisit: revisit ? place : null }
      }),
    )
    const idOf = new Map(drafts.map((draft, index) => [draft, ids[index] ?? null]))
    const facts = drafts.flatMap((draft) => (draft.facts ? [draft.facts] : []))
    await insertFacts(
      tx,
      'fact_text',
      deps.extractDef,
      CRAWL_RUN,
      facts.map((one) => ({ input: one.input, value: one.extract })),
    )
    await upsertRobots(
      tx,
      lease.crawlNo,
      batch.robots.map((one) => ({ ...one, captureId: idOf.get(one.drafts.at(-1) as CaptureDraft) ?? null })),
    )
    await upsertTdmFiles(
      tx,
      lease.crawlNo,
      batch.tdm.map((one) => ({ ...one, captureId: idOf.get(one.drafts.at(-1) as CaptureDraft) ?? null })),
    )
    await recordRobotsUrls(
      tx,
      lease.crawlNo,
      [...batch.robots, ...batch.tdm].flatMap((one) =>
        one.drafts.map((draft) => ({
          sha: draft.capture.urlSha,
          url: draft.url,
          host: hostOf(draft.url),
          shard: one.shard,
          captureId: idOf.get(draft) as string,
        })),
      ),
    )
    await insertFound(tx, lease.crawlNo, found)
    await writeOutcomes(
      tx,
      lease.crawlNo,
      batch.results.map((one) => ({ ...one.outcome, captureId: one.draft ? (idOf.get(one.draft) ?? null) : null })),
    )
    const silent = await judgeHosts(tx, lease.crawlNo, batch.contacts, deps.budget)
    const { admitted } = await closeDepths(tx, lease, deps.limits)
    return { admitted, found: found.length, silent }
  })
  deps.known.committed(found)
  return counts
}

/** Puts the drafts' records as one segment, and their pictures, into the store; says where each record lies. */
export async function storeBytes(
  deps: Pick<CommitDeps, 'store' | 'archive'>,
  drafts: readonly CaptureDraft[],
): Promise<Map<CaptureDraft, { sha: Buffer; offset: number; length: number }>> {
  const places = new Map<CaptureDraft, { sha: Buffer; offset: number; length: number }>()
  const segment = deps.archive.createSegment()
  const spans: ({ draft: CaptureDraft } & RecordPlace)[] = []
  for (const draft of drafts) {
    const member = draft.revisit
      ? await deps.archive.encodeRevisit(draft.revisit.record)
      : draft.record && (await deps.archive.encodeResponse(draft.record))
    if (member) spans.push({ draft, ...segment.add(member) })
  }
  if (spans.length > 0) {
    const { bytes } = segment.seal()
    const sha = await deps.store.put(bytes)
    releaseBytes(bytes)
    for (const { draft, offset, length } of spans) places.set(draft, { sha, offset, length })
  }
  const pictures = [
    ...new Map(
      drafts.flatMap((one) => (one.picture ? [[one.capture.bodySha?.toString('hex'), one.picture] as const] : [])),
    ).values(),
  ]
  for (let start = 0; start < pictures.length; start += STORE_CONCURRENCY) {
    await Promise.all(pictures.slice(start, start + STORE_CONCURRENCY).map((bytes) => deps.store.put(bytes)))
  }
  return places
}

function hostOf(url: string): string {
  return new URL(url).host
}
