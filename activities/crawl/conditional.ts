import type { FetchResponse } from '../../infra/http.ts'

type Headers = readonly (readonly [string, string])[]

/** What a server gave to recognise a representation by; only what can be sent back as it came. */
export interface Validators {
  etag: string | null
  lastModified: string | null
}

/** Longer ones are not seen; a server that needs them is asked without condition. */
const MAX_VALIDATOR = 500
const DATE = /^[\x20-\x7e]{10,64}$/
/** Visible ASCII: also the unquoted tags that some servers send and understand, and that no grammar allows. */
const TAG = /^(?:W\/)?(?:"[\x21\x23-\x7e]*"|[\x21\x23-\x2b\x2d-\x7e]+)$/

/**
 * Fields that describe the 304 message and not the representation (RFC 9111, 3.1 and 3.2), or the form of a body that a
 * 304 does not have.
 */
const OF_THE_MESSAGE = new Set([
  'age',
  'connection',
  'content-encoding',
  'content-length',
  'content-range',
  'date',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * The validators in a response. A Last-Modified alone counts when the response is at least a second younger: within one
 * second a page may change twice (RFC 9110, 8.8.2.2).
 */
export function validatorsOf(headers: Headers, receivedAt: number): Validators {
  const tag = valueOf(headers, 'etag')
  const etag = tag !== null && tag.length <= MAX_VALIDATOR && TAG.test(tag) ? tag : null
  const modified = valueOf(headers, 'last-modified')
  if (modified === null || !DATE.test(modified)) return { etag, lastModified: null }
  const date = Date.parse(valueOf(headers, 'date') ?? '')
  const age = (Number.isNaN(date) ? receivedAt : date) - Date.parse(modified)
  return { etag, lastModified: etag !== null || age >= 1000 ? modified : null }
}

/** Request headers that ask for the representation only if it is another than the one known. */
export function conditionsOf({ etag, lastModified }: Validators): [string, string][] {
  const conditions: [string, string][] = []
  if (etag !== null) conditions.push(['if-none-match', etag])
  if (lastModified !== null && !Number.isNaN(Date.parse(lastModified)))
    conditions.push(['if-modified-since', lastModified])
  return conditions
}

/** A 304 that carries the tag of something else confirms nothing (RFC 9111, 4.3.4). */
export function confirms({ etag }: Validators, response: { status: number; headers: Headers }): boolean {
  if (response.status !== 304) return false
  const said = valueOf(response.headers, 'etag')
  return etag === null || said === null || strong(said) === strong(etag)
}

/**
 * The headers of a representation after a 304: a field that the 304 sends anew takes the place of the stored one, all
 * its lines at the first one's place, so that a field said again as it was changes nothing.
 */
export function renewHeaders(stored: Headers, anew: Headers): [string, string][] {
  const news = byName(anew.filter(([name]) => !OF_THE_MESSAGE.has(name.toLowerCase())))
  const headers: [string, string][] = []
  for (const [name, value] of stored) {
    const lines = news.get(name.toLowerCase())
    if (lines === undefined) headers.push([name, value])
    else headers.push(...lines.splice(0))
  }
  return [...headers, ...[...news.values()].flat()]
}

/** The lines of `headers` whose fields say something else than in `stored`. */
export function differingHeaders(stored: Headers, headers: Headers): [string, string][] {
  const old = byName(stored)
  return [...byName(headers)].flatMap(([name, lines]) =>
    JSON.stringify(valuesOf(old.get(name))) === JSON.stringify(valuesOf(lines)) ? [] : lines,
  )
}

/** The response that a 304 stands for: the known body under the known headers with what was sent anew. */
export function confirmedResponse(
  known: { status: number; statusText: string; headers: Headers; body: Buffer },
  notModified: FetchResponse,
): FetchResponse {
  const headers = renewHeaders(known.headers, notModified.headers)
  const { status, statusText, body } = known
  return { ...notModified, status, statusText, headers, body, rawBody: body, contentCodings: [] }
}

function byName(headers: Headers): Map<string, [string, string][]> {
  const lines = new Map<string, [string, string][]>()
  for (const [name, value] of headers) {
    const key = name.toLowerCase()
    lines.set(key, [...(lines.get(key) ?? []), [name, value]])
  }
  return lines
}

const valuesOf = (lines: Headers | undefined) => (lines ?? []).map(([, value]) => value)

function valueOf(headers: Headers, name: string): string | null {
  return headers.find(([key]) => key.toLowerCase() === name)?.[1].trim() ?? null
}

const strong = (tag: string) => tag.replace(/^W\//, '')
