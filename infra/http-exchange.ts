import type { Dispatcher } from 'undici'
import type { FetchFault } from '../schema/contracts/reasons.ts'
import type { BodyShare } from './body-budget.ts'
import { classifyFault } from './fetch-failure.ts'
import type { Lane } from './http-sockets.ts'
import type { Deadline } from './request-deadline.ts'

/** What came over the wire for one request; `fault` is null for a whole response. */
export interface Exchanged {
  fault: FetchFault | null
  /** 0 when no response head came. */
  status: number
  statusText: string
  headers: [string, string][]
  /** Transfer coding undone, content coding as received. */
  body: Buffer
  /** The body went on and was not read further. */
  truncated: boolean
  remoteAddress: string | null
  /** Milliseconds from the request's going out to the head of its answer, null when none came. */
  latencyMs: number | null
  /** Milliseconds from the head to the first byte of the body, null when there was none of either. */
  pauseMs: number | null
  /** The request went out on a connection that had served another before. */
  reused: boolean
}

export const DEADLINE_FAULT: FetchFault = {
  reason: 'timeout',
  errorCode: 'DEADLINE',
  message: 'the whole request took too long',
}

const EMPTY = Buffer.alloc(0)

/** What is known when no connection came free in time. */
export const NOT_SENT: Exchanged = {
  fault: DEADLINE_FAULT,
  status: 0,
  statusText: '',
  headers: [],
  body: EMPTY,
  truncated: false,
  remoteAddress: null,
  latencyMs: null,
  pauseMs: null,
  reused: false,
}

/** What goes out. `closes` asks the server to end the connection after its answer. */
export interface Outgoing {
  url: URL
  headers: string[]
  closes: boolean
  maxBodyBytes: number
  /** A larger body is kept up to there, instead of being a fault. */
  cut: boolean
  /** The body is read on as fast as this lets it grow. */
  share: BodyShare
}

/**
 * Sends one GET over a lane and gathers the response, at most `maxBodyBytes` of it. Rejects only as
 * `classifyFault` throws; after a fault, a rejection or a cut body the lane is not to be used again.
 */
export function exchange(lane: Lane, outgoing: Outgoing, deadline: Deadline): Promise<Exchanged> {
  return new Promise((resolve, reject) => {
    const gather = new Gatherer(lane, outgoing)
    gather.settled = (seen) => resolve(seen)
    gather.broken = reject
    deadline.onOver(() => gather.fail(DEADLINE_FAULT))
    if (deadline.over) return
    const { url, headers, closes } = outgoing
    const path = `${url.pathname}${url.search}`
    lane.client.dispatch({ origin: url.origin, path, method: 'GET', headers, reset: closes }, gather)
  })
}

/** Receives a response piece by piece. The promise that it settles takes the first outcome and no later one. */
class Gatherer implements Dispatcher.DispatchHandler {
  settled: (seen: Exchanged) => void = () => {}
  broken: (error: unknown) => void = () => {}
  readonly #lane: Lane
  readonly #maxBodyBytes: number
  readonly #cut: boolean
  readonly #share: BodyShare
  readonly #openedBefore: number
  #status = 0
  #statusText = ''
  #headers: [string, string][] = []
  #chunks: Buffer[] = []
  #received = 0
  #failed = false
  #remoteAddress: string | null = null
  #sentAt = 0
  #headAt = 0
  #pauseMs: number | null = null

  constructor(lane: Lane, { maxBodyBytes, cut, share }: Outgoing) {
    this.#lane = lane
    this.#maxBodyBytes = maxBodyBytes
    this.#cut = cut
    this.#share = share
    this.#openedBefore = lane.opened
  }

  onRequestStart(): void {
    this.#remoteAddress = this.#lane.remoteAddress
    this.#sentAt = performance.now()
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    statusText?: string,
  ): void {
    if (status < 200) return
    this.#status = status
    this.#statusText = statusText ?? ''
    this.#headAt = performance.now()
    this.#headers = pairsOf(controller.rawHeaders)
    const declared = this.#headers.find(([name]) => name.toLowerCase() === 'content-length')
    const isOver = declared !== undefined && Number(declared[1]) > this.#maxBodyBytes
    if (isOver && !this.#cut) this.fail(tooLarge(this.#maxBodyBytes))
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#pauseMs ??= performance.now() - this.#headAt
    const before = this.#received
    this.#received += chunk.length
    if (this.#received > this.#maxBodyBytes) {
      if (!this.#cut) return this.fail(tooLarge(this.#maxBodyBytes))
      if (before < this.#maxBodyBytes) this.#chunks.push(chunk.subarray(0, this.#maxBodyBytes - before))
      return this.#settle(null, Buffer.concat(this.#chunks), true)
    }
    if (this.#failed) return
    this.#chunks.push(chunk)
    const room = this.#share.grow(chunk.length)
    if (room === true) return
    controller.pause()
    void room.then(() => controller.resume())
  }

  onResponseEnd(): void {
    const [first] = this.#chunks
    this.#settle(null, this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks))
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    try {
      this.fail(classifyFault(error, this.#status !== 0))
    } catch (local) {
      this.broken(local)
    }
  }

  fail(fault: FetchFault): void {
    this.#failed = true
    this.#chunks = []
    this.#settle(fault, EMPTY)
  }

  #settle(fault: FetchFault | null, body: Buffer, truncated = false): void {
    this.settled({
      fault,
      status: this.#status,
      statusText: this.#statusText,
      headers: this.#headers,
      body,
      truncated,
      remoteAddress: this.#remoteAddress,
      latencyMs: this.#status === 0 ? null : this.#headAt - this.#sentAt,
      pauseMs: this.#pauseMs,
      reused: this.#openedBefore > 0 && this.#lane.opened === this.#openedBefore,
    })
  }
}

function tooLarge(maxBodyBytes: number): FetchFault {
  return { reason: 'too_large', errorCode: 'BODY_TOO_LARGE', message: `body is over ${maxBodyBytes} bytes` }
}

function pairsOf(raw: Dispatcher.DispatchController['rawHeaders']): [string, string][] {
  if (!Array.isArray(raw)) return []
  const pairs: [string, string][] = []
  for (let i = 0; i + 1 < raw.length; i += 2) pairs.push([textOf(raw[i]), textOf(raw[i + 1])])
  return pairs
}

const textOf = (bytes: Buffer | string | undefined) =>
  typeof bytes === 'string' ? bytes : (bytes?.toString('latin1') ?? '')
