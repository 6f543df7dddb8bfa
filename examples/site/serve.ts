import { createHash } from 'node:crypto'
import { type WriteStream, createWriteStream } from 'node:fs'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Resource, buildSite } from './build.ts'
import { DOMAIN } from './texts/all.ts'

export interface SiteServerOptions {
  /** Port on loopback, 0 for a free one. */
  port: number
  /** One line of JSON per request: time, host, path, method, status. */
  log: string | null
  /** Milliseconds that every answer takes longer. */
  delay: number
}

export interface SiteServer {
  port: number
  /** Value for MELLA_RESOLVE under which a crawler finds the sites by their names. */
  resolve: string
  /** First page of every site. */
  sites: string[]
  close: () => Promise<void>
}

/** Pages do not change, so neither does the day that they say they were made. */
const LAST_MODIFIED = 'Thu, 01 Jan 2026 00:00:00 GMT'

/** Builds all example sites and serves them on one loopback port, told apart by the Host header. */
export async function serveSite(options: SiteServerOptions): Promise<SiteServer> {
  const resources = await buildSite()
  const log = options.log === null ? null : createWriteStream(options.log, { flags: 'a' })
  const server = createServer((request, response) => {
    respond(resources, request, response, options.delay, log).catch(() => response.destroy())
  })
  server.listen(options.port, '127.0.0.1')
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve)
    server.once('error', reject)
  })
  const { port } = server.address() as { port: number }
  return {
    port,
    resolve: `*.${DOMAIN}=127.0.0.1:${port}`,
    sites: [...resources.keys()].filter((url) => new URL(url).pathname === '/'),
    close: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
      if (log) await new Promise<void>((resolve) => log.end(resolve))
    },
  }
}

async function respond(
  resources: Map<string, Resource>,
  request: IncomingMessage,
  response: ServerResponse,
  delay: number,
  log: WriteStream | null,
): Promise<void> {
  const host = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase()
  const path = (request.url ?? '/').split('?')[0] ?? '/'
  const found = resources.get(`http://${host}${path}`)
  const resource = found ?? { status: 404, headers: { 'content-type': 'text/plain' }, body: Buffer.from('not found\n') }
  if (delay > 0) await sleep(delay)
  const status = send(resource, request, response)
  log?.write(`${JSON.stringify({ time: new Date().toISOString(), host, path, method: request.method, status })}\n`)
}

function send(resource: Resource, request: IncomingMessage, response: ServerResponse): number {
  response.sendDate = false
  const etag = `"${createHash('sha256').update(resource.body).digest('hex').slice(0, 16)}"`
  if (resource.status === 200 && request.headers['if-none-match'] === etag) {
    response.writeHead(304, { etag, 'last-modified': LAST_MODIFIED }).end()
    return 304
  }
  const validators = resource.status === 200 ? { etag, 'last-modified': LAST_MODIFIED } : {}
  response.writeHead(resource.status, { ...resource.headers, ...validators, 'content-length': resource.body.length })
  response.end(request.method === 'HEAD' ? undefined : resource.body)
  return resource.status
}
