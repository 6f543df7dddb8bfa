import type { ScannedRecord } from '../../infra/warc-scan.ts'
import { advanceSearch, type ArchiveWork, enterImported } from '../../schema/queries/archives.ts'
import { insertCaptures } from '../../schema/queries/captures.ts'
import { type Lease, renewShard } from '../../schema/queries/leases.ts'
import { enterOriginFiles, type OriginFileSaid } from '../../schema/queries/origin-files.ts'
import { originFileOf, readRecord, type Target, targetOf } from './archive-record.ts'
import type { CaptureDraft } from './batch.ts'
import { storeBytes } from './commit-batch.ts'
import { draftCapture } from './draft-capture.ts'
import type { ImportDeps } from './import-archive.ts'
import { headerSignals } from './opt-out.ts'
import { type ArchiveBatch, readArchive, type ReadRun, type Stretch } from './read-archive.ts'
import { locationOf, resolveRedirect } from './redirects.ts'
import { robotsVerdictForStatus } from './robots.ts'
import { parseTdmFile } from './tdm-file.ts'

/** A file of an origin in the archive. */
interface FoundFile {
  draft: CaptureDraft
  target: Target
  source: { sha: Buffer; offset: number; length: number }
  /** Null when it says nothing, or where it is instead. */
  said: Omit<OriginFileSaid, 'captureId'> | null
}

interface Taken {
  /** Where the next record begins. */
  next: number
  file: FoundFile | null
}

class SearchBatch implements ArchiveBatch<Taken> {
  readonly found: FoundFile[] = []
  bytes = 0

  get records(): number {
    return this.found.length
  }

  add({ file }: Taken): void {
    if (!file) return
    this.found.push(file)
    this.bytes += file.draft.capture.bodyBytes
  }
}

/**
 * Searches an archive, as `readArchive` reads it, for the robots.txt and TDM files in it, which decide what may be used of
 * every archive of the crawl and may stand anywhere in it. Throws what that throws, and LEASE_LOST.
 */
export function searchArchive(deps: ImportDeps, lease: Lease, work: ArchiveWork, budgetMs: number): Promise<ReadRun> {
  const reading = {
    from: work.files_offset,
    take: (scanned: ScannedRecord) => take(deps, work, scanned),
    newBatch: () => new SearchBatch(),
    commit: ({ found }: SearchBatch, stretch: Stretch) => commitSearch(deps, lease, work, found, stretch),
  }
  return readArchive(deps, lease, work, reading, budgetMs)
}

async function take(deps: ImportDeps, work: ArchiveWork, scanned: ScannedRecord): Promise<Taken> {
  const { offset, length } = scanned
  const next = offset + length
  const isFile = scanned.kind === 'record' && originFileOf(targetOf(deps, scanned)?.url ?? 'x:') !== null
  if (!isFile) return { next, file: null }
  const record = await readRecord(deps, scanned)
  if (record.kind !== 'response' || record.file === null) return { next, file: null }
  const { target, response, file: kind } = record
  const signals = headerSignals(response.headers)
  const draft = draftCapture({ url: target.url, urlSha: target.sha, kind, response, signals, reserved: false })
  const redirect = resolveRedirect(target.url, response.status, locationOf(response))
  if (redirect.kind === 'to') draft.capture.redirectSha = deps.interpret.place(redirect.url)?.sha ?? null
  const verdict = robotsVerdictForStatus({
    status: response.status,
    body: kind === 'robots' ? response.body : NO_BYTES,
  })
  const { origin } = new URL(target.url)
  const says = redirect.kind === 'none' && verdict.kind !== 'disallow_all'
  const rules = kind === 'robots' ? robotsOf(verdict) : verdict.kind === 'rules' ? parseTdmFile(response.body) : []
  const said = says ? { origin, kind, rules, verdict: verdict.kind } : null
  return { next, file: { draft, target, source: { sha: work.sha, offset, length }, said } }
}

const NO_BYTES = Buffer.alloc(0)
const robotsOf = (verdict: ReturnType<typeof robotsVerdictForStatus>) =>
  verdict.kind === 'rules' ? verdict.rules : null

/** Bytes before rows, rows and offset in one transaction under the lease's fence. Returns the captures made. */
async function commitSearch(
  deps: ImportDeps,
  lease: Lease,
  work: ArchiveWork,
  found: readonly FoundFile[],
  { from, nextOffset, done }: Stretch,
): Promise<number> {
  const places = await storeBytes(
    deps,
    found.map(({ draft }) => draft),
  )
  return deps.db.transaction().execute(async (tx) => {
    await renewShard(tx, lease)
    const progress = { nextOffset, done, used: found.length }
    if (!(await advanceSearch(tx, lease.crawlNo, work.site_no, from, progress))) return 0
    const ids = await insertCaptures(
      tx,
      lease.crawlNo,
      found.map(({ draft, source }) => ({ ...draft.capture, warc: places.get(draft) ?? null, source })),
    )
    const said = found.flatMap((one, index) => (one.said ? [{ ...one.said, captureId: ids[index] as string }] : []))
    await enterOriginFiles(tx, lease.crawlNo, said)
    const urls = found.map(({ target, draft }, index) => ({
      ...target,
      kind: 'file' as const,
      reason: null,
      detail: draft.capture.status < 400 ? null : String(draft.capture.status),
      captureId: ids[index] as string,
    }))
    await enterImported(tx, lease.crawlNo, work.site_no, urls)
    return found.length
  })
}
