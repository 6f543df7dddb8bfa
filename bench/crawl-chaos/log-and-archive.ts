import { readdirSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { loadConfig } from '../../infra/config.ts'
import { openStore } from '../../infra/open-store.ts'
import { readWarcRecord, readWarcResponse } from '../../infra/warc-read.ts'
import { sha256 } from '../../activities/digest.ts'
import { CHECKOUT, databaseOf, linesOf, type Play } from '../../test/support/chaos/play.ts'
import type { ServedLine } from './served-line.ts'

/** What a crawl came to. */
export interface Crawled {
  digest: string
  /** URL, what became of it, status and body digest, a line each. */
  outcomes: string[]
  /** Every response that is kept. */
  captures: Capture[]
  /** Attempts without a response that is kept, by URL. */
  attempts: Map<string, number>
  /** Records that are not whole, of another URL or status, or of other bytes than their capture. */
  broken: string[]
  /** Objects of the store that do not have the digest of their name. */
  torn: string[]
  /** Files that a killed worker had begun to write. */
  leftovers: number
}

export interface Capture {
  url: string
  status: number
  /** Lowercase hex. */
  sha: string
  /** A reserved picture leaves its digest, and no record. */
  hasRecord: boolean
}

/** Reads a finished crawl out of its home, and every record of its archive. */
export async function readCrawled(on: Play): Promise<Crawled> {
  const client = new pg.Client({ connectionString: databaseOf(on.home) ?? '' })
  await client.connect()
  const { rows } = await client.query<{ digest: string }>(`SELECT encode(digest, 'hex') AS digest FROM crawl_freeze`)
  const outcomes = await client.query<{ line: string }>(`
    SELECT concat_ws(' ', u.url, f.state, f.reason, c.status, encode(c.body_sha, 'hex')) AS line FROM frontier f
    JOIN url u ON u.sha = f.url_sha LEFT JOIN capture c USING (capture_id) ORDER BY u.url COLLATE "C"`)
  const captures = await client.query<CaptureRow>(`
    SELECT u.url, c.status, c.body_sha AS body, c.reserved, c.warc_sha AS sha, c.warc_offset AS at, c.warc_length AS length
    FROM capture c JOIN url u ON u.sha = c.url_sha`)
  const attempts = await client.query<{ url: string; count: number }>(`
    SELECT u.url, count(*)::int AS count FROM crawl_attempt a JOIN url u ON u.sha = a.url_sha
    WHERE a.capture_id IS NULL GROUP BY u.url`)
  await client.end()
  const settings = loadConfig({ env: on.env, flags: {}, cwd: CHECKOUT })
  const store = openStore(settings)
  const broken: string[] = []
  for (const row of captures.rows) {
    const fault = await faultOf(store, row).catch((error: unknown) => String(error))
    if (fault !== null) broken.push(`${row.url}: ${fault}`)
  }
  const folder = settings.store.kind === 'folder' ? path.join(settings.store.path, 'objects') : ''
  return {
    digest: rows[0]?.digest ?? '',
    outcomes: outcomes.rows.map(({ line }) => line),
    captures: captures.rows.map((row) => ({
      url: row.url,
      status: row.status,
      sha: row.body.toString('hex'),
      hasRecord: row.sha !== null,
    })),
    attempts: new Map(attempts.rows.map((row) => [row.url, row.count])),
    broken,
    ...(await checkObjects(store, folder)),
  }
}

interface CaptureRow {
  url: string
  status: number
  body: Buffer
  reserved: boolean
  sha: Buffer | null
  at: string
  length: number
}

async function faultOf(store: ReturnType<typeof openStore>, row: CaptureRow): Promise<string | null> {
  if (row.sha === null) return row.reserved ? null : 'no record'
  const record = readWarcRecord(await store.getRange(row.sha, Number(row.at), row.length))
  const { status, body } = await readWarcResponse(record, 1 << 30)
  if (record.targetUri !== row.url) return `record of ${record.targetUri}`
  if (status !== row.status) return `record of status ${status}`
  return sha256(body).equals(row.body) ? null : 'record of other bytes'
}

async function checkObjects(
  store: ReturnType<typeof openStore>,
  folder: string,
): Promise<{ torn: string[]; leftovers: number }> {
  const torn: string[] = []
  let leftovers = 0
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    if (entry.name.endsWith('.tmp')) leftovers += 1
    else await store.get(Buffer.from(entry.name, 'hex')).catch(() => torn.push(entry.name))
  }
  return { torn, leftovers }
}

export function readServed(log: string): ServedLine[] {
  return linesOf(log).map((line) => JSON.parse(line) as ServedLine)
}

/** Lines of a site's log beside what is kept of them, of one kind. */
export interface KindTally {
  kind: string
  lines: number
  kept: number
  withRecord: number
  /** Lines without a capture whose attempt is written down: the answer broke off on its way. */
  attempts: number
  /** Lines without either. */
  lost: ServedLine[]
}

export interface Agreement {
  kinds: KindTally[]
  /** Captures that no line of the log has: URL, status and digest. */
  invented: string[]
  /** Lost lines of URLs that were not in flight at any strike, or more of them than strikes found there. */
  unexplained: string[]
}

/**
 * Sets the log beside the archive, line by line: each answer has its capture, with the same URL, status and digest, or an
 * attempt written down, or was in flight at a strike. `inFlight`: the URLs of each strike. The files that origins are
 * asked for are in flight with any URL of theirs.
 */
export function compareLogAndArchive(
  lines: readonly ServedLine[],
  { captures, attempts }: Pick<Crawled, 'captures' | 'attempts'>,
  inFlight: readonly ReadonlySet<string>[],
): Agreement {
  const free = new Map<string, Capture[]>()
  for (const capture of captures) {
    const key = `${capture.url} ${capture.status} ${capture.sha}`
    free.set(key, [...(free.get(key) ?? []), capture])
  }
  const tried = new Map(attempts)
  const kinds = new Map<string, KindTally>()
  for (const line of lines) {
    const tally = kinds.get(line.kind) ?? { kind: line.kind, lines: 0, kept: 0, withRecord: 0, attempts: 0, lost: [] }
    kinds.set(line.kind, tally)
    tally.lines += 1
    const url = urlOf(line)
    const capture = line.whole ? free.get(`${url} ${line.status} ${line.sha}`)?.pop() : undefined
    if (capture) {
      tally.kept += 1
      if (capture.hasRecord) tally.withRecord += 1
    } else if ((tried.get(url) ?? 0) > 0) {
      tried.set(url, (tried.get(url) ?? 0) - 1)
      tally.attempts += 1
    } else tally.lost.push(line)
  }
  const lost = [...kinds.values()].flatMap((tally) => tally.lost)
  return {
    kinds: [...kinds.values()].sort((a, b) => (a.kind < b.kind ? -1 : 1)),
    invented: [...free].flatMap(([key, left]) => left.map(() => key)),
    unexplained: unexplainedOf(lost, inFlight),
  }
}

function unexplainedOf(lost: readonly ServedLine[], inFlight: readonly ReadonlySet<string>[]): string[] {
  const origins = inFlight.map((urls) => new Set([...urls].map((url) => new URL(url).host)))
  const counts = new Map<string, number>()
  return lost.flatMap((line) => {
    const url = urlOf(line)
    const count = (counts.get(url) ?? 0) + 1
    counts.set(url, count)
    const isOrigins = line.kind === 'tdmrep' || line.path.endsWith('/robots.txt')
    const strikes = isOrigins
      ? origins.filter((hosts) => hosts.has(line.host))
      : inFlight.filter((urls) => urls.has(url))
    return count <= strikes.length ? [] : [`${url} ${line.status} at ${new Date(line.at).toISOString()}`]
  })
}

function urlOf({ host, path: asked }: ServedLine): string {
  return `http://${host}${asked}`
}
