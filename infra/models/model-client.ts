import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, type Dispatcher, request as httpRequest } from 'undici'
import { PermanentError, TransientError } from '../../schema/contracts/errors.ts'
import type { ModelResponse } from '../../schema/contracts/generation.ts'
import type { ModelAdapter, ModelCallInput } from './adapter.ts'
import { apertium } from './apertium.ts'
import { libretranslate } from './libretranslate.ts'
import { openai } from './openai.ts'
import { retryAfterMs } from './retry-after.ts'
import { networkError, serviceError } from './service-error.ts'
import { createThrottle } from './throttle.ts'

/** An answer is a caption of some paragraphs; what is larger is not one, and must not fill the memory. */
const MAX_RESPONSE_BYTES = 8 * 1024 * 1024

/** First wait after a 429 that names no time; doubled while the service keeps saying so. */
const FIRST_BACKOFF_MS = 500
const LONGEST_BACKOFF_MS = 30_000

export interface ModelLimits {
  /** Calls under way at once over all callers of this client. */
  concurrency: number
  /** One HTTP exchange, connect to last byte, in milliseconds. */
  timeoutMs: number
  /** How long one call may wait in all for a service that says 429 or 503, in milliseconds. */
  maxWaitMs: number
}

export interface ModelClientOptions {
  provider: 'openai' | 'apertium' | 'libretranslate'
  /** `http://host:port/v1` or the like; a query string in it is kept. */
  base_url: string
  apiKey?: string | undefined
  limits: ModelLimits
}

export interface ModelClient {
  /**
   * Sends one recorded request and returns the answer of a 200.
   * Throws TransientError `MODEL_UNAVAILABLE` (refused, reset, name not found, 5xx), `MODEL_TIMEOUT`,
   * `MODEL_RATE_LIMITED` (429 or 503 for longer than `maxWaitMs`; carries `retryAfterMs`), and PermanentError
   * `MODEL_UNAUTHORIZED`, `MODEL_NOT_FOUND`, `MODEL_REJECTED` (other 4xx; `details.status` and the service's words)
   * or `MODEL_ANSWER_TOO_LARGE`. An abort of `signal` rejects with its reason. Safe to repeat: sends, stores nothing.
   */
  call: (input: ModelCallInput, signal?: AbortSignal) => Promise<ModelResponse>
  close: () => Promise<void>
}

const ADAPTERS: Record<ModelClientOptions['provider'], ModelAdapter> = { openai, apertium, libretranslate }

/** One client per service and process: its limits are shared by all calls made through it. */
export function createModelClient(options: ModelClientOptions): ModelClient {
  const { limits } = options
  const adapter = ADAPTERS[options.provider]
  const throttle = createThrottle(limits.concurrency)
  const agent = new Agent({
    connect: { timeout: Math.min(limits.timeoutMs, 10_000) },
    headersTimeout: limits.timeoutMs,
    bodyTimeout: limits.timeoutMs,
    pipelining: 1,
  })

  const exchange = async (input: ModelCallInput, signal: AbortSignal | undefined): Promise<Exchange> => {
    const wire = adapter.toWire(input, options.apiKey)
    const timeout = AbortSignal.timeout(limits.timeoutMs)
    const response = await httpRequest(urlBelow(options.base_url, wire.path), {
      method: 'POST',
      headers: { accept: 'application/json', ...wire.headers },
      body: wire.body,
      dispatcher: agent,
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    })
    const retryAfter = retryAfterMs(headerOf(response, 'retry-after'), Date.now())
    return { status: response.statusCode, retryAfter, raw: await readCapped(response, options.base_url) }
  }

  /** Null when a pause began while the call waited for its turn: nothing was sent. */
  const attempt = async (input: ModelCallInput, signal: AbortSignal | undefined): Promise<Exchange | null> => {
    await throttle.enter(signal)
    if (throttle.pausedMs() > 0) {
      throttle.leave('failed')
      return null
    }
    let outcome: 'ok' | 'limited' | 'failed' = 'failed'
    try {
      const answer = await exchange(input, signal)
      outcome = answer.status === 200 ? 'ok' : isLimit(answer) ? 'limited' : 'failed'
      return answer
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      throw networkError(error, options.base_url)
    } finally {
      throttle.leave(outcome)
    }
  }

  const call = async (input: ModelCallInput, signal?: AbortSignal): Promise<ModelResponse> => {
    let waited = 0
    for (let tries = 0; ; tries++) {
      const pause = throttle.pausedMs()
      if (pause > 0) {
        if (waited + pause > limits.maxWaitMs) throw limited(options.base_url, waited, pause)
        await pauseFor(pause, signal)
        waited += pause
      }
      const answer = await attempt(input, signal)
      if (answer === null) continue
      if (answer.status === 200) return toResponse(adapter, input, answer)
      if (!isLimit(answer)) throw serviceError(answer.status, answer.raw, options.base_url)
      const backoff = answer.retryAfter ?? Math.min(FIRST_BACKOFF_MS * 2 ** tries, LONGEST_BACKOFF_MS)
      throttle.pauseUntil(Date.now() + Math.max(backoff, 1))
    }
  }

  return { call, close: () => agent.close() }
}

async function pauseFor(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal ? { signal } : {})
  } catch (error) {
    throw signal?.aborted ? signal.reason : error
  }
}

interface Exchange {
  status: number
  retryAfter: number | undefined
  raw: string
}

/** 429 always asks us to slow down; 503 only when it says until when, else the service is away. */
function isLimit(answer: Exchange): boolean {
  return answer.status === 429 || (answer.status === 503 && answer.retryAfter !== undefined)
}

function limited(baseUrl: string, waited: number, pause: number): TransientError {
  return new TransientError(
    'MODEL_RATE_LIMITED',
    `model service ${baseUrl} asks to wait ${Math.ceil(pause / 1000)} s more after ${Math.round(waited / 1000)} s; lower its concurrency or resume later`,
    { retryAfterMs: pause },
  )
}

function toResponse(adapter: ModelAdapter, input: ModelCallInput, answer: Exchange): ModelResponse {
  return { raw: answer.raw, status: answer.status, usage: adapter.readUsage(input.request, parseOrNull(answer.raw)) }
}

function parseOrNull(raw: string): unknown {
  try {
    return JSON.parse(raw) as unknown
  } catch {
    // Not JSON: recorded as it is, the parser of the task says `bad_output`.
    return null
  }
}

function headerOf(response: Dispatcher.ResponseData, name: string): string | undefined {
  const value = response.headers[name]
  return Array.isArray(value) ? value[0] : value
}

function urlBelow(base: string, path: string): URL {
  const url = new URL(base)
  url.pathname = url.pathname.replace(/\/+$/, '') + path
  return url
}

async function readCapped(response: Dispatcher.ResponseData, baseUrl: string): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response.body) {
    size += (chunk as Buffer).length
    if (size > MAX_RESPONSE_BYTES) {
      response.body.destroy()
      throw new PermanentError(
        'MODEL_ANSWER_TOO_LARGE',
        `model service ${baseUrl} sent more than ${MAX_RESPONSE_BYTES} bytes; check that it is the right service`,
      )
    }
    chunks.push(chunk as Buffer)
  }
  // Ill-formed bytes become U+FFFD; NUL cannot be stored in Postgres text and means nothing in JSON.
  return Buffer.concat(chunks).toString('utf8').replaceAll('\0', '')
}
