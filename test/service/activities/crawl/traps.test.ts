import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aSection, frontierOf, startCrawl } from '../../../support/crawl.ts'
import { crawlToEnd, openTestRuntime } from '../../../support/crawler.ts'
import { useTestDatabase } from '../../../support/database.ts'
import { aPicture, type Answer, type ExampleWeb, html, png, serveWeb } from '../../../support/example-web.ts'
import { makeTestHome, removeTestHome } from '../../../support/home.ts'
import type { Runtime } from '../../../../workers/runtime.ts'

const database = useTestDatabase()
const TRAPS = ['maze', 'gallery', 'calendar', 'names', 'growing', 'session', 'ring']
const LIMITS = { pages_per_host: 1_000_000, depth: 1000, give_up_hours: 1 }
const GOOD = Array.from({ length: 12 }, (_, index) => `/good/${index}.html`)

let home = ''
let web: ExampleWeb
let runtime: Runtime
let picture: Buffer
let visits = 0

const token = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 12)
const links = (...targets: string[]) => targets.map((to) => `<a href="${to}">dál</a>`).join(' ')
const text = (of: string) => `<p>Stránka ${token(of)}</p>`

/** The entrance of each trap, and what its pages answer below it. */
const TRAP: Record<string, { entrance: string[]; page(path: string): Answer | null }> = {
  maze: {
    entrance: ['/maze/0'],
    page: (path) => html(text(path) + links(...[1, 2, 3].map((n) => `/maze/${token(path + n)}`))),
  },
  gallery: {
    entrance: ['/gallery/0'],
    page: (path) => {
      const shown = token(path)
      if (path.endsWith('.png')) return png(picture)
      return html(`<img src="/gallery/${shown}.png" alt="Obraz ${shown}">` + links(`${shown}1`, `${shown}2`))
    },
  },
  calendar: {
    entrance: ['/calendar?month=0'],
    page: (path) => {
      const month = Number(path.split('=')[1])
      return html(text(path) + links(`?month=${month + 1}`, `?month=${month - 1}`))
    },
  },
  names: {
    entrance: Array.from({ length: 1500 }, (_, index) => `/name-${index}`),
    page: () => html('Tato stránka je jen jedna'),
  },
  growing: { entrance: ['/grow/'], page: (path) => html(text(path) + links('more/', 'less/more/')) },
  session: {
    entrance: ['/s?PHPSESSID=0'],
    page: () => html(`návštěva ${visits}` + links(...[0, 1].map(() => `/s?PHPSESSID=${(visits += 1)}`))),
  },
  ring: {
    entrance: ['/ring/1'],
    page: (path) => ({ status: 302, headers: { location: `/ring/${(Number(path.slice(6)) % 3) + 1}` } }),
  },
}

/** `NAME.example` has the trap beside its good pages, `twin-NAME.example` the good pages alone. */
function answer(address: string): Answer | null {
  const { hostname, pathname, search } = new URL(address)
  const name = hostname.split('.')[0] ?? ''
  const trap = TRAP[name]
  if (pathname === '/robots.txt' || pathname.startsWith('/.well-known')) return { status: 404 }
  if (pathname === '/') return html(links(...GOOD.slice(0, 6), ...(trap?.entrance ?? [])))
  const at = GOOD.indexOf(pathname)
  if (at >= 0) return html(`<img src="/p/${at}.png" alt="Most ${at}">${links(GOOD[at + 6] ?? '/')}`)
  if (pathname.startsWith('/p/')) return png(picture)
  return trap?.page(pathname + search) ?? { status: 404 }
}

beforeAll(async () => {
  home = makeTestHome('traps')
  picture = await aPicture(1)
  web = await serveWeb(answer)
  runtime = await openTestRuntime(home, database.url, web.port, { concurrency: 32 })
}, 60_000)

afterAll(async () => {
  await runtime[Symbol.asyncDispose]()
  await web[Symbol.asyncDispose]()
  await removeTestHome(home)
})

async function crawl(hosts: string[]) {
  const section = aSection(
    hosts.map((host) => `http://${host}.example/`),
    { limits: LIMITS, politeness: { per_host: 8, per_address: 32 } },
  )
  const { id, crawl_no } = await startCrawl(runtime.db, section)
  expect(await crawlToEnd(runtime, id)).toBe('finished')
  return frontierOf(database.as('auditor'), crawl_no)
}

test('with limits at a million each trap ends by itself and says why, and the good pages are there as without it', async () => {
  const rows = await crawl(TRAPS.flatMap((name) => [name, `twin-${name}`]))
  const goodOf = (host: string) =>
    rows
      .filter((row) => row.state === 'done' && row.reason === null && new URL(row.url).hostname === `${host}.example`)
      .map((row) => new URL(row.url).pathname)
      .filter((path) => path === '/' || /^\/(good|p)\//.test(path))
  for (const name of TRAPS) {
    expect([name, goodOf(name)]).toEqual([name, goodOf(`twin-${name}`)])
    expect(goodOf(name)).toHaveLength(1 + 2 * GOOD.length)
  }
  const endsOf = (name: string) => {
    const own = rows.filter((row) => new URL(row.url).hostname === `${name}.example`)
    return {
      asked: own.filter((row) => row.admitted).length,
      reasons: [...new Set(own.map((row) => row.reason))].toSorted((a, b) => ((a ?? '') < (b ?? '') ? -1 : 1)),
    }
  }
  expect(rows.filter((row) => ['found', 'pending', 'leased', 'retry'].includes(row.state))).toEqual([])
  console.log(Object.fromEntries(TRAPS.map((name) => [name, endsOf(name)])))
}, 400_000)
