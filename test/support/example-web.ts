import { createHash } from 'node:crypto'
import type http from 'node:http'
import zlib from 'node:zlib'
import { aRaster, sharpOf } from '../builders/pictures.ts'
import { serve, type TestSite } from './web-site.ts'

/** One answer as the server gave it; `digest` is of the body without its content coding. */
export interface Served {
  url: string
  status: number
  digest: string
}

export interface ExampleWeb extends TestSite {
  log: Served[]
  /** Called at each request, before it is answered. */
  onRequest: (url: string) => void
}

export interface Answer {
  status?: number
  headers?: Record<string, string>
  body?: string | Buffer
  /** Headers of the 304 to whoever names the answer's ETag; none is ever sent without one. */
  again?: Record<string, string>
}

/** `null` never answers; what no page names is a 404. */
export type Pages = (url: string) => Answer | null | undefined

/** Sites by name behind one port of loopback, with a log of what each answered. */
export async function serveWeb(pages: Pages): Promise<ExampleWeb> {
  const log: Served[] = []
  const site = await serve((request, response) => {
    const url = `http://${request.headers.host}${request.url}`
    web.onRequest(url)
    const answer = pages(url)
    if (answer === null) return
    const known = answer?.again && request.headers['if-none-match'] === answer.headers?.['etag']
    const sent: Answer | undefined = known && answer.again ? { status: 304, headers: answer.again } : answer
    send(url, sent ?? { status: 404, body: 'not here' }, response, log)
  })
  const web: ExampleWeb = Object.assign(site, { log, onRequest: () => {} })
  return web
}

function send(url: string, answer: Answer, response: http.ServerResponse, log: Served[]): void {
  const { status = 200, headers = {}, body = '' } = answer
  const plain = Buffer.from(body)
  const coded = headers['content-encoding'] === 'gzip' ? zlib.gzipSync(plain) : plain
  log.push({ url, status, digest: createHash('sha256').update(plain).digest('hex') })
  response.writeHead(status, status === 304 ? headers : { ...headers, 'content-length': String(coded.length) })
  response.end(coded)
}

export function html(body: string, headers: Record<string, string> = {}): Answer {
  return {
    headers: { 'content-type': 'text/html; charset=utf-8', ...headers },
    body: `<!doctype html><html lang="cs"><head><title>Stránka</title></head><body>${body}</body></html>`,
  }
}

export function png(bytes: Buffer, headers: Record<string, string> = {}): Answer {
  return { headers: { 'content-type': 'image/png', ...headers }, body: bytes }
}

export function aPicture(seed: number): Promise<Buffer> {
  return sharpOf(aRaster({ width: 48, height: 40, seed }))
    .png()
    .toBuffer()
}
