import type { CrawlSection } from '../../schema/contracts/spec.ts'
import type { CaptureOfUrl, KnownUrl, StoredRobots } from '../../schema/queries/explain-url.ts'
import { readSeed } from '../../schema/spec/seed-sitemap.ts'
import { canonicalUrl, inScope } from '../crawl/canonical-url.ts'
import { crawlDelaySeconds, isAllowed, productToken, type RobotsRules } from '../crawl/robots.ts'
import { MAX_CRAWL_DELAY_SECONDS } from '../crawl/robots-gate.ts'
import type { FileFetch } from '../../schema/queries/explain-subjects.ts'
import { type OptOutLine, optOutLines } from './opt-out-lines.ts'
import { type RecordPlace, recordPlace } from './record-place.ts'

export interface RobotsExplanation {
  origin: string
  verdict: StoredRobots['verdict']
  fetched_at: string
  /** The name that the rules know us by. */
  agent: string
  /** The group that was asked, null when none holds. */
  group: string | null
  /** The rule that decided, null when none matched. */
  rule: string | null
  /** Line of the file. */
  line: number | null
  delay_seconds: number | null
  allowed: boolean
  /** The record of an archive that the file stood in; null when it was fetched. */
  source: RecordPlace | null
}

export interface CaptureExplanation {
  kind: string
  status: number
  fetched_at: string
  media_type: string | null
  content_language: string | null
  sha256: string | null
  bytes: number
  redirects_to: string | null
  reserved: boolean
  known_abuse: boolean
  opt_out: OptOutLine[]
  warc: { segment: string; offset: number; length: number } | null
  /** The record of an archive that it was taken from; null when it was fetched. */
  source: RecordPlace | null
  /** The answer was a 304: what it confirmed, and its own record. */
  not_modified: { crawl: string; fetched_at: string; warc: CaptureExplanation['warc'] } | null
  frozen: boolean
}

/** What `crawl explain` says of a URL. */
export interface UrlExplanation {
  url: string
  crawl: string
  wanted_as: ('page' | 'picture' | 'sitemap')[]
  seed: boolean
  /** Language that its seed list declares. */
  declared: string | null
  /** The first page, sitemap or redirect that led to it. */
  linked_by: string | null
  depth: number
  redirects: number
  scope: { kind: CrawlSection['scope']; site: string | null; inside: boolean }
  admitted: boolean
  state: string
  reason: string | null
  detail: string | null
  attempts: number
  next_attempt_at: string | null
  /** In words: why it stands where it stands. */
  because: string
  /** Null when the origin's robots.txt was not asked. */
  robots: RobotsExplanation | null
  captures: CaptureExplanation[]
  /** The crawl takes what it has from archives, and asks nobody. */
  from_archives: boolean
}

/** Everything that a crawl's rows say of a URL, with the rules read anew by the functions of the crawl. */
export function explainUrl(
  url: string,
  known: KnownUrl,
  robots: StoredRobots | null,
  captures: readonly CaptureOfUrl[],
  files: readonly FileFetch[] = [],
): UrlExplanation {
  const { section } = known
  const token = productToken(section.politeness.user_agent)
  const wanted = (['page', 'picture', 'sitemap'] as const).filter((kind) => known[kind])
  return {
    url,
    crawl: known.id,
    wanted_as: wanted,
    seed: known.seed,
    declared: known.declared,
    linked_by: known.linked_by,
    depth: known.depth,
    redirects: known.redirects,
    scope: { kind: section.scope, site: known.scope_key, inside: isInScope(section, url) },
    admitted: known.admitted,
    state: known.state,
    reason: known.reason,
    detail: known.detail,
    attempts: known.attempts,
    next_attempt_at: known.next_at?.toISOString() ?? null,
    because: because(known),
    robots: robots === null ? null : explainRobots(url, robots, token),
    from_archives: isOfArchives(section),
    captures: captures.map((capture) => explainCapture({ ...capture, url }, section, files)),
  }
}

/** Whether a URL lies in the scope of any seed. */
export function isInScope(section: CrawlSection, url: string): boolean {
  return Object.values(section.seeds)
    .flat()
    .some((seed) => {
      const canonical = canonicalUrl(readSeed(seed).url)
      return canonical.ok && inScope({ scope: section.scope, url: canonical.url }, url)
    })
}

function because({ state, reason, detail, depth, section, ...known }: KnownUrl): string {
  const named = [reason, detail].filter((part) => part !== null).join(': ')
  switch (state) {
    case 'found':
      if (depth > section.limits.depth) return `links lead deeper than depth ${section.limits.depth}`
      if (known.site_closed === true || (known.site_depth ?? 0) >= depth)
        return `the budget of ${section.limits.pages_per_host} pages a host was spent at its depth`
      return `depth ${known.site_depth ?? 0} of its site is not closed yet`
    case 'pending':
      return 'waits for its turn'
    case 'leased':
      return 'a worker holds it'
    case 'retry':
      return `is tried again: ${named}`
    case 'failed':
      return `was given up: ${named}`
    case 'excluded':
      return `was ${isOfArchives(section) ? 'not taken' : 'not asked for'}: ${named}`
    default:
      return named === '' ? 'answered' : `answered: ${named}`
  }
}

/** Whether a crawl takes what it has from archives. */
export function isOfArchives(section: CrawlSection): boolean {
  return Object.values(section.seeds).some((seeds) => seeds.some((seed) => seed.startsWith('warc:')))
}

function explainRobots(url: string, robots: StoredRobots, agent: string): RobotsExplanation {
  const { origin } = new URL(url)
  const source = robots.source ? recordPlace(robots.source) : null
  const common = { origin, verdict: robots.verdict, fetched_at: robots.fetched_at.toISOString(), agent, source }
  if (robots.verdict !== 'rules' || robots.rules === null) {
    const allowed = robots.verdict !== 'disallow_all'
    return { ...common, group: null, rule: null, line: null, delay_seconds: null, allowed }
  }
  const rules = robots.rules as RobotsRules
  const { allowed, group, rule, line } = isAllowed(rules, agent, url)
  const delay = crawlDelaySeconds(rules, agent)
  return {
    ...common,
    group,
    rule,
    line,
    delay_seconds: delay,
    allowed: allowed && (delay ?? 0) <= MAX_CRAWL_DELAY_SECONDS,
  }
}

function explainCapture(
  capture: CaptureOfUrl & { url: string },
  section: CrawlSection,
  files: readonly FileFetch[],
): CaptureExplanation {
  const { warc_sha: segment } = capture
  return {
    kind: capture.kind,
    status: capture.status,
    fetched_at: capture.fetched_at.toISOString(),
    media_type: capture.media_type,
    content_language: capture.content_language,
    sha256: capture.body_sha?.toString('hex') ?? null,
    bytes: capture.body_bytes,
    redirects_to: capture.redirects_to,
    reserved: capture.reserved,
    known_abuse: capture.abuse !== null,
    opt_out: optOutLines(capture, section, { date: null, files }),
    warc: placeOf(segment, capture.warc_offset, capture.warc_length),
    source: recordPlace(capture),
    not_modified: notModified(capture),
    frozen: capture.frozen,
  }
}

function notModified(capture: CaptureOfUrl): CaptureExplanation['not_modified'] {
  const { confirmed_crawl: crawl, confirmed_at: at } = capture
  if (!crawl || !at) return null
  const warc = placeOf(capture.revisit_sha, capture.revisit_offset, capture.revisit_length)
  return { crawl, fetched_at: at.toISOString(), warc }
}

function placeOf(
  segment: Buffer | null | undefined,
  offset: number | null | undefined,
  length: number | null | undefined,
): CaptureExplanation['warc'] {
  return segment ? { segment: segment.toString('hex'), offset: offset ?? 0, length: length ?? 0 } : null
}
