import type { ExtractFact, PageExtract, PageInput } from '../../schema/contracts/candidate.ts'
import type { CrawlSection } from '../../schema/contracts/spec.ts'
import type { FoundUrl, FrontierRow } from '../../schema/queries/frontier.ts'
import type { FetchFailure, FetchResponse } from '../../infra/http.ts'
import type { CaptureDraft, UrlResult } from './batch.ts'
import type { Sitemap } from './sitemap.ts'
import type { OptOutSignal } from '../../schema/contracts/opt-out.ts'
import { headerSignals, metaSignals } from './opt-out.ts'
import { evidenceOf, linkRefusal, optOutVerdict, unavailableAfter } from './opt-out-verdict.ts'
import { pictureSignals } from './picture-signals.ts'
import { locationOf, MAX_REDIRECTS, resolveRedirect } from './redirects.ts'
import { type Outcome, parseRetryAfter, retryPlan } from './retry-policy.ts'
import { draftCapture, header } from './draft-capture.ts'
import { branchOf } from './url-branch.ts'
import type { PlacedLink, PlacedUrl } from './url-book.ts'

/** What interpretation needs to know and to call; all of it pure but for the abuse matcher's PDQ, which decodes. */
export interface InterpretDeps {
  section: CrawlSection
  /** Names a URL for the frontier: its shard, politeness host and canonical form; null when it can't be crawled. */
  place(url: string, base?: string): PlacedUrl | null
  /** The same of a link to a page, without the id of a visit, and the part of its host that it counts to. */
  link(url: string, base: string): PlacedLink | null
  inScope(siteNo: number, url: string): boolean
  /** The page's text is of no use here and may be empty. */
  extractPage(
    input: PageInput,
  ): Promise<{ ok: true; page: PageExtract } | { ok: false; reason: 'html_too_complex' | 'kills_worker' }>
  extractInput(input: PageInput): string
  sniffImage(bytes: Uint8Array): string | null
  /** Digest of the list that knows the picture, null when none does. */
  matchAbuse: (bytes: Buffer) => Promise<string | null>
  readSitemap(body: Buffer, url: string): Promise<Sitemap>
  /** Our product token, which robots rules and agent-scoped signals name. */
  token: string
}

const MAX_SITEMAP_NESTING = 3
/** What the frontier's column holds, whatever the spec allows. */
export const MAX_DEPTH = 32_000
const HTML_TYPES = new Set(['text/html', 'application/xhtml+xml'])

/** Links that are not followed and kept as evidence, of one page. */
const MAX_LINK_SIGNALS = 50
/** `ugc` and `sponsored` are heard as this. */
const LINK_REFUSAL = 'rel: nofollow'

/** What became of a URL whose request ended with a response. `site`: what its origin's files say of its use. */
export async function interpretResponse(
  deps: InterpretDeps,
  row: FrontierRow,
  response: FetchResponse,
  site: readonly OptOutSignal[] = [],
): Promise<UrlResult> {
  const redirect = resolveRedirect(row.url, response.status, locationOf(response))
  if (redirect.kind !== 'none')
    return redirected(deps, row, response, redirect.kind === 'to' ? redirect.url : null, site)
  if (response.status < 200 || response.status >= 300) return refused(deps, row, response)
  if (row.sitemap) return sitemap(deps, row, response)
  if (row.page && isPageType(response) && deps.sniffImage(response.body) === null)
    return page(deps, row, response, site)
  return picture(deps, row, response, site)
}

/** Whether a response says that it is a page, or nothing of what it is. */
export function isPageType(response: FetchResponse): boolean {
  const mediaType = mediaTypeOf(response)
  return mediaType === null || HTML_TYPES.has(mediaType)
}

/** What became of a URL whose request failed. */
export function interpretFailure(deps: InterpretDeps, row: FrontierRow, failure: FetchFailure): UrlResult {
  const detail = `${failure.errorCode}: ${failure.message}`
  return {
    draft: null,
    found: [],
    outcome: retryOrEnd(deps, row, { reason: failure.reason }, failure, failure.reason, detail),
  }
}

function refused(deps: InterpretDeps, row: FrontierRow, response: FetchResponse): UrlResult {
  const draft = draftOf(row, response, 'other', headerSignals(response.headers), false)
  const { status } = response
  return { draft, found: [], outcome: retryOrEnd(deps, row, { status }, response, 'http_error', String(status)) }
}

/** Retried as the policy's table says; what it gives up is failed, what it never retries (404) is a done answer. */
function retryOrEnd(
  deps: InterpretDeps,
  row: FrontierRow,
  cause: Outcome,
  response: { headers: [string, string][]; startedAt: number },
  reason: string,
  detail: string,
): UrlResult['outcome'] {
  const attempts = row.attempts + 1
  const giveUpMs = deps.section.limits.give_up_hours * 3_600_000
  const retryAfterMs = parseRetryAfter(header(response, 'retry-after'), response.startedAt, giveUpMs)
  const plan = retryPlan(cause, attempts, retryAfterMs)
  const common = {
    sha: row.url_sha,
    asPicture: row.picture,
    detail: detail.slice(0, 300),
    attempts,
    errorClass: plan.class,
  }
  if (!plan.retry)
    return { ...common, state: plan.class === null && 'status' in cause ? 'done' : 'failed', reason, waitMs: 0 }
  const triedForMs = row.first_tried === null ? 0 : response.startedAt - row.first_tried.getTime()
  if (triedForMs + plan.delayMs > giveUpMs)
    return { ...common, state: 'failed', reason: 'deadline_passed', detail: `${reason}: ${common.detail}`, waitMs: 0 }
  return { ...common, state: 'retry', reason, waitMs: plan.delayMs }
}

function redirected(
  deps: InterpretDeps,
  row: FrontierRow,
  response: FetchResponse,
  to: string | null,
  site: readonly OptOutSignal[],
): UrlResult {
  const signals = [...headerSignals(response.headers), ...site]
  // Who reserves the address that a page names reserves the picture behind it, wherever it lies.
  const draft = judgedDraft(deps, row, response, 'other', signals)
  const reserved = (draft.capture.reserved &&= row.picture)
  const target = to === null ? null : deps.place(to)
  if (!target) return { draft, found: [], outcome: failed(row, 'bad_url') }
  draft.capture.redirectSha = target.sha
  if (target.sha.equals(row.url_sha) || row.redirects >= MAX_REDIRECTS)
    return { draft, found: [], outcome: failed(row, 'too_many_redirects') }
  if ((row.page || row.sitemap) && !row.picture && (row.site_no === null || !deps.inScope(row.site_no, target.url))) {
    return { draft, found: [], outcome: failed(row, 'redirect_out_of_scope') }
  }
  const common = { ...target, depth: row.depth, redirects: row.redirects + 1, fromSha: row.url_sha }
  const inScope = row.site_no !== null && deps.inScope(row.site_no, target.url)
  const found: FoundUrl[] = []
  if (row.sitemap) found.push({ ...common, siteNo: row.site_no, kind: 'sitemap' })
  else if (row.page && inScope)
    found.push({ ...common, siteNo: row.site_no, kind: 'page', branch: branchOf(target.url) })
  if (row.picture && !reserved) found.push({ ...common, siteNo: null, kind: 'picture' })
  return { draft, found, outcome: done(row, reserved ? 'opted_out' : null, null) }
}

async function sitemap(deps: InterpretDeps, row: FrontierRow, response: FetchResponse): Promise<UrlResult> {
  const draft = draftOf(row, response, 'sitemap', headerSignals(response.headers), false)
  const listed = await deps.readSitemap(response.body, row.url)
  const found: FoundUrl[] = []
  if (listed.kind === 'invalid') return { draft, found, outcome: done(row, null, listed.reason) }
  const isIndex = listed.kind === 'index'
  if (isIndex && row.redirects >= MAX_SITEMAP_NESTING)
    return { draft, found, outcome: done(row, null, 'nested too deep') }
  for (const url of listed.urls) {
    if (isIndex) add(deps, row, found, url, 'sitemap', row.depth, row.redirects + 1)
    else add(deps, row, found, url, 'page', row.depth + 1, 0)
  }
  return { draft, found, outcome: done(row, null, null) }
}

/** A picture, or bytes of a kind that is none: both are asked of the lists before anything keeps them. */
async function picture(
  deps: InterpretDeps,
  row: FrontierRow,
  response: FetchResponse,
  site: readonly OptOutSignal[],
): Promise<UrlResult> {
  const isPicture = deps.sniffImage(response.body) !== null
  const inside = isPicture ? pictureSignals(response.body) : []
  const signals = [...headerSignals(response.headers), ...inside, ...site]
  const draft = judgedDraft(deps, row, response, isPicture ? 'picture' : 'other', signals)
  const { reserved } = draft.capture
  // Asked before the archive, the store, any classifier, model or person has the picture.
  const abuse = await deps.matchAbuse(response.body)
  draft.capture.abuse = abuse
  if (reserved || abuse !== null) draft.record = null
  else if (isPicture) draft.picture = response.body
  const reason = abuse !== null ? 'known_abuse' : reserved ? 'opted_out' : isPicture ? null : 'bad_media_type'
  return { draft, found: [], outcome: done(row, reason, null) }
}

async function page(
  deps: InterpretDeps,
  row: FrontierRow,
  response: FetchResponse,
  site: readonly OptOutSignal[],
): Promise<UrlResult> {
  const contentLanguage = header(response, 'content-language')
  const input: PageInput = {
    url: row.url,
    body: response.body,
    contentType: header(response, 'content-type'),
    contentLanguage,
  }
  const extracted = await deps.extractPage(input)
  const outside = [...headerSignals(response.headers), ...site]
  if (!extracted.ok) {
    const draft = judgedDraft(deps, row, response, 'page', outside)
    draft.capture.extractInput = Buffer.from(deps.extractInput(input), 'hex')
    return { draft, found: [], outcome: done(row, extracted.reason, null) }
  }
  const { page: found } = extracted
  const signals = [...outside, ...metaSignals(found.directives)]
  const draft = judgedDraft(deps, row, response, 'page', signals)
  const { reserved } = draft.capture
  const followed = followedLinks(deps, row, found, signals)
  draft.capture.signals.push(...followed.refused)
  draft.capture.extractInput = Buffer.from(deps.extractInput(input), 'hex')
  const extract: ExtractFact = { ok: true, title: found.title, lang: found.lang, candidates: found.candidates }
  draft.facts = { input: draft.capture.extractInput, extract }
  return {
    draft,
    found: [...followed.found, ...(reserved ? [] : pictures(deps, row, found))],
    outcome: done(row, reserved ? 'opted_out' : null, null),
  }
}

/** Pages that this one leads to; links that ask not to be followed are evidence under `robots`. */
function followedLinks(
  deps: InterpretDeps,
  row: FrontierRow,
  page: PageExtract,
  signals: readonly OptOutSignal[],
): { found: FoundUrl[]; refused: OptOutSignal[] } {
  const found: FoundUrl[] = []
  const refused: OptOutSignal[] = []
  const rules = { honour: deps.section.politeness.honour, token: deps.token }
  const refusal = linkRefusal(signals, rules)
  for (const link of page.links) {
    const target: FoundUrl[] = []
    add(deps, row, target, link.url, 'page', row.depth + 1, 0)
    const isRefused = refusal !== null || (link.nofollow && rules.honour.includes('robots'))
    if (!isRefused) found.push(...target)
    else if (target[0] && refused.length < MAX_LINK_SIGNALS)
      refused.push(linkSignal(target[0].url, refusal?.raw ?? LINK_REFUSAL))
  }
  return { found, refused }
}

function linkSignal(url: string, raw: string): OptOutSignal {
  return { signal: 'nofollow', value: '', raw, where: 'link', agent: null, url }
}

/** A page that reserves itself reserves the pictures it shows: they are not asked for on its account. */
function pictures(deps: InterpretDeps, row: FrontierRow, page: PageExtract): FoundUrl[] {
  return page.candidates.flatMap((candidate): FoundUrl[] => {
    const target = deps.place(candidate.image_url)
    if (!target) return []
    return [{ ...target, siteNo: null, depth: 0, kind: 'picture', redirects: 0, fromSha: row.url_sha }]
  })
}

function add(
  deps: InterpretDeps,
  row: FrontierRow,
  found: FoundUrl[],
  url: string,
  kind: 'page' | 'sitemap',
  depth: number,
  redirects: number,
): void {
  const target = kind === 'page' ? deps.link(url, row.url) : deps.place(url, row.url)
  if (!target || row.site_no === null || !deps.inScope(row.site_no, target.url)) return
  if (kind === 'page' && depth > Math.min(deps.section.limits.depth, MAX_DEPTH)) return
  found.push({ branch: null, ...target, siteNo: row.site_no, depth, kind, redirects, fromSha: row.url_sha })
}

function draftOf(
  row: FrontierRow,
  response: FetchResponse,
  kind: CaptureDraft['capture']['kind'],
  signals: OptOutSignal[],
  reserved: boolean,
): CaptureDraft {
  return draftCapture({ url: row.url, urlSha: row.url_sha, kind, response, signals, reserved })
}

function done(row: FrontierRow, reason: string | null, detail: string | null): UrlResult['outcome'] {
  return {
    sha: row.url_sha,
    asPicture: row.picture,
    state: 'done',
    reason,
    detail: detail?.slice(0, 300) ?? null,
    attempts: row.attempts + 1,
    waitMs: 0,
  }
}

function failed(row: FrontierRow, reason: string): UrlResult['outcome'] {
  return { ...done(row, reason, null), state: 'failed' }
}

/** A draft with what its signals make of it; of a flood of them some are kept. */
function judgedDraft(
  deps: InterpretDeps,
  row: FrontierRow,
  response: FetchResponse,
  kind: 'page' | 'picture' | 'other',
  signals: readonly OptOutSignal[],
): CaptureDraft {
  const { honour } = deps.section.politeness
  const subject = kind === 'page' ? 'page' : 'picture'
  const rules = { honour, token: deps.token, subject, date: null } as const
  const verdict = optOutVerdict(signals, rules)
  const draft = draftOf(row, response, kind, evidenceOf(signals, verdict), verdict.reserved)
  draft.capture.unavailableAfter = unavailableAfter(signals, rules)
  return draft
}

function mediaTypeOf(response: FetchResponse): string | null {
  const value = header(response, 'content-type')
  return value === null ? null : (value.split(';')[0] ?? '').trim().toLowerCase()
}
