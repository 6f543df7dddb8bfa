import { createHash } from 'node:crypto'
import { type WriteStream, createWriteStream } from 'node:fs'
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Task, MODEL_IDS, Refusal, answer } from './answer.ts'
import { type Mischief, misbehave, nonsense } from './mischief.ts'

/** A picture of the longest side that a release keeps, as base64, with room. */
const MAX_BODY_BYTES = 64 * 1024 * 1024

export interface ModelServerOptions extends Mischief {
  port: number
  /** One line of JSON per request: time, task, model, status, sha256 of the request body. */
  log: string | null
  /** Requests per second above which the answer is 429 with Retry-After, 0 for no limit. */
  rate: number
  /** Milliseconds that every answer takes longer. */
  delay: number
}

export interface ModelServer {
  /** `http://127.0.0.1:PORT/v1`, as it goes into a spec. */
  base_url: string
  port: number
  close: () => Promise<void>
}

/** Starts the example model server on loopback; port 0 takes a free one. */
export async function serveModels(options: ModelServerOptions): Promise<ModelServer> {
  const log = options.log === null ? null : createWriteStream(options.log, { flags: 'a' })
  const state: State = { options, log, counts: new Map(), recent: [] }
  const server = createServer((request, response) => {
    handle(state, request, response).catch((error: unknown) => {
      if (!response.headersSent) send(response, 500, errorBody((error as Error).message))
      else response.destroy()
    })
  })
  server.listen(options.port, '127.0.0.1')
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve)
    server.once('error', reject)
  })
  const { port } = server.address() as { port: number }
  return { base_url: `http://127.0.0.1:${port}/v1`, port, close: () => close(server, log) }
}

interface State {
  options: ModelServerOptions
  log: WriteStream | null
  /** Answers per task so far. */
  counts: Map<Task, number>
  /** Times of the requests of the last second. */
  recent: number[]
}

async function handle(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? '/').split('?')[0]
  if (request.method === 'GET' && path === '/v1/models') {
    return send(response, 200, { object: 'list', data: MODEL_IDS.map((id) => ({ id, object: 'model' })) })
  }
  if (request.method !== 'POST' || path !== '/v1/chat/completions') {
    return send(response, 404, errorBody('there is only POST /v1/chat/completions and GET /v1/models'))
  }
  const body = await readBody(request)
  const digest = createHash('sha256').update(body).digest('hex')
  if (isOverRate(state)) {
    note(state, { task: null, model: null, status: 429, request: digest })
    return send(response, 429, errorBody('too many requests'), { 'retry-after': '1' })
  }
  if (state.options.delay > 0) await sleep(state.options.delay)
  await respond(state, response, body, digest)
}

async function respond(state: State, response: ServerResponse, body: Buffer, digest: string): Promise<void> {
  try {
    const given = await answer(JSON.parse(body.toString('utf8')) as unknown)
    const count = (state.counts.get(given.task) ?? 0) + 1
    state.counts.set(given.task, count)
    note(state, { task: given.task, model: given.model, status: 200, request: digest })
    if (state.options.nonsense) {
      const { type, body: text } = nonsense(count)
      response.writeHead(200, { 'content-type': type }).end(text)
      return
    }
    const content = JSON.stringify(misbehave(given, state.options, count))
    send(response, 200, completion(given.model, content, digest, body.length))
  } catch (error) {
    const status = error instanceof Refusal ? error.status : error instanceof SyntaxError ? 400 : 500
    note(state, { task: null, model: null, status, request: digest })
    send(response, status, errorBody((error as Error).message))
  }
}

function completion(model: string, content: string, digest: string, requestBytes: number): Record<string, unknown> {
  // Tokens are counted as four bytes each: enough to try budgets and sums with.
  const usage = { prompt_tokens: Math.ceil(requestBytes / 4), completion_tokens: Math.ceil(content.length / 4) }
  return {
    id: `chatcmpl-${digest.slice(0, 24)}`,
    object: 'chat.completion',
    created: 0,
    model,
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content, refusal: null } }],
    usage: { ...usage, total_tokens: usage.prompt_tokens + usage.completion_tokens },
  }
}

function isOverRate(state: State): boolean {
  if (state.options.rate <= 0) return false
  const now = Date.now()
  state.recent = state.recent.filter((time) => now - time < 1000)
  if (state.recent.length >= state.options.rate) return true
  state.recent.push(now)
  return false
}

function note(state: State, line: Record<string, unknown>): void {
  state.log?.write(`${JSON.stringify({ time: new Date().toISOString(), ...line })}\n`)
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_BODY_BYTES) throw new Error('request body too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function errorBody(message: string): Record<string, unknown> {
  return { error: { message, type: 'invalid_request_error', param: null, code: null } }
}

function send(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

async function close(server: Server, log: WriteStream | null): Promise<void> {
  server.closeAllConnections()
  await new Promise<void>((resolve) => server.close(() => resolve()))
  if (log) await new Promise<void>((resolve) => log.end(resolve))
}
