import { type Agent, type Dispatcher, request } from 'undici'
import { PermanentError } from '../../schema/contracts/errors.ts'
import type { WireRequest } from './adapter.ts'
import { retryAfterMs } from './retry-after.ts'
import { serviceName } from './service-error.ts'

/** An answer is a caption of some paragraphs; what is larger is not one, and must not fill the memory. */
const MAX_RESPONSE_BYTES = 8 * 1024 * 1024

export interface Exchange {
  status: number
  /** Milliseconds that the service asks to wait, when it does. */
  retryAfter: number | undefined
  /** Body as text, well-formed and without NUL. */
  raw: string
}

/** One POST to a model service, connect to last byte within `timeoutMs`. Throws what undici throws, and `MODEL_ANSWER_TOO_LARGE`. */
export async function exchange(options: {
  agent: Agent
  baseUrl: string
  wire: WireRequest
  timeoutMs: number
  signal: AbortSignal | undefined
}): Promise<Exchange> {
  const { wire, signal } = options
  const timeout = AbortSignal.timeout(options.timeoutMs)
  const response = await request(urlBelow(options.baseUrl, wire.path), {
    method: 'POST',
    headers: { accept: 'application/json', ...wire.headers },
    body: wire.body,
    dispatcher: options.agent,
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
  })
  const retryAfter = retryAfterMs(headerOf(response, 'retry-after'), Date.now())
  return { status: response.statusCode, retryAfter, raw: await readCapped(response, serviceName(options.baseUrl)) }
}

function headerOf(response: Dispatcher.ResponseData, name: string): string | undefined {
  const value = response.headers[name]
  return Array.isArray(value) ? value[0] : value
}

/** A query string of the base URL is kept: some services take their version or options there. */
function urlBelow(base: string, path: string): URL {
  const url = new URL(base)
  url.pathname = url.pathname.replace(/\/+$/, '') + path
  return url
}

async function readCapped(response: Dispatcher.ResponseData, service: string): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_RESPONSE_BYTES) {
      response.body.destroy()
      throw new PermanentError(
        'MODEL_ANSWER_TOO_LARGE',
        `model service ${service} sent more than ${MAX_RESPONSE_BYTES} bytes; check that it is the right service`,
      )
    }
    chunks.push(chunk)
  }
  // Ill-formed bytes become U+FFFD; NUL cannot be stored in Postgres text and means nothing in JSON.
  return Buffer.concat(chunks).toString('utf8').replaceAll('\0', '')
}
