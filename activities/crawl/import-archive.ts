import type { FetchResponse } from '../../infra/http.ts'
import type { ObjectStore } from '../../infra/objects.ts'
import type { ScannedRecord } from '../../infra/warc-scan.ts'
import type { OptOutSignal } from '../../schema/contracts/opt-out.ts'
import {
  advanceArchive,
  type ArchiveProgress,
  type ArchiveWork,
  enterExcluded,
  enterImported,
  type ExcludedUrl,
} from '../../schema/queries/archives.ts'
import { insertCaptures, insertFacts } from '../../schema/queries/captures.ts'
import type { FrontierRow } from '../../schema/queries/frontier.ts'
import { type Lease, renewShard } from '../../schema/queries/leases.ts'
import type { CaptureDraft } from './batch.ts'
import { type Archive, CRAWL_RUN, storeBytes } from './commit-batch.ts'
import type { ArchivedWord } from './archived-rules.ts'
import { type ArchiveRecord, originFileOf, readRecord } from './archive-record.ts'
import { type InterpretDeps, interpretResponse, isPageType } from './interpret.ts'
import { draftCapture } from './draft-capture.ts'
import { headerSignals } from './opt-out.ts'
import { evidenceOf, optOutVerdict } from './opt-out-verdict.ts'
import { type ArchiveBatch, readArchive, type ReadDeps, type ReadRun, type Stretch } from './read-archive.ts'

export interface ImportDeps extends ReadDeps {
  store: ObjectStore
  archive: Archive
  extractDef: number
  interpret: InterpretDeps
  /** What the files of its origin in the crawl's archives say of a URL. */
  wordOf(url: string): Promise<ArchivedWord>
}

type Place = { sha: Buffer; offset: number; length: number }

/** One response of the archive that becomes a capture. */
interface Imported {
  draft: CaptureDraft
  source: Place
  host: string
  shard: number
  reason: string | null
  detail: string | null
}

/** What became of one record. Neither fault, capture nor excluded: nothing is wrong with it and nothing wants it. */
interface Taken {
  /** Where the next record begins. */
  next: number
  bytes: number
  fault: ArchiveProgress['faults'][number] | null
  imported: Imported | null
  /** A rule of its origin keeps it out. */
  excluded: ExcludedUrl | null
}

class ImportBatch implements ArchiveBatch<Taken> {
  readonly imported: Imported[] = []
  readonly excluded: ExcludedUrl[] = []
  readonly faults: ArchiveProgress['faults'] = []
  records = 0
  bytes = 0

  add({ fault, imported, excluded, bytes }: Taken): void {
    this.records += 1
    this.bytes += bytes
    if (fault) this.faults.push(fault)
    if (imported) this.imported.push(imported)
    if (excluded) this.excluded.push(excluded)
  }
}

/**
 * Takes captures from an archive, as `readArchive` reads it. Nothing is asked of the web. Throws what that throws, and
 * LEASE_LOST.
 */
export function importArchive(deps: ImportDeps, lease: Lease, work: ArchiveWork, budgetMs: number): Promise<ReadRun> {
  const reading = {
    from: work.next_offset,
    take: (scanned: ScannedRecord) => take(deps, work, scanned),
    newBatch: () => new ImportBatch(),
    commit: (batch: ImportBatch, stretch: Stretch) => commitImport(deps, lease, work, batch, stretch),
  }
  return readArchive(deps, lease, work, reading, budgetMs)
}

async function take(deps: ImportDeps, work: ArchiveWork, scanned: ScannedRecord): Promise<Taken> {
  const { offset: at, length } = scanned
  const taken: Taken = { next: at + length, bytes: 0, fault: null, imported: null, excluded: null }
  const record = await readRecord(deps, scanned)
  if (record.kind === 'fault') {
    const { fault: reason, url } = record
    return { ...taken, fault: { at, length, reason, url } }
  }
  if (record.kind === 'skip') return taken
  if (record.kind === 'revisit') {
    const imported = reservedAnew(deps, record)
    return { ...taken, imported: imported && { ...imported, source: { sha: work.sha, offset: at, length } } }
  }
  // Files of origins were taken by the search before.
  if (record.file !== null) return taken
  const { target, response } = record
  const { refusal, signals } = await deps.wordOf(target.url)
  if (refusal !== null && deps.interpret.section.politeness.honour.includes('robots')) {
    const kind = wantedAs(deps, response)
    const detail = `${refusal}; record at ${at} of ${nameOf(work.file)}`.slice(0, 300)
    return { ...taken, excluded: kind && { ...target, kind, reason: 'robots_disallowed', detail } }
  }
  const found = await interpretImported(deps, target, response, signals)
  const imported = found && { ...found, source: { sha: work.sha, offset: at, length } }
  return { ...taken, bytes: response.body.length, imported }
}

/** An answer without a body, such as a 304, counts when it says that what it confirms is reserved from now on. */
function reservedAnew(
  { interpret }: ImportDeps,
  { target, response }: Extract<ArchiveRecord, { kind: 'revisit' }>,
): Omit<Imported, 'source'> | null {
  const { honour } = interpret.section.politeness
  const signals = headerSignals(response.headers)
  const rules = { honour, token: interpret.token, subject: 'picture', date: null } as const
  const verdict = optOutVerdict(signals, rules)
  if (!verdict.reserved || originFileOf(target.url) !== null) return null
  const kept = { signals: evidenceOf(signals, verdict), reserved: true }
  const draft = draftCapture({ url: target.url, urlSha: target.sha, kind: 'other', response, ...kept })
  draft.capture.bodySha = null
  draft.record = null
  return { draft, host: target.host, shard: target.shard, reason: 'opted_out', detail: null }
}

const nameOf = (file: string) => file.slice(file.lastIndexOf('/') + 1)

/** What a crawl would have asked for it as; null for style sheets, scripts and the like. */
function wantedAs({ interpret }: ImportDeps, response: FetchResponse): ExcludedUrl['kind'] | null {
  if (response.status < 200 || response.status >= 300) return 'other'
  if (interpret.sniffImage(response.body) !== null) return 'picture'
  return isPageType(response) ? 'page' : null
}

/** Null for what a crawl of pages and pictures would not have asked for: style sheets, scripts and the like. */
async function interpretImported(
  deps: ImportDeps,
  target: { url: string; sha: Buffer; host: string; shard: number },
  response: FetchResponse,
  site: readonly OptOutSignal[],
): Promise<Omit<Imported, 'source'> | null> {
  const row: FrontierRow = {
    url_sha: target.sha,
    url: target.url,
    host: target.host,
    // In no site's scope: what a page leads to is not asked for.
    site_no: null,
    page: true,
    picture: true,
    sitemap: false,
    depth: 0,
    redirects: 0,
    attempts: 0,
    seed: false,
    declared: null,
    first_tried: null,
  }
  const { draft, outcome } = await interpretResponse(deps.interpret, row, response, site)
  if (!draft || outcome.reason === 'bad_media_type') return null
  return { draft, host: target.host, shard: target.shard, reason: outcome.reason, detail: outcome.detail }
}

/** Bytes before rows, rows and offset in one transaction under the lease's fence. Returns the captures made. */
async function commitImport(
  deps: ImportDeps,
  lease: Lease,
  work: ArchiveWork,
  batch: ImportBatch,
  { from, nextOffset, done }: Stretch,
): Promise<number> {
  const { imported } = batch
  const places = await storeBytes(
    deps,
    imported.map((one) => one.draft),
  )
  return deps.db.transaction().execute(async (tx) => {
    await renewShard(tx, lease)
    const progress = { nextOffset, done, records: batch.records, used: imported.length }
    const isNew = await advanceArchive(tx, lease.crawlNo, work.site_no, from, { ...progress, faults: batch.faults })
    if (!isNew) return 0
    const ids = await insertCaptures(
      tx,
      lease.crawlNo,
      imported.map(({ draft, source }) => ({ ...draft.capture, warc: places.get(draft) ?? null, source })),
    )
    const facts = imported.flatMap(({ draft }) => (draft.facts ? [draft.facts] : []))
    const values = facts.map((one) => ({ input: one.input, value: one.extract }))
    await insertFacts(tx, 'fact_text', deps.extractDef, CRAWL_RUN, values)
    const urls = imported.map(({ draft, host, shard, reason, detail }, index) => ({
      sha: draft.capture.urlSha,
      url: draft.url,
      host,
      shard,
      kind: kindOf(draft),
      reason,
      detail,
      captureId: ids[index] as string,
    }))
    await enterImported(tx, lease.crawlNo, work.site_no, urls)
    await enterExcluded(tx, lease.crawlNo, work.site_no, batch.excluded)
    return imported.length
  })
}

function kindOf({ capture }: CaptureDraft): 'page' | 'picture' | 'other' {
  return capture.kind === 'page' || capture.kind === 'picture' ? capture.kind : 'other'
}
