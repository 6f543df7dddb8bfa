import { describeOptOut } from './opt-out-lines.ts'
import type { RecordPlace } from './record-place.ts'
import type { CaptureExplanation, RobotsExplanation, UrlExplanation } from './explain-url.ts'

/** What is known of a URL, for people. */
export function describeUrl(known: UrlExplanation): string[] {
  const { scope } = known
  return [
    `${known.url} in crawl ${known.crawl}`,
    `${known.state}: ${known.because}`,
    known.seed
      ? `a seed${known.declared === null ? '' : `, declared ${known.declared}`}`
      : known.linked_by === null
        ? known.from_archives
          ? 'found in an archive'
          : 'named by robots.txt, or a file of its origin'
        : `first found on ${known.linked_by}`,
    `wanted as ${known.wanted_as.join(' and ') || 'a file of its origin'}, depth ${known.depth}, ${known.redirects} redirects behind it`,
    `scope ${scope.kind}: ${scope.inside ? 'inside' : 'outside'}${scope.site === null ? '' : `, site ${scope.site}`}; ${known.admitted ? 'admitted' : 'not admitted as a page'}`,
    `${known.attempts} attempts${known.next_attempt_at === null ? '' : `, next at ${known.next_attempt_at}`}`,
    known.robots === null
      ? `robots: ${known.from_archives ? 'in none of the archives' : 'not asked'}`
      : robotsLine(known.robots),
    ...known.captures.flatMap(captureLines),
  ]
}

function robotsLine(robots: RobotsExplanation): string {
  return `${robotsVerdict(robots)}${robots.source === null ? '' : `; read at ${placeText(robots.source)}`}`
}

/** `1234 of FILE, 567 bytes`. */
const placeText = ({ offset, file, length }: RecordPlace) => `${offset} of ${file}, ${length} bytes`

function robotsVerdict(robots: RobotsExplanation): string {
  const verdict = robots.allowed ? 'allowed' : 'disallowed'
  if (robots.verdict === 'allow_all') return `robots of ${robots.origin}: ${verdict}, there is no file`
  if (robots.verdict === 'disallow_all') return `robots of ${robots.origin}: ${verdict}, the file could not be had`
  const rule = robots.rule === null ? 'no rule matches' : `${robots.rule} (line ${robots.line})`
  const group = robots.group === null ? 'no group' : `group ${robots.group}`
  const delay = robots.delay_seconds === null ? '' : `, delay ${robots.delay_seconds} s`
  return `robots of ${robots.origin}: ${verdict} for ${robots.agent}, ${group}, ${rule}${delay}`
}

function captureLines(capture: CaptureExplanation): string[] {
  const { warc, source } = capture
  const what = capture.redirects_to === null ? capture.kind : `redirect to ${capture.redirects_to}`
  return [
    `${capture.fetched_at} ${capture.status} ${what}, ${capture.media_type ?? 'no media type'}, ${capture.bytes} bytes${capture.frozen ? ', frozen' : ''}`,
    ...(capture.sha256 === null ? [] : [`  sha256 ${capture.sha256}`]),
    ...(source === null
      ? []
      : [`  taken from ${source.offset} of ${source.file} (sha256 ${source.sha256}), ${source.length} bytes`]),
    warc === null
      ? `  not archived${capture.reserved ? ': reserved' : capture.known_abuse ? ': on an abuse list' : ''}`
      : `  archived in ${warc.segment} at ${warc.offset}, ${warc.length} bytes`,
    ...notModifiedLines(capture),
    ...capture.opt_out.map(describeOptOut),
  ]
}

function notModifiedLines({ not_modified: confirmed }: CaptureExplanation): string[] {
  if (confirmed === null) return []
  const { crawl, fetched_at: at, warc } = confirmed
  return [
    `  answered 304: it is what crawl ${crawl} got at ${at}`,
    ...(warc ? [`  the 304 is archived in ${warc.segment} at ${warc.offset}, ${warc.length} bytes`] : []),
  ]
}
