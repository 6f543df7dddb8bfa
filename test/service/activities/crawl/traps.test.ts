import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { crawlTraps } from '../../../../schema/queries/crawl-progress.ts'
import { aSection, frontierOf, startCrawl } from '../../../support/crawl.ts'
import { crawlToEnd, openTestRuntime } from '../../../support/crawler.ts'
import { useTestDatabase } from '../../../support/database.ts'
import { aPicture, type Answer, type ExampleWeb, html, png, serveWeb } from '../../../support/example-web.ts'
import { makeTestHome, removeTestHome } from '../../../support/home.ts'
import type { Runtime } from '../../../../workers/runtime.ts'

const database = useTestDatabase()
const TRAPS = ['maze', 'gallery', 'calendar', 'names', 'growing', 'session', 'ring']
const LIMITS = { pages_per_host: 1_000_000, depth: 1_000_000, give_up_hours: 1 }
const GOOD = Array.from({ length: 12 }, (_, index) => `/good/${index}.html`)

let home = ''
let web: ExampleWeb
let runtime: Runtime
let picture: Buffer
let visits = 0
let ended: Ended

const token = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 12)
const links = (...targets: string[]) => targets.map((to) => `<a href="${to}">dál</a>`).join(' ')
const titled = (title: string, body: string): Answer => ({
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: `<!doctype html><title>${title}</title><body>${body}`,
})
/** Letters alone, another word for each number. */
const word = (no: number) => no.toString(26).replace(/./g, (digit) => String.fromCharCode(97 + parseInt(digit, 26)))
const ENTRIES = Array.from({ length: 2300 }, (_, no) => `/slovo/${word(26 ** 3 + no)}`)
const text = (of: string) => `<p>Stránka ${token(of)}</p>`

/** The entrance of each trap, and what its pages answer below it. */
const TRAP: Record<string, { entrance: string[]; page(path: string): Answer | null }> = {
  maze: {
    entrance: ['/maze/0'],
    page: (path) =>
      titled(
        `Místnost ${token(path)} ٢${token(path).replace(/\d/g, '')}`,
        text(path) + links(...[1, 2, 3].map((n) => `/maze/${token(path + n)}`)),
      ),
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

/** `NAME.example` has the trap beside its good pages, `twin.example` the good pages alone. */
function answer(address: string): Answer | null {
  const { hostname, pathname, search } = new URL(address)
  const name = hostname.split('.')[0] ?? ''
  const trap = TRAP[name]
  if (pathname === '/robots.txt' || pathname.startsWith('/.well-known')) return { status: 404 }
  if (name === 'lexicon') {
    if (pathname === '/') return html(links(...ENTRIES))
    return titled(`${pathname.slice(7)} – Slovník`, text(pathname) + links(ENTRIES[2] ?? ''))
  }
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

async function crawl(hosts: string[], perHost: number) {
  const section = aSection(
    hosts.map((host) => `http://${host}.example/`),
    { limits: LIMITS, politeness: { per_host: perHost, per_address: 32 } },
  )
  const { id, crawl_no } = await startCrawl(runtime.db, section)
  expect(await crawlToEnd(runtime, id)).toBe('finished')
  const rows = await frontierOf(database.as('auditor'), crawl_no)
  return { crawl_no, rows, of: (name: string) => rows.filter((row) => new URL(row.url).hostname === `${name}.example`) }
}

type Ended = Awaited<ReturnType<typeof crawl>>

test('with limits at a million each trap ends by itself, and the good pages are there as without it', async () => {
  ended = await crawl([...TRAPS, 'twin', 'lexicon'], 8)
  const goodOf = (name: string) =>
    ended
      .of(name)
      .filter((row) => row.state === 'done' && row.reason === null)
      .map((row) => new URL(row.url).pathname)
      .filter((path) => path === '/' || /^\/(good|p)\//.test(path))
  const twin = goodOf('twin')
  expect(twin).toHaveLength(1 + 2 * GOOD.length)
  expect(TRAPS.map((name) => [name, goodOf(name)])).toEqual(TRAPS.map((name) => [name, twin]))
  expect(ended.rows.filter((row) => ['found', 'pending', 'leased', 'retry'].includes(row.state))).toEqual([])
}, 300_000)

test('each says why, and a finite host names none', async () => {
  const traps = await crawlTraps(database.as('auditor'), ended.crawl_no, 100)
  expect(traps.map(({ host, why }) => `${host}: ${why}`).toSorted()).toEqual([
    'calendar.example: 100 pages in the last 50 depths of calendar.example brought no new picture',
    expect.stringMatching(
      /^gallery.example: \d+ pages of gallery.example\/gallery brought \d+ bodies, 1 words in titles and 1 pictures$/,
    ),
    'growing.example: a part of the path repeats itself',
    'growing.example: a path segment repeats itself',
    'growing.example: more than 20 path segments',
    'maze.example: 2002 pages of maze.example/maze brought 2002 bodies, 1 words in titles and 0 pictures',
    'names.example: 276 pages of names.example/name-0 brought 1 bodies, 1 words in titles and 0 pictures',
  ])
  expect(ended.of('session').filter((row) => row.url.includes('PHPSESSID'))).toEqual([])
  expect(ended.of('ring').filter((row) => row.url.includes('/ring/')).length).toBe(3)
})

test('a part of a host is no trap for having no pictures, when its titles go on to bring new words', () => {
  const read = ended
    .of('lexicon')
    .filter((row) => row.url.includes('/slovo/') && row.state === 'done' && row.reason === null)
  expect(read.length).toBe(ENTRIES.length)
})

test('where a trap ends does not depend on the order in which pages come', async () => {
  const names = ['maze', 'gallery', 'names']
  const again = await crawl(names, 2)
  for (const name of names) expect(again.of(name)).toEqual(ended.of(name))
}, 300_000)
