import zlib from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { MAX_BODY_BYTES_IN_FLIGHT } from '../../../../infra/body-budget.ts'
import { crawlDeps } from '../../../../workers/roles/crawl-deps.ts'
import type { Runtime } from '../../../../workers/runtime.ts'
import { aSection, frontierOf, startCrawl } from '../../../support/crawl.ts'
import { crawlToEnd, openTestRuntime } from '../../../support/crawler.ts'
import { useTestDatabase } from '../../../support/database.ts'
import { makeTestHome, removeTestHome } from '../../../support/home.ts'
import { type Hostility, serveHostile } from '../../../support/hostile-web.ts'
import type { TestSite } from '../../../support/web-site.ts'

const database = useTestDatabase()
/** A page of nearly the limit, most of it no markup. */
const LARGE = Buffer.from(`<!doctype html><a href="/twin">x</a><p>${'x'.repeat(9 << 20)}`)
const CODED = zlib.gzipSync(LARGE.map((byte, no) => (no > 100 && no % 64 === 0 ? 97 + (no % 23) : byte)))
const HOSTS = Array.from({ length: 40 }, (_, no) => `large-${no}.example`)

let home = ''
let site: TestSite
let runtime: Runtime

beforeAll(async () => {
  home = makeTestHome('memory')
  const headers = { 'content-type': 'text/html; charset=utf-8' }
  const files: Record<string, Hostility> = {}
  for (const [no, host] of HOSTS.entries())
    files[`${host}/`] =
      no % 2 === 0 ? { headers, body: LARGE } : { headers: { ...headers, 'content-encoding': 'gzip' }, body: CODED }
  site = await serveHostile(files)
  runtime = await openTestRuntime(home, database.url, site.port, { concurrency: 40 })
})

afterAll(async () => {
  await runtime[Symbol.asyncDispose]()
  await site[Symbol.asyncDispose]()
  await removeTestHome(home)
})

test('forty large pages at a time hold no more than the process may, and each is crawled with its twin', async () => {
  const deps = crawlDeps(runtime)
  let most = 0
  // The peak is when a body is handed on, and when a parser has its copy.
  const note = <Value>(value: Value): Value => {
    most = Math.max(most, deps.bodies.held)
    return value
  }
  const noting = {
    ...deps,
    fetchOnce: async (request: Parameters<typeof deps.fetchOnce>[0]) => note(await deps.fetchOnce(request)),
    extractPage: (input: Parameters<typeof deps.extractPage>[0]) => note(deps.extractPage(input)),
  }
  const seeds = HOSTS.map((host) => `http://${host}/`)
  const section = aSection(seeds, { politeness: { per_host: 8, per_address: 64, honour: ['robots', 'noai'] } })
  const crawl = await startCrawl(runtime.db, section)
  expect(await crawlToEnd(runtime, crawl.id, undefined, noting)).toBe('finished')
  const ends = await frontierOf(database.as('auditor'), crawl.crawl_no)
  const pages = ends.filter(({ url }) => !url.endsWith('/robots.txt'))
  expect(pages.map(({ state, reason }) => [state, reason])).toEqual(pages.map(() => ['done', null]))
  expect(pages.length).toBe(2 * HOSTS.length)
  expect(most).toBeGreaterThan(LARGE.length)
  expect(most).toBeLessThanOrEqual(MAX_BODY_BYTES_IN_FLIGHT)
  expect(deps.bodies.held).toBe(0)
})
