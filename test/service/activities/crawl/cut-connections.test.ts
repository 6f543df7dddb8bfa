import { afterAll, beforeAll, expect, test } from 'vitest'
import { freezeCrawl } from '../../../../schema/queries/freeze.ts'
import type { Runtime } from '../../../../workers/runtime.ts'
import { aSection, frontierOf, startCrawl } from '../../../support/crawl.ts'
import { crawlToEnd, openTestRuntime } from '../../../support/crawler.ts'
import { useTestDatabase } from '../../../support/database.ts'
import { type ExampleWeb, html, serveWeb } from '../../../support/example-web.ts'
import { makeTestHome, removeTestHome } from '../../../support/home.ts'

const database = useTestDatabase()
const ROOT = 'http://line.example/'
const PAGES = Array.from({ length: 24 }, (_, index) => `${ROOT}page-${index}`)
/** Two at a time: a third failure in a row would suspend the host. */
const SECTION = aSection([ROOT], { politeness: { per_host: 2, per_address: 2, honour: [] } })
const CUT_AT = [4, 11, 19]

let home = ''
let web: ExampleWeb
let runtime: Runtime

beforeAll(async () => {
  home = makeTestHome('cut')
  web = await serveWeb((url) => {
    if (url === ROOT) return html(PAGES.map((page) => `<a href="${page}">x</a>`).join(''))
    return PAGES.includes(url) ? html(`page ${url}`) : undefined
  })
  runtime = await openTestRuntime(home, database.url, web.port)
})

afterAll(async () => {
  await runtime[Symbol.asyncDispose]()
  await web[Symbol.asyncDispose]()
  await removeTestHome(home)
})

test('connections that are cut in the middle cost the requests on them, and no outcome', async () => {
  const undisturbed = await startCrawl(runtime.db, SECTION, 1)
  await crawlToEnd(runtime, undisturbed.id)
  const calm = web.requests.splice(0)

  const disturbed = await startCrawl(runtime.db, SECTION, 1)
  let seen = 0
  web.onRequest = () => {
    seen += 1
    if (CUT_AT.includes(seen)) web.cut()
  }
  await crawlToEnd(runtime, disturbed.id)
  expect(await frontierOf(runtime.db, disturbed.crawl_no)).toEqual(await frontierOf(runtime.db, undisturbed.crawl_no))
  expect(await freezeCrawl(runtime.db, disturbed.crawl_no)).toEqual(await freezeCrawl(runtime.db, undisturbed.crawl_no))
  const more = web.requests.length - calm.length
  // A request that met a dead connection goes out again at once, and then counts as an attempt when it is cut again.
  expect(more).toBeGreaterThanOrEqual(CUT_AT.length)
  expect(more).toBeLessThanOrEqual(2 * CUT_AT.length)
})
