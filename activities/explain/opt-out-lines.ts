import type { StoredSignal } from '../../schema/contracts/opt-out.ts'
import type { CrawlSection } from '../../schema/contracts/spec.ts'
import type { FileFetch } from '../../schema/queries/explain-subjects.ts'
import { type RecordPlace, recordPlace } from './record-place.ts'
import { optOutVerdict } from '../crawl/opt-out-verdict.ts'
import { productToken } from '../crawl/robots.ts'

/** The file that a signal stood in, and the fetch of it that counted. */
export interface SignalFile {
  url: string
  line: number | null
  fetched_at: string | null
  sha256: string | null
  /** The record of an archive that it stood in; null when it was fetched. */
  source: RecordPlace | null
}

/** One signal as it was sent, where it stood, when it was fetched, and whether it reserves under what the crawl honoured. */
export interface OptOutLine {
  on: 'page' | 'picture'
  url: string | null
  where: StoredSignal['where']
  signal: string
  value: string
  /** What was read, with its name. */
  raw: string
  /** Crawler that it names, null for all. */
  agent: string | null
  fetched_at: string
  /** For what stood in a file of the origin; else null. */
  file: SignalFile | null
  /** The URL that a link leads to; else null. */
  about: string | null
  reserves: boolean
}

export interface QuotedCapture {
  url: string | null
  kind: string
  reserved: boolean
  signals: readonly StoredSignal[]
  fetched_at: Date
}

/** The signals of one capture. `files`: fetches of the files that they name; `date`: the release's, null without one. */
export function optOutLines(
  capture: QuotedCapture,
  section: CrawlSection,
  { date, files }: { date: string | null; files: readonly FileFetch[] },
): OptOutLine[] {
  const on = capture.kind === 'page' ? 'page' : 'picture'
  const { honour, user_agent: userAgent } = section.politeness
  const { by } = optOutVerdict(capture.signals, { honour, token: productToken(userAgent), subject: on, date })
  return capture.signals.map((signal) => ({
    on,
    url: capture.url,
    where: signal.where,
    signal: signal.signal,
    value: signal.value,
    raw: signal.raw ?? (signal.value === '' ? signal.signal : `${signal.signal}: ${signal.value}`),
    agent: signal.agent,
    fetched_at: capture.fetched_at.toISOString(),
    file: signal.where === 'link' || signal.url === undefined ? null : fileOf(signal, signal.url, capture, files),
    about: signal.where === 'link' ? (signal.url ?? null) : null,
    // What the crawl honoured is written in its rows; a date is judged by the release.
    reserves: by.includes(signal) && (capture.reserved || signal.signal === 'unavailable_after'),
  }))
}

/** Digests of the files that signals name. */
export function filesNamed(captures: readonly Pick<QuotedCapture, 'signals'>[]): string[] {
  const urls = captures.flatMap(({ signals }) =>
    signals.flatMap(({ where, url }) => (where !== 'link' && url !== undefined ? [url] : [])),
  )
  return [...new Set(urls)]
}

/** `opt-out noai: "X-Robots-Tag: noai, noimageai" in header of picture …, fetched …, reserves`. */
export function describeOptOut(line: OptOutLine): string {
  const named = line.value === '' ? line.signal : `${line.signal} ${line.value}`
  const place =
    line.file === null
      ? line.where === 'picture'
        ? 'inside'
        : `in ${line.where} of`
      : `in ${line.file.url}${line.file.line === null ? '' : ` line ${line.file.line}`}${fetchText(line.file)} for`
  const agent = line.agent === null ? '' : `, to ${line.agent}`
  const about = line.about === null ? '' : `, to ${line.about}`
  return `  opt-out ${named}: "${line.raw}" ${place} ${line.on} ${line.url ?? ''}${about}, fetched ${line.fetched_at}${agent}${line.reserves ? ', reserves' : ''}`
}

function fetchText({ fetched_at: at, source }: SignalFile): string {
  if (at === null) return ''
  return ` (fetched ${at}${source === null ? '' : `, at ${source.offset} of ${source.file}`})`
}

/**
 * The last fetch of the file before the capture's own, which is the one that was asked; without one the first. Of files
 * in archives the newest counts for everything there.
 */
function fileOf(signal: StoredSignal, url: string, capture: QuotedCapture, files: readonly FileFetch[]): SignalFile {
  const fetches = files.filter((file) => file.url === url)
  const isOfArchives = fetches.some((file) => file.source_sha)
  const before = isOfArchives
    ? fetches.findLast(({ status = 0 }) => status < 400)
    : (fetches.findLast((file) => file.fetched_at <= capture.fetched_at) ?? fetches[0])
  return {
    url,
    line: signal.line ?? null,
    fetched_at: before?.fetched_at.toISOString() ?? null,
    sha256: before?.sha256 ?? null,
    source: before ? recordPlace(before) : null,
  }
}
