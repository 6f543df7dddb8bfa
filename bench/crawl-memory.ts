import { rmSync, mkdirSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { residentOf } from './crawl/resident.ts'
import { writeSpec } from './crawl/write-spec.ts'
import { runMella, startMella } from '../test/support/chaos/play.ts'

const HELP = `Memory of the process that crawls, early and late in one crawl of a made site.

  npm run bench -- crawl-memory [--pages N] [--hosts N] [--minutes N]

Prints one line of JSON: resident memory of the io worker (MiB) when a thousand pages were asked for and at the end of
the crawl, each the highest of five seconds, and their ratio.

  --pages N     pages of the site (100000)
  --hosts N     hosts that they are on (100): one with over 2,000 pages a branch and no picture that robots.txt lets
                the crawl have is left as a maze
  --minutes N   after which the crawl is ended where it is (30)
`
const EARLY_PAGES = 1_000
const WINDOW_MS = 5_000

const { values } = parseArgs({
  options: {
    pages: { type: 'string', default: '100000' },
    hosts: { type: 'string', default: '100' },
    minutes: { type: 'string', default: '30' },
    help: { type: 'boolean', default: false },
  },
})
const hosts = Number(values.hosts)
const perHost = Math.ceil(Number(values.pages) / hosts)

if (values.help) process.stdout.write(HELP)
else await main()

async function main(): Promise<void> {
  const home = path.join(tmpdir(), 'mella-bench-memory')
  rmSync(home, { recursive: true, force: true })
  mkdirSync(home, { recursive: true })
  const site = await serveTree()
  const env = {
    ...process.env,
    MELLA_HOME: home,
    MELLA_NETWORK_ALLOW: '127.0.0.0/8',
    MELLA_RESOLVE: `*.example=127.0.0.1:${site.port}`,
    MELLA_WORKERS: 'io=1',
    DATABASE_URL: undefined,
    TEMPORAL_ADDRESS: undefined,
  }
  const running = startMella(
    [
      'crawl',
      'start',
      writeSpec(home, { dataset: 'memory', prefix: 'm', hosts, depth: 30, perHost: 4, perAddress: 64 }),
      '--wait',
    ],
    { env },
  )
  let cutShort = false
  const limit = setTimeout(
    () => {
      cutShort = true
      running.child.kill('SIGINT')
    },
    Number(values.minutes) * 60_000,
  )
  let ended = false
  void running.end.then(() => (ended = true))
  const samples: { at: number; pages: number; mib: number }[] = []
  while (!ended) {
    const mib = residentOf('io', home)
    if (mib !== null) samples.push({ at: performance.now(), pages: site.asked(), mib })
    await delay(500)
  }
  const { code, stderr } = await running.end
  clearTimeout(limit)
  await runMella(['down'], { env })
  site.close()
  if (code !== 0 && !cutShort) throw new Error(stderr)
  const firstAt = samples.find((one) => one.pages >= EARLY_PAGES)?.at ?? 0
  const early = highest(samples.filter((one) => one.at >= firstAt && one.at < firstAt + WINDOW_MS))
  const end = highest(samples.filter((one) => one.at > (samples.at(-1)?.at ?? 0) - WINDOW_MS))
  const ratio = Math.round((end / early) * 100) / 100
  console.log(JSON.stringify({ pages: site.asked(), early_mib: early, late_mib: end, ratio }))
}

function highest(samples: readonly { mib: number }[]): number {
  return Math.max(0, ...samples.map((one) => one.mib))
}

/** Page n of a host leads to 3n+1 to 3n+3; 10 KB of text, three pictures that robots.txt keeps for itself. */
async function serveTree() {
  let asked = 0
  const filler = 'Na náměstí stojí stará radnice s věží, ze které je vidět celé údolí. '.repeat(120)
  const server = http.createServer((request, response) => {
    if (request.url === '/robots.txt') {
      response.writeHead(200, { 'content-type': 'text/plain' }).end('User-agent: *\nDisallow: /img/\n')
      return
    }
    const page = Number(/^\/p\/(\d+)$/.exec(request.url ?? '')?.[1] ?? (request.url === '/' ? 0 : Number.NaN))
    if (Number.isNaN(page) || page >= perHost) {
      response.writeHead(404).end()
      return
    }
    asked += 1
    const links = [1, 2, 3].map((step) => 3 * page + step).filter((next) => next < perHost)
    response
      .writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
      .end(
        `<html lang="cs"><title>${page}</title>${links.map((next) => `<a href="/p/${next}">${next}</a>`).join('')}` +
          `${[1, 2, 3].map((n) => `<img src="/img/${page}-${n}.png" alt="Radnice číslo ${page}, pohled ${n}">`).join('')}<p>${filler}</p></html>`,
      )
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', () => resolve()))
  const { port } = server.address() as { port: number }
  return { port, asked: () => asked, close: () => server.closeAllConnections() ?? server.close() }
}
