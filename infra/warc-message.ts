import { isIP } from 'node:net'
import type { ArchiveFault } from '../schema/contracts/archive-fault.ts'
import { decodeBody, decodeStart, parseCodings } from './content-coding.ts'
import type { FetchResponse } from './http.ts'
import { warcField } from './warc-scan.ts'

/** What a record of a foreign archive says. `skip`: nothing is wrong with it, and it holds no response from the web. */
export type Message =
  | { kind: 'response'; response: FetchResponse }
  /** The head of an answer whose body stands in another record: a 304, or a body that was had before. */
  | { kind: 'revisit'; response: FetchResponse }
  | { kind: 'skip'; what: string }
  | { kind: 'fault'; fault: ArchiveFault }

/** As the head of an answer is bounded on the wire. */
const MAX_HTTP_HEAD_BYTES = 256 * 1024
const DATE = /^(?:19|2\d)\d{2}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/
/** As the crawl's own: bytes out over bytes in at which a coded body is taken for a bomb. */
const MAX_RATIO = 200
const NO_BODY = Buffer.alloc(0)
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b])

/**
 * The response in a record, as if it had been fetched then: chunks that its writer left in are joined, content codings
 * that it has not undone are undone. With `cut` a larger body is kept up to `maxBodyBytes`, and so is one of which the
 * writer kept a part. Never throws for what the record holds.
 */
export async function readMessage(
  record: { fields: [string, string][]; block: Buffer },
  maxBodyBytes: number,
  cut = false,
): Promise<Message> {
  const { fields, block } = record
  const fault = (reason: ArchiveFault): Message => ({ kind: 'fault', fault: reason })
  const type = warcField(fields, 'warc-type') ?? ''
  const isRevisit = type === 'revisit' && httpHeadOf(block) !== null
  if (type !== 'response' && !isRevisit) return { kind: 'skip', what: type }
  const url = (warcField(fields, 'warc-target-uri') ?? '').replace(/^<|>$/g, '')
  if (!/^https?:/i.test(url)) return URL.canParse(url) ? { kind: 'skip', what: 'other scheme' } : fault('bad_url')
  const isCut = warcField(fields, 'warc-truncated') !== null
  if (isCut && !cut && !isRevisit) return fault('truncated')
  const date = warcField(fields, 'warc-date') ?? ''
  const startedAt = DATE.test(date) ? Date.parse(date) : Number.NaN
  if (Number.isNaN(startedAt)) return fault('bad_date')
  const head = httpHeadOf(block)
  if (head === null) return fault('bad_http')
  // Some writers repeat headers that describe the body which is not there.
  const rawBody = isRevisit ? NO_BODY : isChunked(head.headers) ? (joinChunks(head.body) ?? head.body) : head.body
  const decoded = await undoCodings(head.headers, rawBody, { maxBytes: maxBodyBytes, cut, isCut })
  if (decoded === null) return fault('bad_coding')
  if (decoded.body.length > maxBodyBytes) return fault('too_large')
  const address = warcField(fields, 'warc-ip-address')
  return {
    kind: isRevisit ? 'revisit' : 'response',
    response: {
      kind: 'response',
      url,
      status: head.status,
      statusText: head.statusText,
      headers: head.headers,
      ...decoded,
      remoteAddress: address !== null && isIP(address) !== 0 ? address : null,
      startedAt,
      durationMs: 0,
      latencyMs: null,
    },
  }
}

/** Writers that undo a coding leave its name in the head as often as not: only what is coded is decoded. */
async function undoCodings(
  headers: [string, string][],
  rawBody: Buffer,
  { maxBytes, cut, isCut }: { maxBytes: number; cut: boolean; isCut: boolean },
): Promise<{ body: Buffer; rawBody: Buffer; contentCodings: string[]; truncated: boolean } | null> {
  const written = parseCodings(valuesOf(headers, 'content-encoding'))
  const isGzip = written.at(-1) === 'gzip' || written.at(-1) === 'x-gzip'
  const isUndone = isGzip && !rawBody.subarray(0, 2).equals(GZIP_MAGIC)
  const contentCodings = isUndone ? [] : written
  if (cut) {
    const beginning = await decodeStart(rawBody, contentCodings, { maxBytes, isCut })
    return beginning.ok ? { body: beginning.body, rawBody, contentCodings, truncated: beginning.cut ?? false } : null
  }
  const decoded = await decodeBody(rawBody, contentCodings, { maxBytes, maxRatio: MAX_RATIO })
  return decoded.ok ? { body: decoded.body, rawBody, contentCodings, truncated: false } : null
}

function httpHeadOf(
  block: Buffer,
): { status: number; statusText: string; headers: [string, string][]; body: Buffer } | null {
  const end = block.subarray(0, MAX_HTTP_HEAD_BYTES).indexOf('\r\n\r\n')
  if (end < 0) return null
  const [statusLine = '', ...lines] = block.subarray(0, end).toString('latin1').split('\r\n')
  const found = /^HTTP\/\d(?:\.\d)? ([1-9]\d{2})(?: (.*))?$/.exec(statusLine)
  if (!found) return null
  const headers = lines.flatMap((line): [string, string][] => {
    const colon = line.indexOf(':')
    return colon > 0 ? [[oneLine(line.slice(0, colon)), oneLine(line.slice(colon + 1))]] : []
  })
  return { status: Number(found[1]), statusText: oneLine(found[2] ?? ''), headers, body: block.subarray(end + 4) }
}

/** What no server could have sent through an HTTP parser, and no database takes. */
const oneLine = (text: string) => text.replace(/[\0\r\n]+/g, ' ').trim()

function valuesOf(headers: [string, string][], name: string): string[] {
  return headers.flatMap(([key, value]) => (key.toLowerCase() === name ? [value] : []))
}

function isChunked(headers: [string, string][]): boolean {
  return parseCodings(valuesOf(headers, 'transfer-encoding')).at(-1) === 'chunked'
}

/** The body of a chunked message (RFC 9112, 7.1); null when it is none from its first to its last chunk. */
export function joinChunks(bytes: Buffer): Buffer | null {
  const parts: Buffer[] = []
  let at = 0
  for (;;) {
    const line = bytes.subarray(at, at + 1024).indexOf('\r\n')
    if (line < 0) return null
    const size = /^([0-9a-f]{1,8})[ \t]*(?:;.*)?$/i.exec(bytes.subarray(at, at + line).toString('latin1'))
    if (!size) return null
    const length = Number.parseInt(size[1] as string, 16)
    at += line + 2
    if (length === 0) return Buffer.concat(parts)
    const end = at + length
    if (bytes.subarray(end, end + 2).toString('latin1') !== '\r\n') return null
    parts.push(bytes.subarray(at, end))
    at = end + 2
  }
}
