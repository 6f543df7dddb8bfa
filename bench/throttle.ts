/**
 * A real crawl of a site that admits so many requests a second and answers 429 beyond, with `delay_ms: 0`.
 *   node bench/throttle.ts [--pictures 1000] [--limit 50] [--per-host 16] [--window fixed|sliding]
 * Prints one JSON document: requests that the site saw, how many it refused, pictures that it gave away, those that the
 * crawl kept, seconds from the first request to the last and of the whole command, services and workers included.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { aRaster, sharpOf } from '../test/builders/pictures.ts'

const MELLA = fileURLToPath(new URL('../mella', import.meta.url))
const PICTURES_A_PAGE = 100

const { values } = parseArgs({
  options: {
    pictures: { type: 'string', default: '1000' },
    limit: { type: 'string', default: '50' },
    'per-host': { type: 'string', default: '16' },
    window: { type: 'string', default: 'fixed' },
  },
})
const count = Number(values.pictures)
const pictures = await Promise.all(Array.from({ length: count }, (_, n) => aPicture(n)))
const log: { at: number; path: string; status: number }[] = []

const server = http.createServer((request, response) => answer(request.url ?? '/', response))
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const { port } = server.address() as AddressInfo
const home = mkdtempSync(path.join(tmpdir(), 'mella-throttle-'))
const env = { ...process.env, MELLA_HOME: home, MELLA_NETWORK_ALLOW: '127.0.0.0/8' }
try {
  const spec = path.join(home, 'spec.yaml')
  writeFileSync(spec, specOf(`http://127.0.0.1:${port}/`, Number(values['per-host'])))
  await mella('up')
  const startedAt = performance.now()
  const started = await mella('crawl', 'start', spec, '--wait', '--json')
  const seconds = (performance.now() - startedAt) / 1000
  const { id } = JSON.parse(started) as { id: string }
  const shown = JSON.parse(await mella('crawl', 'show', id, '--json')) as unknown
  report(seconds, shown)
} finally {
  await mella('down')
  rmSync(home, { recursive: true, force: true })
  server.closeAllConnections()
  server.close()
}

function report(seconds: number, shown: unknown): void {
  const first = log[0]?.at ?? 0
  const given = new Set(log.flatMap((one) => (one.status === 200 && one.path.endsWith('.jpg') ? [one.path] : [])))
  const asked = log.filter((one) => one.path.endsWith('.jpg')).length
  console.log(
    JSON.stringify({
      pictures: count,
      limit_per_second: Number(values.limit),
      window: values.window,
      requests: log.length,
      refused: log.filter((one) => one.status === 429).length,
      requests_per_picture: round(asked / count, 3),
      given: given.size,
      seconds_at_site: round(((log.at(-1)?.at ?? 0) - first) / 1000, 1),
      seconds: round(seconds, 1),
      crawl: shown,
    }),
  )
}

function answer(url: string, response: http.ServerResponse): void {
  const refused = isOverLimit(Date.now())
  const found = refused ? null : bodyOf(url)
  const status = refused ? 429 : found === null ? 404 : 200
  log.push({ at: Date.now(), path: url, status })
  response.writeHead(status, refused ? { 'retry-after': '1' } : { 'content-type': found?.type ?? 'text/plain' })
  response.end(found?.body ?? '')
}

/** A fixed window counts from each full second of the clock on, a sliding one looks back a second. */
function isOverLimit(now: number): boolean {
  const from = values.window === 'sliding' ? now - 1000 : Math.floor(now / 1000) * 1000
  let seen = 0
  for (let at = log.length - 1; at >= 0 && (log[at]?.at ?? 0) >= from; at -= 1) {
    // A fixed window counts what it refuses, too, as simple counters do.
    if (values.window !== 'sliding' || log[at]?.status !== 429) seen += 1
  }
  return seen >= Number(values.limit)
}

function bodyOf(url: string): { type: string; body: Buffer | string } | null {
  if (url === '/') {
    const links = Array.from({ length: Math.ceil(count / PICTURES_A_PAGE) }, (_, n) => `<a href="/page-${n}">${n}</a>`)
    return { type: 'text/html', body: page(links.join(' ')) }
  }
  const [, kind, number] = /^\/(page-|picture-)(\d+)(?:\.jpg)?$/.exec(url) ?? []
  if (kind === 'page-') {
    const from = Number(number) * PICTURES_A_PAGE
    const shown = Array.from({ length: Math.min(PICTURES_A_PAGE, count - from) }, (_, n) => from + n)
    return {
      type: 'text/html',
      body: page(shown.map((n) => `<img src="/picture-${n}.jpg" alt="Obraz ${n}">`).join('')),
    }
  }
  const body = kind === 'picture-' ? pictures[Number(number)] : undefined
  return body ? { type: 'image/jpeg', body } : null
}

function page(body: string): string {
  return `<!doctype html><html lang="cs"><title>Obrazy</title>${body}</html>`
}

function aPicture(seed: number): Promise<Buffer> {
  return sharpOf(aRaster({ width: 64, height: 64, seed }))
    .jpeg()
    .toBuffer()
}

function specOf(seed: string, perHost: number): string {
  return JSON.stringify({
    dataset: 'throttle',
    version: '1.0.0',
    date: '2026-01-01',
    languages: ['cs'],
    crawl: {
      seeds: { cs: [seed] },
      politeness: {
        delay_ms: 0,
        per_host: perHost,
        per_address: perHost,
        user_agent: 'mella-bench (+https://bench.example/)',
      },
    },
  })
}

/** Its stdout; throws when it does not end with 0. */
async function mella(...args: string[]): Promise<string> {
  const child = spawn(MELLA, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const parts: Buffer[] = []
  child.stdout.on('data', (part: Buffer) => parts.push(part))
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve))
  if (code !== 0) throw new Error(`mella ${args.join(' ')} ended with ${code}`)
  return Buffer.concat(parts).toString()
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
