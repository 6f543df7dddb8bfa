import type { ScannedRecord } from '../../infra/warc-scan.ts'
import { advanceSearch, type ArchiveWork, enterImported } from '../../schema/queries/archives.ts'
import { insertCaptures } from '../../schema/queries/captures.ts'
import { type Lease, renewShard } from '../../schema/queries/leases.ts'
import { enterOriginFiles, type OriginFileSaid } from '../../schema/queries/origin-files.ts'
import { originFileOf, readRecord, type Target, targetOf } from './archive-record.ts'
import { BATCH_BYTES, BATCH_MS, BATCH_RECORDS, type CaptureDraft } from './batch.ts'
import { storeBytes } from './commit-batch.ts'
import { draftCapture } from './draft-capture.ts'
import { type ImportDeps, type ImportRun, requireSameFile, scanLimits } from './import-archive.ts'
import { headerSignals } from './opt-out.ts'
import { inGroups } from './record-groups.ts'
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

/**
 * Searches an archive for the robots.txt and TDM files in it, which decide what may be used of every archive of the crawl
 * and may stand anywhere in it. In batches that each commit with the offset that they lead to, as `importArchive` does.
 */
export async function searchArchive(
  deps: ImportDeps,
  lease: Lease,
  work: ArchiveWork,
  budgetMs: number,
): Promise<ImportRun> {
  const end = deps.now() + budgetMs
  await requireSameFile(deps, lease, work)
  let from = work.files_offset
  let next = from
  let found: FoundFile[] = []
  let since = deps.now()
  let committed = 0
  const commit = async (done: boolean) => {
    committed += await commitSearch(deps, lease, work, found, { from, nextOffset: next, done })
    from = next
    found = []
    since = deps.now()
  }
  const records = deps.files.scan(work.file, from, scanLimits(deps))
  for await (const group of inGroups(records, (scanned) => take(deps, work, scanned))) {
    deps.signal.throwIfAborted()
    for (const taken of group) {
      next = taken.next
      if (taken.file) found.push(taken.file)
    }
    const bytes = found.reduce((sum, { draft }) => sum + draft.capture.bodyBytes, 0)
    const now = deps.now()
    if (found.length < BATCH_RECORDS && bytes < BATCH_BYTES && now - since < BATCH_MS) continue
    await commit(false)
    if (await deps.isPaused()) return { outcome: 'paused', committed }
    if (deps.now() >= end) return { outcome: 'budget', committed }
  }
  await commit(true)
  return { outcome: 'idle', committed }
}

async function take(
  deps: ImportDeps,
  work: ArchiveWork,
  scanned: ScannedRecord,
): Promise<{ next: number; file: FoundFile | null }> {
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
  { from, nextOffset, done }: { from: number; nextOffset: number; done: boolean },
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
