import { setTimeout as sleep } from 'node:timers/promises'
import { Agent } from 'undici'
import { TransientError } from '../../schema/contracts/errors.ts'
import type { ModelResponse } from '../../schema/contracts/generation.ts'
import type { ModelAdapter, ModelCallInput } from './adapter.ts'
import { apertium } from './apertium.ts'
import { type Exchange, exchange } from './exchange.ts'
import { libretranslate } from './libretranslate.ts'
import { openai } from './openai.ts'
import { networkError, serviceError, serviceName } from './service-error.ts'
import { createThrottle } from './throttle.ts'

/** First wait after a 429 that names no time; doubled while the service keeps saying so. */
const FIRST_BACKOFF_MS = 500
const LONGEST_BACKOFF_MS = 30_000
/** A service that says "retry after 0" again and again must not be asked without a breath. */
const SHORTEST_WAIT_MS = 100

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

/**
 * One client per service and process: its limits are shared by all calls made through it.
 * Throws PermanentError `MODEL_BAD_URL` when `base_url` is no http(s) URL.
 */
export function createModelClient(options: ModelClientOptions): ModelClient {
  const { limits } = options
  const adapter = ADAPTERS[options.provider]
  const service = serviceName(options.base_url)
  const throttle = createThrottle(limits.concurrency)
  const agent = new Agent({
    connect: { timeout: Math.min(limits.timeoutMs, 10_000) },
    headersTimeout: limits.timeoutMs,
    bodyTimeout: limits.timeoutMs,
    pipelining: 1,
  })

  /** Null when a pause began while the call waited for its turn: nothing was sent. */
  const attempt = async (input: ModelCallInput, signal: AbortSignal | undefined): Promise<Exchange | null> => {
    await throttle.enter(signal)
    if (throttle.pausedMs() > 0) {
      throttle.leave('failed')
      return null
    }
    let outcome: 'ok' | 'limited' | 'failed' = 'failed'
    try {
      const wire = adapter.toWire(input, options.apiKey)
      const answer = await exchange({ agent, baseUrl: options.base_url, wire, timeoutMs: limits.timeoutMs, signal })
      outcome = answer.status === 200 ? 'ok' : isLimit(answer) ? 'limited' : 'failed'
      return answer
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      throw networkError(error, service)
    } finally {
      throttle.leave(outcome)
    }
  }

  const call = async (input: ModelCallInput, signal?: AbortSignal): Promise<ModelResponse> => {
    let waited = 0
    for (let tries = 0; ; tries++) {
      const pause = throttle.pausedMs()
      if (pause > 0) {
        if (waited + pause > limits.maxWaitMs) throw limited(service, waited, pause)
        await pauseFor(pause, signal)
        waited += pause
      }
      const answer = await attempt(input, signal)
      if (answer === null) continue
      if (answer.status === 200) return toResponse(adapter, input, answer)
      if (!isLimit(answer)) throw serviceError(answer.status, answer.raw, service)
      const backoff = answer.retryAfter ?? Math.min(FIRST_BACKOFF_MS * 2 ** tries, LONGEST_BACKOFF_MS)
      throttle.pauseUntil(Date.now() + Math.max(backoff, SHORTEST_WAIT_MS))
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

/** 429 always asks us to slow down; 503 only when it says until when, else the service is away. */
function isLimit(answer: Exchange): boolean {
  return answer.status === 429 || (answer.status === 503 && answer.retryAfter !== undefined)
}

function limited(service: string, waited: number, pause: number): TransientError {
  return new TransientError(
    'MODEL_RATE_LIMITED',
    `model service ${service} asks to wait ${Math.ceil(pause / 1000)} s more after ${Math.round(waited / 1000)} s; lower its concurrency or resume later`,
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
