import { hash } from 'node:crypto'
import { getDomain } from 'tldts'
import type { FetchReason } from '../../schema/contracts/reasons.ts'

/** Longest URL that the crawl takes, in characters: the limit of the sitemap protocol. */
export const MAX_URL_LENGTH = 2048

export type CanonicalUrl =
  | { ok: true; url: string }
  | { ok: false; reason: Extract<FetchReason, 'bad_url' | 'bad_scheme'> }

/** What a seed lets a crawl visit. */
export interface SeedScope {
  scope: 'page' | 'host' | 'domain'
  /** The seed, canonical. */
  url: string
}

/**
 * The one spelling under which a URL is stored, compared and fetched: parsed as browsers do (default ports, dot
 * segments, punycode), without fragment, final dot of the host and needless percent-encoding. Only what RFC 3986 calls
 * equivalent is merged: query order, case of paths, empty queries and trailing slashes stay. User names are refused.
 */
export function canonicalUrl(text: string, base?: string): CanonicalUrl {
  const url = URL.parse(text, base)
  if (url === null) return { ok: false, reason: 'bad_url' }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return { ok: false, reason: 'bad_scheme' }
  if (url.username !== '' || url.password !== '') return { ok: false, reason: 'bad_url' }
  const host = withoutFinalDot(url.hostname)
  if (host === '') return { ok: false, reason: 'bad_url' }
  const port = url.port === '' ? '' : `:${url.port}`
  const query = url.href.includes('?') ? queryOf(url) : ''
  const href = `${url.protocol}//${host}${port}${plainEncoding(url.pathname)}${plainEncoding(query)}`
  return href.length > MAX_URL_LENGTH ? { ok: false, reason: 'bad_url' } : { ok: true, url: href }
}

/** Sha256 of a canonical URL, lowercase hex: its key and its place in sorted orders. */
export function urlDigest(url: string): string {
  return hash('sha256', url, 'hex')
}

/**
 * The part of a host that one owner registered: `example.co.uk` of `www.example.co.uk`, and the customer's name on
 * shared hosting. A host without one (an address, a public suffix itself) is its own.
 */
export function registrableDomain(host: string): string {
  const bare = withoutFinalDot(host.toLowerCase())
  return getDomain(bare, { allowPrivateDomains: true }) ?? bare
}

/** The key of the site that a seed opens: equal for seeds with the same scope. */
export function siteOf(url: string, scope: SeedScope['scope']): string {
  const { hostname, host } = new URL(url)
  switch (scope) {
    case 'page':
      return `page:${url}`
    case 'host':
      return `host:${host}`
    case 'domain':
      return `domain:${registrableDomain(hostname)}`
    default:
      return scope satisfies never
  }
}

/** Whether a canonical URL lies in a seed's scope. `http` and `https` of a host are one; other ports are other hosts. */
export function inScope(seed: SeedScope, url: string): boolean {
  return siteOf(url, seed.scope) === siteOf(seed.url, seed.scope)
}

const withoutFinalDot = (host: string) => (host.endsWith('.') ? host.slice(0, -1) : host)

/** `search` is empty for a URL that ends in a lone `?`, which is another URL than the one without. */
function queryOf(url: URL): string {
  if (url.search !== '') return url.search
  const hash = url.href.indexOf('#')
  const end = hash < 0 ? url.href.length : hash
  return url.href[end - 1] === '?' ? '?' : ''
}

/**
 * Decodes encoded unreserved characters and writes hex digits in upper case (RFC 3986, 6.2.2). A part with a `%` that
 * encodes nothing stays as it is: decoding next to it could make a new encoding out of two halves.
 */
function plainEncoding(part: string): string {
  if (!part.includes('%') || /%(?![0-9A-Fa-f]{2})/.test(part)) return part
  return part.replace(/%([0-9A-Fa-f]{2})/g, (whole, hex: string) => {
    const char = String.fromCharCode(Number.parseInt(hex, 16))
    return /[A-Za-z0-9\-._~]/.test(char) ? char : whole.toUpperCase()
  })
}
