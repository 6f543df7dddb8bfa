/**
 * Serves a built corpus (`sites.json` and `sites/`), each site on a loopback address of its own, and beside it four sites
 * of the pages in `odd-pages.ts` that no corpus has. Logs what it sent.
 *   node bench/crawl-chaos/odd-site.ts CORPUS --log FILE [--port N] [--delay MS]
 * Prints one line of JSON, `{"port": N, "seeds": {"cs": [...]}}`, when ready, and ends by SIGTERM. The log has a line of
 * JSON a request, written when its answer went out: ServedLine. `--delay` waits up to twice so long before each answer.
 */
import { openSync, readFileSync, writeSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import http from 'node:http'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type Answer, NOT_FOUND, ODD, oddAnswer, ROBOTS_SORTS, robotsAnswer, sha256Hex, wireOf } from './odd-pages.ts'
import type { ServedLine } from './served-line.ts'

interface CorpusSite {
  site: string
  octet: number
  lang: string
  reserved_prefix?: string
}

/** Finds what is sent for a path; `before`: requests of it so far. */
type Find = (asked: string, host: string, before: number) => Answer | Promise<Answer>

const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.css': 'text/css',
  '.txt': 'text/plain',
  '.xml': 'application/xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.gif': 'image/gif',
  '.svg': 'image/svg+xml',
  '.xpm': 'image/x-xpixmap',
}
const BETWEEN_PIECES_MS = 40

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    log: { type: 'string', default: '/dev/null' },
    port: { type: 'string', default: '0' },
    delay: { type: 'string', default: '0' },
  },
})
const corpus = path.resolve(positionals[0] ?? '')
const sites = JSON.parse(readFileSync(path.join(corpus, 'sites.json'), 'utf8')) as CorpusSite[]
const log = openSync(values.log, 'a')
const seeds: Record<string, string[]> = {}
let port = Number(values.port)
for (const site of sites)
  await open(`127.18.0.${site.octet}`, site.lang, '/', (asked, host) => inCorpus(site, asked, host))
for (let index = 0; index < ROBOTS_SORTS; index += 1)
  await open(`127.18.1.${index + 1}`, 'und', `${ODD}index.html`, (asked, _host, before) => {
    const odd = robotsAnswer(index, asked, before) ?? oddAnswer(`odd-${index}`, asked, before)
    return odd ?? NOT_FOUND
  })
console.log(JSON.stringify({ port, seeds }))
process.once('SIGTERM', () => process.exit(0))

async function open(address: string, lang: string, seed: string, find: Find): Promise<void> {
  const served = new Map<string, number>()
  const server = http.createServer((request, response) => {
    const raw = request.url ?? '/'
    const before = served.get(raw) ?? 0
    served.set(raw, before + 1)
    void answer(find, before, request, response)
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve) => void server.listen(port, address, resolve))
  port = (server.address() as { port: number }).port
  seeds[lang] = [...(seeds[lang] ?? []), `http://${address}:${port}${seed}`]
}

async function answer(
  find: Find,
  before: number,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  const raw = request.url ?? '/'
  const host = request.headers.host ?? ''
  const found = await find(decodeURIComponent(raw.split('?')[0] ?? '/'), host, before)
  await sleep(Math.random() * 2 * Number(values.delay))
  const line: ServedLine = {
    at: Date.now(),
    host,
    method: request.method ?? '',
    path: raw,
    status: found.status,
    kind: kindOf(raw, found),
    sha: sha256Hex(found.body),
    whole: false,
  }
  response.once('close', () => {
    line.whole = response.writableFinished && found.cut === undefined
    writeSync(log, `${JSON.stringify(line)}\n`)
  })
  await send(response, found)
}

async function inCorpus(site: CorpusSite, asked: string, host: string): Promise<Answer> {
  const folder = path.join(corpus, 'sites', site.site)
  const read = (name: string) => readFile(path.join(folder, name)).catch(() => null)
  if (asked === '/sitemap.xml') {
    const list = await read('sitemap.txt')
    if (list !== null) return sitemap(list.toString(), host)
  }
  const name = path.join('/', asked.endsWith('/') ? `${asked}index.html` : asked)
  const body = await read(name)
  if (body === null) return NOT_FOUND
  if (asked === '/robots.txt') {
    const rules = body.toString().replace('Sitemap: /', `Sitemap: http://${host}/`)
    return { status: 200, type: 'text/plain', body: Buffer.from(rules) }
  }
  const isReserved = site.reserved_prefix !== undefined && asked.startsWith(site.reserved_prefix)
  return {
    status: 200,
    type: TYPES[path.extname(name)] ?? 'application/octet-stream',
    body,
    headers: isReserved ? { 'x-robots-tag': 'noai, noimageai' } : {},
  }
}

function sitemap(list: string, host: string): Answer {
  const urls = list.split('\n').filter((line) => line !== '')
  const xml = urls.map((url) => `<url><loc>http://${host}/${url}</loc></url>`).join('')
  const text = `<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${xml}</urlset>`
  return { status: 200, type: 'application/xml', body: Buffer.from(text) }
}

async function send(response: http.ServerResponse, found: Answer): Promise<void> {
  const wire = wireOf(found)
  const headers: Record<string, string> = { 'content-type': found.type, ...found.headers }
  if (found.gzip === true) headers['content-encoding'] = 'gzip'
  if (found.pieces === undefined) headers['content-length'] = String(wire.length)
  response.writeHead(found.status, headers)
  if (found.cut !== undefined) {
    response.write(wire.subarray(0, found.cut), () => void response.socket?.destroy())
    return
  }
  const step = Math.ceil(wire.length / (found.pieces ?? 1)) || 1
  for (let at = 0; found.pieces !== undefined && at + step < wire.length; at += step) {
    response.write(wire.subarray(at, at + step))
    await sleep(BETWEEN_PIECES_MS)
  }
  response.end(found.pieces === undefined ? wire : wire.subarray(step * (found.pieces - 1)))
}

function kindOf(asked: string, { status, type }: Answer): string {
  if (asked.endsWith('/robots.txt')) return 'robots'
  if (asked === '/.well-known/tdmrep.json') return 'tdmrep'
  if (status >= 300 && status < 400) return 'redirect'
  if (status !== 200) return String(status)
  if (type.startsWith('image/')) return 'picture'
  if (type.startsWith('text/html')) return 'page'
  return type === 'application/xml' ? 'sitemap' : 'other'
}
