import type { FetchRequest, FetchResponse, FetchResult, WebFetcher } from '../../infra/http.ts'
import type { FetchReason } from '../../schema/contracts/reasons.ts'
import { canonicalUrl } from './canonical-url.ts'

/** RFC 9309 2.3.1.2 asks for five in a row at least; nothing else needs more. */
export const MAX_REDIRECTS = 5

const REDIRECT_STATUSES = new Set([301, 302, 303, 307, 308])

export type Redirect =
  | { kind: 'none' }
  | { kind: 'to'; url: string }
  | { kind: 'bad'; reason: Extract<FetchReason, 'bad_url' | 'bad_scheme'> }

export interface Followed {
  /** Every response on the way, the last one included; failures are no responses. */
  hops: FetchResponse[]
  /** Outcome of the last hop; its `url` is where the way ended. */
  result: FetchResult
}

/** Where a response sends its reader: a canonical URL. `location` is the header's value, Latin-1 as it came. */
export function resolveRedirect(fromUrl: string, status: number, location: string | null): Redirect {
  if (!REDIRECT_STATUSES.has(status) || location === null) return { kind: 'none' }
  const to = canonicalUrl(asUtf8(location), fromUrl)
  return to.ok ? { kind: 'to', url: to.url } : { kind: 'bad', reason: to.reason }
}

/**
 * For robots.txt and sitemaps, whose redirects are not the frontier's matter: follows up to MAX_REDIRECTS hops, each
 * through the fetcher and its guard, each asked of `mayFollow` first. Each hop has the request's deadline anew.
 */
export async function followRedirects(
  fetcher: Pick<WebFetcher, 'fetchOnce'>,
  request: FetchRequest,
  mayFollow: (url: string) => boolean | Promise<boolean>,
): Promise<Followed> {
  const hops: FetchResponse[] = []
  let url = request.url
  for (;;) {
    const result = await fetcher.fetchOnce({ ...request, url })
    if (result.kind === 'failure') return { hops, result }
    hops.push(result)
    const redirect = resolveRedirect(url, result.status, locationOf(result))
    if (redirect.kind === 'none') return { hops, result }
    if (redirect.kind === 'bad') return { hops, result: refused(result, redirect.reason) }
    if (hops.length > MAX_REDIRECTS) return { hops, result: refused(result, 'too_many_redirects') }
    if (!(await mayFollow(redirect.url))) return { hops, result: refused(result, 'redirect_out_of_scope') }
    url = redirect.url
  }
}

/** The `Location` header of a response, null when it has none. */
export function locationOf(response: Pick<FetchResponse, 'headers'>): string | null {
  return response.headers.find(([name]) => name.toLowerCase() === 'location')?.[1] ?? null
}

function refused(last: FetchResponse, reason: FetchReason): FetchResult {
  const { url, status, headers, remoteAddress, startedAt, durationMs, latencyMs } = last
  const message = `redirect from ${url} not followed`.slice(0, 300)
  const errorCode = `REDIRECT_${reason.toUpperCase()}`
  const seen = { status, headers, remoteAddress, startedAt, durationMs, latencyMs }
  return { kind: 'failure', url, reason, errorCode, message, ...seen }
}

/** Headers reach us byte by byte; most servers that send other than ASCII there mean UTF-8. */
function asUtf8(latin1: string): string {
  const bytes = Buffer.from(latin1, 'latin1')
  const text = bytes.toString('utf8')
  return text.includes('\ufffd') ? latin1 : text
}
