import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Runtime } from '../../../../workers/runtime.ts'
import { aSection, startCrawl } from '../../../support/crawl.ts'
import { crawlToEnd, openTestRuntime } from '../../../support/crawler.ts'
import { useTestDatabase } from '../../../support/database.ts'
import { makeTestHome, removeTestHome } from '../../../support/home.ts'
import { serve, type TestSite } from '../../../support/web-site.ts'

const database = useTestDatabase()
const QUICK = 'zz.quick.example'
const QUICK_PAGES = 80
const NAMES = 600

let home = ''
let slow: TestSite
let quick: TestSite
let runtime: Runtime
/** URLs in the order in which the two servers, each an address, were asked for them. */
let asked: string[] = []
let onQuick: (count: number) => void = () => {}
let answerAfterMs = () => 0

beforeAll(async () => {
  home = makeTestHome('crowded')
  slow = await serve((request, response) => {
    asked.push(`http://${request.headers.host}${request.url}`)
    response.writeHead(200, { 'content-type': request.url === '/robots.txt' ? 'text/plain' : 'text/html' })
    response.end(request.url === '/robots.txt' ? 'User-agent: *\nCrawl-delay: 1.5' : '')
  })
  quick = await serve(
    (request, response) => {
      asked.push(`http://${request.headers.host}${request.url}`)
      onQuick(pagesOf(QUICK).length)
      const status = request.url === '/robots.txt' ? 404 : 200
      setTimeout(() => response.writeHead(status, { 'content-type': 'text/html' }).end(), answerAfterMs())
    },
    { address: '127.0.0.2' },
  )
  runtime = await openTestRuntime(home, database.url, 0, {
    concurrency: 32,
    resolve: [
      { pattern: '*.quick.example', host: '127.0.0.2', port: quick.port },
      { pattern: '*.example', host: '127.0.0.1', port: slow.port },
    ],
  })
})

beforeEach(() => {
  asked = []
  onQuick = () => {}
  answerAfterMs = () => 0
})

afterAll(async () => {
  await runtime[Symbol.asyncDispose]()
  await slow[Symbol.asyncDispose]()
  await quick[Symbol.asyncDispose]()
  await removeTestHome(home)
})

const pagesOf = (host: string) =>
  asked.filter((url) => new URL(url).host === host && !url.endsWith('/robots.txt')).map((url) => new URL(url).pathname)
const quickSeeds = Array.from({ length: QUICK_PAGES }, (_, no) => `http://${QUICK}/${no}`)

/** A crawl of one shard, so that all hosts share it. */
const start = (seeds: string[]) =>
  startCrawl(runtime.db, aSection(seeds, { politeness: { honour: ['robots'], per_host: 2, per_address: 2 } }), 1)

test('a slow host does not hold back a fast one of its shard', async () => {
  const { id } = await start([...Array.from({ length: 4 }, (_, no) => `http://a.example/${no}`), ...quickSeeds])
  expect(await crawlToEnd(runtime, id)).toBe('finished')
  expect([pagesOf('a.example').length, pagesOf(QUICK).length]).toEqual([4, QUICK_PAGES])
  const lastQuick = asked.findLastIndex((url) => url.startsWith(`http://${QUICK}/`))
  expect(asked.slice(lastQuick).filter((url) => url.startsWith('http://a.example/')).length).toBeGreaterThanOrEqual(2)
})

test('hundreds of names on one slow server neither hold back a fast host of their shard nor are claimed all at once', async () => {
  const names = Array.from({ length: 3 * NAMES }, (_, no) => `http://name-${no % NAMES}.example/${no}`)
  const { id, crawl_no: crawlNo } = await start([...names, ...quickSeeds])
  const stopped = new AbortController()
  let leased = Number.NaN
  onQuick = (count) => {
    if (count < QUICK_PAGES) return
    void sql<{
      leased: number
    }>`SELECT count(*)::int AS leased FROM frontier WHERE crawl_no = ${crawlNo} AND state = 'leased'`
      .execute(database.as('auditor'))
      .then(({ rows }) => {
        leased = rows[0]?.leased ?? Number.NaN
        stopped.abort()
      })
  }
  await expect(crawlToEnd(runtime, id, stopped.signal)).rejects.toThrow('cancelled')
  expect(pagesOf(QUICK).length).toBe(QUICK_PAGES)
  expect(asked.filter((url) => !url.startsWith(`http://${QUICK}/`)).length).toBeLessThan(100)
  // One URL of each name until its address is known, more of the few that take turns, and those of the fast host.
  expect(leased).toBeLessThan(1.2 * NAMES + QUICK_PAGES)
  const { rows } = await sql<{ host: string; address: string }>`
    SELECT host, address FROM crawl_host WHERE crawl_no = ${crawlNo} AND host = ${QUICK}`.execute(runtime.db)
  expect(rows).toEqual([{ host: QUICK, address: '127.0.0.2' }])
})

test('while answers are awaited the database is not asked at each of them', async () => {
  let looks = 0
  const counted = runtime.db.withPlugin({
    transformQuery: ({ node }) => {
      if (node.kind === 'RawNode' && JSON.stringify(node).includes('on_probation')) looks += 1
      return node
    },
    transformResult: ({ result }) => Promise.resolve(result),
  })
  const section = aSection(quickSeeds.slice(0, 30), {
    politeness: { honour: ['robots'], per_host: 30, per_address: 30, delay_ms: 0 },
  })
  // One answer after the other, all asked for at once.
  answerAfterMs = () => 20 * pagesOf(QUICK).length
  const { id } = await startCrawl(runtime.db, section, 1)
  expect(await crawlToEnd({ ...runtime, db: counted }, id)).toBe('finished')
  expect(pagesOf(QUICK).length).toBe(30)
  expect(looks).toBeLessThan(20)
})
