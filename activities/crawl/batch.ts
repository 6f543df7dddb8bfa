import type { ExtractFact } from '../../schema/contracts/candidate.ts'
import type { FoundUrl, UrlOutcome } from '../../schema/queries/frontier.ts'
import type { NewCapture } from '../../schema/queries/captures.ts'
import type { ArchivedResponse, ArchivedRevisit } from '../../infra/warc.ts'
import { releaseBytes } from '../release-bytes.ts'
import type { OptOutSignal } from '../../schema/contracts/opt-out.ts'
import type { TdmRule } from './tdm-file.ts'
import type { BodyShare } from '../../infra/body-budget.ts'
import type { RetryClass } from './retry-policy.ts'

/** One response as it will be committed. `record` is its WARC record, null when no byte may be archived. */
export interface CaptureDraft {
  url: string
  capture: Omit<NewCapture, 'warc' | 'revisit' | 'source' | 'signals'> & { signals: OptOutSignal[] }
  record: ArchivedResponse | null
  /** A 304's record, and where the body that it confirms lies. */
  revisit?: { record: ArchivedRevisit; body: NonNullable<NewCapture['warc']> } | null
  /** Bytes for the object store: a picture that may be kept. */
  picture: Buffer | null
  facts: { input: Buffer; extract: ExtractFact } | null
}

/** What a request says of its host. */
export interface HostContact {
  host: string
  /** Null when it answered; else what kept it from that, and how many single requests that stands for. */
  failure: { class: RetryClass; fault: string; weight: number } | null
}

/** All that became of one leased URL. */
export interface UrlResult {
  contact?: HostContact | null
  outcome: Omit<UrlOutcome, 'captureId'>
  draft: CaptureDraft | null
  found: FoundUrl[]
}

export interface RobotsResult {
  origin: string
  rules: unknown
  verdict: 'rules' | 'allow_all' | 'disallow_all'
  shard: number
  /** Each hop, the last one is the answer. */
  drafts: CaptureDraft[]
}

/** What an origin's TDM file says; no rules when there is none. */
export interface TdmResult {
  origin: string
  rules: TdmRule[]
  shard: number
  /** Each hop, the last one is the answer. */
  drafts: CaptureDraft[]
}

/** A batch is sealed at 100 records, 16 MiB or 2 s, whichever comes first (design, step crawl). */
export const BATCH_RECORDS = 100
export const BATCH_BYTES = 16 * 1024 * 1024
export const BATCH_MS = 2_000

/** What one shard has fetched and not yet committed; lost with the process, fetched again by its successor. */
export class CrawlBatch {
  readonly results: UrlResult[] = []
  readonly robots: RobotsResult[] = []
  readonly tdm: TdmResult[] = []
  /** In the order in which the requests ended. */
  readonly contacts: HostContact[] = []
  bytes = 0
  startedAt = 0
  private readonly shares: BodyShare[] = []

  get records(): number {
    return this.results.length + this.robots.length + this.tdm.length
  }

  /** `share` is what the result's body holds: the batch's until its end. */
  addResult(result: UrlResult, now: number, share: BodyShare | null = null): void {
    this.begin(now)
    if (share) this.shares.push(share)
    this.results.push(result)
    if (result.contact) this.contacts.push(result.contact)
    this.bytes += result.draft?.record?.rawBody.length ?? 0
  }

  addRobots(result: RobotsResult, now: number): void {
    this.begin(now)
    this.robots.push(result)
    if (result.verdict !== 'disallow_all') this.contacts.push({ host: new URL(result.origin).host, failure: null })
    for (const draft of result.drafts) this.bytes += draft.record?.rawBody.length ?? 0
  }

  addTdm(result: TdmResult, now: number): void {
    this.begin(now)
    this.tdm.push(result)
    for (const draft of result.drafts) this.bytes += draft.record?.rawBody.length ?? 0
  }

  isDue(now: number): boolean {
    if (this.records === 0) return false
    return this.records >= BATCH_RECORDS || this.bytes >= BATCH_BYTES || now - this.startedAt >= BATCH_MS
  }

  /** Gives back what its bodies hold of the budget: they are committed, or lost. */
  end(): void {
    for (const share of this.shares.splice(0)) share.close()
  }

  /** Frees its bodies. Only after a commit: of one that failed a write may still be under way. */
  releaseBodies(): void {
    for (const { record } of this.drafts()) {
      if (record === null) continue
      releaseBytes(record.rawBody)
      releaseBytes(record.body)
    }
  }

  /** All responses, those of the origins' files first. */
  drafts(): CaptureDraft[] {
    return [
      ...this.robots.flatMap((one) => one.drafts),
      ...this.tdm.flatMap((one) => one.drafts),
      ...this.results.flatMap((one) => (one.draft ? [one.draft] : [])),
    ]
  }

  private begin(now: number): void {
    if (this.records === 0) this.startedAt = now
  }
}
