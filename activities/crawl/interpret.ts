import { createHash } from 'node:crypto'
import type { ExtractFact, PageExtract, PageInput } from '../../schema/contracts/candidate.ts'
import type { PageLanguageFact } from '../../schema/contracts/facts.ts'
import type { CrawlSection } from '../../schema/contracts/spec.ts'
import type { FoundUrl, FrontierRow } from '../../schema/queries/frontier.ts'
import type { FetchFailure, FetchResponse } from '../../infra/http.ts'
import type { CaptureDraft, UrlResult } from './batch.ts'
import { parseHeaderSignals, parseMetaSignals, type Signal, verdict } from './opt-out.ts'
import { retryDecision } from './retry-policy.ts'
import { sha256 } from '../steps/step.ts'

/** What interpretation needs to know and to call; all of it pure but for the abuse matcher's PDQ, which decodes. */
export interface InterpretDeps {
  section: CrawlSection
  /** Names a URL for the frontier: its shard, politeness host and canonical form; null when it can't be crawled. */
  place(url: string, base?: string): { url: string; sha: Buffer; host: string; shard: number } | null
  inScope(siteNo: number, url: string): boolean
  extractPage(input: PageInput): { ok: true; page: PageExtract } | { ok: false; reason: 'html_too_complex' }
  extractInput(input: PageInput): Buffer
  pageLanguage(text: string, declared: string | null): PageLanguageFact
  sniffImage(bytes: Uint8Array): string | null
  /** Digest of the list that knows the picture, null when none does. */
  matchAbuse(bytes: Buffer): Promise<string | null>
  parseSitemap(body: Buffer, url: string): { urls: string[]; sitemaps: string[] }
}

/** Redirects in a row, as RFC 9309 asks of robots.txt; browsers give up at 20. */
const MAX_REDIRECTS = 5
const MAX_SITEMAP_NESTING = 3
const HTML_TYPES = new Set(['text/html', 'application/xhtml+xml'])

/** What became of a URL whose request ended with a response. */
export async function interpretResponse(
  deps: InterpretDeps,
  row: FrontierRow,
  response: FetchResponse,
): Promise<UrlResult> {
  if (response.status >= 300 && response.status < 400 && header(response, 'location') !== null)
    return redirected(deps, row, response)
  if (response.status < 200 || response.status >= 300) return refused(deps, row, response)
  if (row.sitemap) return sitemap(deps, row, response)
  const mediaType = mediaTypeOf(response)
  if (row.page && (mediaType === null || HTML_TYPES.has(mediaType)) && deps.sniffImage(response.body) === null)
    return page(deps, row, response)
  return picture(deps, row, response)
}

/** What became of a URL whose request failed. */
export function interpretFailure(deps: InterpretDeps, row: FrontierRow, failure: FetchFailure): UrlResult {
  const attempts = row.attempts + 1
  const decision = retryDecision({ reason: failure.reason, status: failure.status, headers: failure.headers, attempts })
  return {
    draft: null,
    found: [],
    outcome: {
      sha: row.url_sha,
      state: decision.retry ? 'retry' : 'failed',
      reason: failure.reason,
      detail: `${failure.errorCode}: ${failure.message}`.slice(0, 300),
      attempts,
      waitMs: decision.retry ? Math.min(decision.waitMs, giveUpMs(deps)) : 0,
    },
  }
}

function giveUpMs(deps: InterpretDeps): number {
  return deps.section.limits.give_up_hours * 3_600_000
}

function refused(deps: InterpretDeps, row: FrontierRow, response: FetchResponse): UrlResult {
  const attempts = row.attempts + 1
  const decision = retryDecision({ reason: 'http_error', status: response.status, headers: response.headers, attempts })
  const draft = draftOf(row, response, 'other', headerSignals(response), false)
  const outcome = {
    sha: row.url_sha,
    state: decision.retry ? ('retry' as const) : decision.final ? ('failed' as const) : ('done' as const),
    reason: 'http_error',
    detail: String(response.status),
    attempts,
    waitMs: decision.retry ? Math.min(decision.waitMs, giveUpMs(deps)) : 0,
  }
  return { draft, found: [], outcome }
}

function redirected(deps: InterpretDeps, row: FrontierRow, response: FetchResponse): UrlResult {
  const draft = draftOf(row, response, 'other', headerSignals(response), false)
  const target = deps.place(header(response, 'location') ?? '', row.url)
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
  else if (row.page && inScope) found.push({ ...common, siteNo: row.site_no, kind: 'page' })
  if (row.picture) found.push({ ...common, siteNo: null, kind: 'picture' })
  return { draft, found, outcome: done(row, null, null) }
}

function sitemap(deps: InterpretDeps, row: FrontierRow, response: FetchResponse): UrlResult {
  const draft = draftOf(row, response, 'sitemap', headerSignals(response), false)
  const listed = deps.parseSitemap(response.body, row.url)
  const found: FoundUrl[] = []
  for (const url of listed.urls) add(deps, row, found, url, 'page', row.depth + 1, 0)
  if (row.redirects < MAX_SITEMAP_NESTING)
    for (const url of listed.sitemaps) add(deps, row, found, url, 'sitemap', row.depth, row.redirects + 1)
  return { draft, found, outcome: done(row, null, null) }
}

/** A picture, or bytes of a kind that is none: both are asked of the lists before anything keeps them. */
async function picture(deps: InterpretDeps, row: FrontierRow, response: FetchResponse): Promise<UrlResult> {
  const signals = headerSignals(response)
  const reserved = verdict(signals, deps.section.politeness.honour, 'picture').reserved
  const isPicture = deps.sniffImage(response.body) !== null
  const draft = draftOf(row, response, isPicture ? 'picture' : 'other', signals, reserved)
  // Asked before the archive, the store, any classifier, model or person has the picture.
  const abuse = await deps.matchAbuse(response.body)
  draft.capture.abuse = abuse
  if (reserved || abuse !== null) draft.record = null
  else if (isPicture) draft.picture = response.body
  const reason = abuse !== null ? 'known_abuse' : reserved ? 'opted_out' : isPicture ? null : 'bad_media_type'
  return { draft, found: [], outcome: done(row, reason, null) }
}

function page(deps: InterpretDeps, row: FrontierRow, response: FetchResponse): UrlResult {
  const contentLanguage = header(response, 'content-language')
  const input: PageInput = {
    url: row.url,
    body: response.body,
    contentType: header(response, 'content-type'),
    contentLanguage,
  }
  const extracted = deps.extractPage(input)
  const signals = headerSignals(response)
  if (!extracted.ok) {
    const draft = draftOf(
      row,
      response,
      'page',
      signals,
      verdict(signals, deps.section.politeness.honour, 'page').reserved,
    )
    draft.capture.extractInput = deps.extractInput(input)
    return { draft, found: [], outcome: done(row, extracted.reason, null) }
  }
  const { page: found } = extracted
  signals.push(...parseMetaSignals(found.directives))
  const honour = deps.section.politeness.honour
  const reserved = verdict(signals, honour, 'page').reserved
  const draft = draftOf(row, response, 'page', signals, reserved)
  draft.capture.extractInput = deps.extractInput(input)
  const extract: ExtractFact = { ok: true, title: found.title, lang: found.lang, candidates: found.candidates }
  draft.facts = { input: draft.capture.extractInput, extract, language: deps.pageLanguage(found.text, found.lang) }
  return {
    draft,
    found: leads(deps, row, found, signals, reserved),
    outcome: done(row, reserved ? 'opted_out' : null, null),
  }
}

function leads(
  deps: InterpretDeps,
  row: FrontierRow,
  page: PageExtract,
  signals: Signal[],
  reserved: boolean,
): FoundUrl[] {
  const found: FoundUrl[] = []
  const mayFollow = !signals.some((signal) => signal.signal === 'nofollow')
  if (mayFollow)
    for (const link of page.links) if (!link.nofollow) add(deps, row, found, link.url, 'page', row.depth + 1, 0)
  // A page that reserves itself reserves the pictures it shows: they are not asked for on its account.
  if (!reserved) {
    for (const candidate of page.candidates) {
      const target = deps.place(candidate.image_url)
      if (target) found.push({ ...target, siteNo: null, depth: 0, kind: 'picture', redirects: 0, fromSha: row.url_sha })
    }
  }
  return found
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
  const target = deps.place(url, row.url)
  if (!target || row.site_no === null || !deps.inScope(row.site_no, target.url)) return
  if (kind === 'page' && depth > deps.section.limits.depth) return
  found.push({ ...target, siteNo: row.site_no, depth, kind, redirects, fromSha: row.url_sha })
}

function draftOf(
  row: FrontierRow,
  response: FetchResponse,
  kind: CaptureDraft['capture']['kind'],
  signals: Signal[],
  reserved: boolean,
): CaptureDraft {
  const fetchedAt = new Date(response.startedAt)
  return {
    url: row.url,
    capture: {
      urlSha: row.url_sha,
      kind,
      status: response.status,
      bodySha: sha256(response.body),
      bodyBytes: response.body.length,
      mediaType: header(response, 'content-type')?.slice(0, 200) ?? null,
      contentLanguage: header(response, 'content-language')?.slice(0, 200) ?? null,
      signals,
      reserved,
      abuse: null,
      redirectSha: null,
      extractInput: null,
      fetchedAt,
    },
    record: {
      url: row.url,
      status: response.status,
      statusText: response.statusText,
      headers: response.headers,
      body: response.rawBody,
      fetchedAt,
    },
    picture: null,
    facts: null,
  }
}

function done(row: FrontierRow, reason: string | null, detail: string | null): UrlResult['outcome'] {
  return {
    sha: row.url_sha,
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

function headerSignals(response: FetchResponse): Signal[] {
  return parseHeaderSignals(response.headers)
}

/** First value of a response header, null when absent. */
export function header(response: { headers: [string, string][] }, name: string): string | null {
  return response.headers.find(([key]) => key.toLowerCase() === name)?.[1] ?? null
}

function mediaTypeOf(response: FetchResponse): string | null {
  const value = header(response, 'content-type')
  return value === null ? null : (value.split(';')[0] ?? '').trim().toLowerCase()
}

/** MD5, SHA-1 and SHA-256 of the bytes as fetched, lowercase hex: what hash lists come as. */
export function listHashes(bytes: Buffer): { md5: string; sha1: string; sha256: string } {
  const of = (algorithm: string) => createHash(algorithm).update(bytes).digest('hex')
  return { md5: of('md5'), sha1: of('sha1'), sha256: of('sha256') }
}
