import { TransientError } from '../schema/contracts/errors.ts'
import type { FetchFault, FetchReason } from '../schema/contracts/reasons.ts'
import type { AddressGuard } from './address-guard.ts'
import { type BodyBudget, type BodyShare, createBodyBudget } from './body-budget.ts'
import {
  decodeBody,
  type Decoded,
  decodeStart,
  likelyDecodedBytes,
  mostDecodedBytes,
  parseCodings,
} from './content-coding.ts'
import { createPaceBook } from './connection-pace.ts'
import type { PaceBook } from './connection-pace.ts'
import { dial, originOf, systemLookup, targetsOf } from './http-connect.ts'
import type { DnsLookup } from './http-connect.ts'
import { DEADLINE_FAULT, exchange, NOT_SENT } from './http-exchange.ts'
import type { Exchanged } from './http-exchange.ts'
import { createLanePool } from './http-sockets.ts'
import type { LanePool, SocketLimits } from './http-sockets.ts'
import { watchLoopLag } from './loop-lag.ts'
import { createDeadline } from './request-deadline.ts'
import type { Deadline } from './request-deadline.ts'
import type { ResolveMap } from './resolve-map.ts'

export interface FetchRequest {
  url: string
  userAgent: string
  /** Further request headers, say conditional ones. */
  headers?: [string, string][]
  /** Bytes, of the body as received and of the body as decoded alike. */
  maxBodyBytes: number
  /** A larger body is kept up to there (`truncated`), instead of being `too_large`. */
  cut?: boolean
  /** Milliseconds for everything: waiting for a connection, name, handshake, head, body. */
  deadlineMs: number
  /** Decoded bytes over received bytes, asked past 1 MiB. */
  maxRatio: number
  /** The caller's own cancellation: rejects with its reason. */
  signal?: AbortSignal
  /** What the body is taken from, closed by the caller when it is done with it; else the body counts while it arrives. */
  share?: BodyShare
}

export interface FetchResponse {
  kind: 'response'
  url: string
  status: number
  statusText: string
  /** As sent: order, case and repetition kept; bytes above ASCII as Latin-1. */
  headers: [string, string][]
  /** Content codings undone; what identities are taken of. */
  body: Buffer
  /** Content codings as received, transfer coding undone; the same buffer as `body` where there was none. */
  rawBody: Buffer
  contentCodings: string[]
  remoteAddress: string | null
  /** Epoch milliseconds: evidence, never part of a result. */
  startedAt: number
  durationMs: number
  /** Milliseconds from the request's going out to the head of the answer: what a server needs, without the body. */
  latencyMs: number | null
  /** The body is the beginning of a larger one. */
  truncated: boolean
}

export interface FetchFailure {
  kind: 'failure'
  url: string
  reason: FetchReason
  errorCode: string
  message: string
  /** What was known of the response when it failed. */
  status: number | null
  headers: [string, string][]
  remoteAddress: string | null
  startedAt: number
  durationMs: number
  latencyMs: number | null
}

export type FetchResult = FetchResponse | FetchFailure

export interface WebFetcher {
  /**
   * One GET, one hop: a redirect is a response like any other. The web's faults are values; rejects only when the
   * caller's signal fires (with its reason), this machine is out of sockets (TransientError `FETCH_LOCAL_RESOURCE`), the
   * fetcher is closed (TransientError `FETCHER_CLOSED`) or a header cannot be sent (PermanentError `REQUEST_INVALID`).
   */
  fetchOnce(request: FetchRequest): Promise<FetchResult>
  /**
   * The address that a request for `url` would be sent to, null when its name has none that may be visited. For
   * counting what one server is asked; a request resolves and checks for itself.
   */
  addressOf(url: string): Promise<string | null>
  /** Ends all connections; what is under way rejects. */
  close(): Promise<void>
}

export interface WebFetcherOptions {
  guard: AddressGuard
  resolve?: ResolveMap | null
  dnsLookup?: DnsLookup
  ca?: string | null
  connectTimeoutMs?: number
  sockets?: Partial<SocketLimits>
  /** What all bodies together may hold; one of its own unless given. */
  bodies?: BodyBudget
}

const DEFAULT_SOCKETS: SocketLimits = {
  perOrigin: 8,
  total: 512,
  maxHeaderBytes: 32 * 1024,
  headersTimeoutMs: 20_000,
  bodyTimeoutMs: 20_000,
}

/**
 * Only gzip is asked for, since every reader of a WARC record opens it with its standard library; deflate and br are
 * decoded all the same when a server sends them unasked.
 */
const ACCEPT_ENCODING = 'gzip'

/**
 * The crawl's only way to the web. Every URL and every address of every new socket passes the guard; proxies named by
 * the environment are not used; HTTP/1.1 only, so that no connection is shared between names.
 */
export function createWebFetcher(options: WebFetcherOptions): WebFetcher {
  const dialOptions = {
    guard: options.guard,
    resolve: options.resolve ?? null,
    dnsLookup: options.dnsLookup ?? systemLookup,
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    ca: options.ca ?? null,
  }
  const lanes = createLanePool({ ...DEFAULT_SOCKETS, ...options.sockets }, (origin, signal) =>
    dial(origin, dialOptions, signal),
  )

  const lag = watchLoopLag()
  /** Without what this process itself was late by. */
  const latencyOf = ({ latencyMs }: Exchanged) => latencyMs && Math.max(0, latencyMs - lag.ms())
  const ways = { lanes, paces: createPaceBook() }
  const bodies = options.bodies ?? createBodyBudget()
  let closed = false
  const throwIfClosed = () => {
    if (closed) throw new TransientError('FETCHER_CLOSED', 'fetcher is closed')
  }

  async function fetchOnce(request: FetchRequest): Promise<FetchResult> {
    request.signal?.throwIfAborted()
    throwIfClosed()
    const startedAt = Date.now()
    const clock = performance.now()
    const head = () => ({ url: request.url, startedAt, durationMs: Math.round(performance.now() - clock) })
    const failed = (fault: FetchFault, seen: Exchanged = NOT_SENT): FetchFailure => ({
      kind: 'failure',
      ...head(),
      ...fault,
      status: seen.status === 0 ? null : seen.status,
      headers: seen.headers,
      remoteAddress: seen.remoteAddress,
      latencyMs: latencyOf(seen),
    })

    const checked = options.guard.checkUrl(request.url)
    if (!checked.ok) return failed(checked.fault)
    const deadline = createDeadline(request.deadlineMs, request.signal)
    const share = request.share ?? bodies.open()
    try {
      const seen = await exchangeOverPool(ways, checked.url, request, share, deadline)
      if (deadline.aborted) throw request.signal?.reason
      if (seen.fault !== null) {
        throwIfClosed()
        return failed(seen.fault, seen)
      }
      const codings = parseCodings(headerValues(seen.headers, 'content-encoding'))
      const decoded = request.cut
        ? await decodeBeginning(share, deadline, seen, codings, request)
        : await decodeWithin(share, deadline, seen.body, codings, request)
      if (deadline.aborted) throw request.signal?.reason
      if (!decoded.ok) return failed(decoded.fault, seen)
      return {
        kind: 'response',
        ...head(),
        status: seen.status,
        statusText: seen.statusText,
        headers: seen.headers,
        body: decoded.body,
        rawBody: seen.body,
        contentCodings: codings,
        remoteAddress: seen.remoteAddress,
        latencyMs: latencyOf(seen),
        truncated: seen.truncated || (decoded.cut ?? false),
      }
    } finally {
      deadline.clear()
      if (request.share === undefined) share.close()
    }
  }

  async function addressOf(url: string): Promise<string | null> {
    const checked = options.guard.checkUrl(url)
    if (!checked.ok) return null
    const targets = await targetsOf(originOf(checked.url), dialOptions).catch(() => []) // its request will say why
    return targets[0]?.address ?? null
  }

  function close(): Promise<void> {
    closed = true
    lag.stop()
    return lanes.close()
  }

  return { fetchOnce, addressOf, close }
}

/** All values of a header, in order of arrival. `name` in lower case. */
export function headerValues(headers: readonly (readonly [string, string])[], name: string): string[] {
  return headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value)
}

/**
 * Decodes with room for what the body most likely becomes, and once more with room for all that it may become when
 * that was too little.
 */
async function decodeWithin(
  share: BodyShare,
  deadline: Deadline,
  body: Buffer,
  codings: readonly string[],
  { maxBodyBytes: maxBytes, maxRatio }: FetchRequest,
): Promise<Decoded> {
  if (body.length === 0 || codings.length === 0) return { ok: true, body }
  const most = mostDecodedBytes(body, { maxBytes, maxRatio })
  const likely = Math.min(most, likelyDecodedBytes(body, codings))
  if (!(await growInTime(share, likely, deadline))) return { ok: false, fault: DEADLINE_FAULT }
  let taken = likely
  let decoded = await decodeBody(body, codings, { maxBytes: likely < most ? likely : maxBytes, maxRatio })
  if (!decoded.ok && decoded.fault.reason === 'too_large' && likely < most) {
    if (!(await growInTime(share, most - likely, deadline))) return { ok: false, fault: DEADLINE_FAULT }
    taken = most
    decoded = await decodeBody(body, codings, { maxBytes, maxRatio })
  }
  share.shrink(taken - (decoded.ok ? decoded.body.length : 0))
  return decoded
}

/** As much of a body as `maxBodyBytes` lets be kept, of one that was cut on its way or is larger when decoded. */
async function decodeBeginning(
  share: BodyShare,
  deadline: Deadline,
  { body, truncated }: Exchanged,
  codings: readonly string[],
  { maxBodyBytes }: FetchRequest,
): Promise<Decoded> {
  if (body.length === 0 || codings.length === 0) return { ok: true, body, cut: truncated }
  if (!(await growInTime(share, maxBodyBytes, deadline))) return { ok: false, fault: DEADLINE_FAULT }
  return decodeStart(body, codings, { maxBytes: maxBodyBytes, isCut: truncated })
}

async function growInTime(share: BodyShare, bytes: number, deadline: Deadline): Promise<boolean> {
  const late = new Promise<boolean>((resolve) => deadline.onOver(() => resolve(false)))
  return Promise.race([share.grow(bytes), late])
}

interface Ways {
  lanes: LanePool
  paces: PaceBook
}

/**
 * A server may close a kept connection just when a request goes out on it. That says nothing of the site, so such a
 * request goes out once more on a new socket (RFC 9112, 9.3.1).
 */
async function exchangeOverPool(
  ways: Ways,
  url: URL,
  request: FetchRequest,
  share: BodyShare,
  deadline: Deadline,
): Promise<Exchanged> {
  const first = await exchangeOnce(ways, url, request, share, deadline)
  const isStale = first.fault?.reason === 'reset' && first.reused && !deadline.over
  return isStale ? exchangeOnce(ways, url, request, share, deadline) : first
}

async function exchangeOnce(
  ways: Ways,
  url: URL,
  request: FetchRequest,
  share: BodyShare,
  deadline: Deadline,
): Promise<Exchanged> {
  const { lanes, paces } = ways
  const { lane: taking, giveUp } = lanes.take(url.origin)
  deadline.onOver(giveUp)
  const lane = await taking
  if (lane === null) return NOT_SENT
  let broken = true
  try {
    const { maxBodyBytes, cut = false } = request
    const closes = paces.closes(url.origin)
    const seen = await exchange(
      lane,
      { url, headers: requestHeaders(request), closes, maxBodyBytes, cut, share },
      deadline,
    )
    broken = seen.fault !== null || seen.truncated
    paces.note(url.origin, { pauseMs: seen.pauseMs, connectMs: lane.connectMs })
    return seen
  } finally {
    lanes.give(lane, broken)
  }
}

function requestHeaders(request: FetchRequest): string[] {
  const headers = ['user-agent', request.userAgent, 'accept', '*/*', 'accept-encoding', ACCEPT_ENCODING]
  for (const [name, value] of request.headers ?? []) headers.push(name, value)
  return headers
}
