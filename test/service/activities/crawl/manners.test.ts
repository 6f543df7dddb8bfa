import type http from 'node:http'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { aSection, frontierOf, type SectionChanges, startCrawl } from '../../../support/crawl.ts'
import { crawlToEnd, openTestRuntime } from '../../../support/crawler.ts'
import { useTestDatabase } from '../../../support/database.ts'
import { makeTestHome, removeTestHome } from '../../../support/home.ts'
import { serve, type TestSite } from '../../../support/web-site.ts'
import type { Runtime } from '../../../../workers/runtime.ts'

const database = useTestDatabase()

let home = ''
let site: TestSite
let runtime: Runtime
let answer: http.RequestListener = () => {}
/** Requests by URL with the time of the server's clock, and how many were open at most. */
let asked: { url: string; at: number }[] = []
let open = 0
let mostOpen = 0

beforeAll(async () => {
  home = makeTestHome('manners')
  site = await serve((request, response) => {
    asked.push({ url: `http://${request.headers.host}${request.url}`, at: Date.now() })
    open += 1
    mostOpen = Math.max(mostOpen, open)
    response.once('close', () => (open -= 1))
    answer(request, response)
  })
  runtime = await openTestRuntime(home, database.url, site.port, { concurrency: 32 })
})

beforeEach(() => {
  asked = []
  mostOpen = 0
})

afterAll(async () => {
  await runtime[Symbol.asyncDispose]()
  await site[Symbol.asyncDispose]()
  await removeTestHome(home)
})

async function crawl(seeds: string[], politeness: SectionChanges['politeness']) {
  // No file but robots.txt stands before the pages.
  const section = aSection(seeds, { politeness: { honour: ['robots'], ...politeness } })
  const { id, crawl_no } = await startCrawl(runtime.db, section)
  expect(await crawlToEnd(runtime, id)).toBe('finished')
  return (await frontierOf(runtime.db, crawl_no)).filter(({ url }) => !url.endsWith('/robots.txt'))
}

const isRobots = (request: http.IncomingMessage) => request.url === '/robots.txt'

function reply(response: http.ServerResponse, status: number, headers: Record<string, string> = {}, body = ''): void {
  response.writeHead(status, { 'content-type': 'text/html', ...headers })
  response.end(body)
}

test('many names on one server are one server from the first request on', async () => {
  answer = (request, response) => void setTimeout(() => reply(response, isRobots(request) ? 404 : 200), 3)
  const seeds = Array.from({ length: 30 }, (_, n) => `http://name-${n}.example/`)
  const rows = await crawl(seeds, { per_host: 4, per_address: 2 })
  expect(rows.map(({ state }) => state)).toEqual(seeds.map(() => 'done'))
  expect([asked.length, mostOpen]).toEqual([60, 2])
})

test('a Crawl-delay holds between all requests of a host, a URL that is forbidden costs none', async () => {
  answer = (request, response) =>
    isRobots(request)
      ? reply(response, 200, {}, 'User-agent: *\nCrawl-delay: 0.4\nDisallow: /no')
      : reply(
          response,
          200,
          {},
          request.url === '/' ? '<a href="/no-1">x</a><a href="/no-2">x</a><a href="/yes">x</a>' : '',
        )
  const rows = await crawl(['http://slowly.example/'], { per_host: 4, per_address: 4 })
  expect(rows.map(({ url, reason }) => [new URL(url).pathname, reason])).toEqual([
    ['/', null],
    ['/no-1', 'robots_disallowed'],
    ['/no-2', 'robots_disallowed'],
    ['/yes', null],
  ])
  expect(asked.map(({ url }) => new URL(url).pathname)).toEqual(['/robots.txt', '/', '/yes'])
  // A lower bound only: the server's clock may see a start some milliseconds late.
  const gaps = asked.slice(1).map(({ at }, index) => at - (asked[index]?.at ?? 0))
  expect(gaps.filter((gap) => gap < 350)).toEqual([])
})

test('no two requests go out within one delay: robots.txt and where it leads, the TDM file, sitemaps, pages', async () => {
  answer = (request, response) => {
    const { host } = request.headers
    if (isRobots(request) && host === 'files.example')
      return reply(response, 301, { location: 'http://moved.example/robots.txt' })
    if (isRobots(request)) return reply(response, 200, {}, 'Sitemap: http://files.example/map.xml')
    if (request.url === '/.well-known/tdmrep.json') return reply(response, 302, { location: '/tdm' })
    if (request.url === '/map.xml') return reply(response, 200, {}, 'http://files.example/listed\n')
    return reply(response, request.url === '/tdm' ? 503 : 200, {}, request.url === '/' ? '<img src="/p.png">' : '')
  }
  const honour = ['robots', 'noai', 'tdm'] as const
  const rows = await crawl(['http://files.example/'], { delay_ms: 300, honour: [...honour] })
  expect(new Set(rows.map(({ state }) => state))).toEqual(new Set(['done']))
  const paths = asked.map(({ url }) => url.slice('http://'.length))
  expect(paths.slice(0, 3)).toEqual([
    'files.example/robots.txt',
    'moved.example/robots.txt',
    'files.example/.well-known/tdmrep.json',
  ])
  // Three tries of the TDM file with its redirect, before anything else of the origin.
  expect(paths.indexOf('files.example/')).toBe(8)
  expect(paths).toContain('files.example/listed')
  const gaps = asked.slice(1).map(({ at }, index) => at - (asked[index]?.at ?? 0))
  expect(gaps.filter((gap) => gap < 270)).toEqual([])
})

test('robots.txt as RFC 9309 reads its status: a file, none, or one that lies elsewhere and holds for who sent us there', async () => {
  const ends: Record<number, string | null> = {
    200: 'robots_disallowed',
    203: 'robots_disallowed',
    204: null,
    ...Object.fromEntries([301, 302, 303, 307, 308].map((status) => [status, 'robots_disallowed'])),
    ...Object.fromEntries([400, 401, 403, 404, 410, 451].map((status) => [status, null])),
  }
  answer = (request, response) => {
    const status = Number(/^status-(\d+)/.exec(request.headers.host ?? '')?.[1] ?? 200)
    if (!isRobots(request)) return reply(response, 200)
    const headers: Record<string, string> =
      status >= 300 && status < 400 ? { location: 'http://elsewhere.example/robots.txt' } : {}
    reply(response, status, headers, status === 204 ? '' : 'User-agent: *\nDisallow: /')
  }
  const rows = await crawl(
    Object.keys(ends).map((status) => `http://status-${status}.example/`),
    { per_host: 1, per_address: 8 },
  )
  expect(Object.fromEntries(rows.map(({ url, reason }) => [Number(/\d+/.exec(url)?.[0]), reason]))).toEqual(ends)
})

test('robots.txt and the TDM file are asked again when they are 24 hours old, not before', async () => {
  answer = (request, response) =>
    request.url === '/' ? reply(response, 200) : reply(response, isRobots(request) ? 200 : 404, {}, 'User-agent: *')
  const section = aSection(['http://aged.example/'], { politeness: { honour: ['robots', 'tdm'] } })
  const { id, crawl_no: crawlNo } = await startCrawl(runtime.db, section)
  const crawlAgain = async (age: string) => {
    asked = []
    const old = sql`now() - ${age}::interval`
    await sql`UPDATE robots SET fetched_at = ${old} WHERE crawl_no = ${crawlNo}`.execute(runtime.db)
    await sql`UPDATE tdm_file SET fetched_at = ${old} WHERE crawl_no = ${crawlNo}`.execute(runtime.db)
    await sql`UPDATE frontier SET state = 'pending' WHERE crawl_no = ${crawlNo} AND page`.execute(runtime.db)
    expect(await crawlToEnd(runtime, id)).toBe('finished')
    return asked.map(({ url }) => new URL(url).pathname)
  }
  const all = ['/robots.txt', '/.well-known/tdmrep.json', '/']
  expect(await crawlAgain('0 h')).toEqual(all)
  expect(await crawlAgain('23 h')).toEqual(['/'])
  expect(await crawlAgain('25 h')).toEqual(all)
})

test('a Crawl-delay that no crawl can keep skips the host with that reason', async () => {
  answer = (_request, response) => reply(response, 200, {}, 'User-agent: *\nCrawl-delay: 31')
  const [row] = await crawl(['http://never.example/'], {})
  expect([row?.state, row?.reason, asked.length]).toEqual(['excluded', 'crawl_delay_too_long', 1])
})

test.for(['in seconds', 'as a date'])('Retry-After %s holds for all URLs of the host', async (form) => {
  let until = 0
  answer = (request, response) => {
    if (isRobots(request)) return reply(response, 404)
    if (request.url === '/') return reply(response, 200, {}, '<a href="/a">x</a><a href="/b">x</a><a href="/c">x</a>')
    if (until > 0) return reply(response, 200)
    const date = new Date(Math.ceil(Date.now() / 1000) * 1000 + 2000)
    until = form === 'in seconds' ? Date.now() + 2000 : date.getTime()
    return reply(response, 429, { 'retry-after': form === 'in seconds' ? '2' : date.toUTCString() })
  }
  const rows = await crawl([`http://busy-${form.length}.example/`], { per_host: 1, per_address: 1 })
  expect(rows.map(({ state }) => state)).toEqual(['done', 'done', 'done', 'done'])
  const later = asked.filter(({ url }) => /\/[abc]$/.test(url)).slice(1)
  expect([later.length, later.filter(({ at }) => at < until)]).toEqual([3, []])
})

test('a fault of the server rests its host for a second', async () => {
  let failed = 0
  answer = (request, response) => {
    if (!isRobots(request)) failed ||= Date.now()
    reply(response, isRobots(request) ? 404 : asked.length === 2 ? 503 : 200)
  }
  const rows = await crawl(
    [1, 2, 3].map((no) => `http://fault.example/${no}`),
    { per_host: 1, per_address: 1 },
  )
  expect(rows.map(({ state }) => state)).toEqual(['done', 'done', 'done'])
  const later = asked.slice(2).map(({ at }) => at - failed)
  expect([later.length, later.filter((ms) => ms < 900)]).toEqual([3, []])
})
