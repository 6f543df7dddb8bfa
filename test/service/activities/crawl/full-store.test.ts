import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCrawlActivities } from '../../../../activities/crawl/crawl.activity.ts'
import type { ObjectStore } from '../../../../infra/objects.ts'
import { TransientError } from '../../../../schema/contracts/errors.ts'
import { noteCrawlFault } from '../../../../schema/queries/crawls.ts'
import { crawlDeps } from '../../../../workers/roles/crawl-deps.ts'
import type { Runtime } from '../../../../workers/runtime.ts'
import { inActivity } from '../../../support/activity.ts'
import { aSection, frontierOf, startCrawl } from '../../../support/crawl.ts'
import { crawlToEnd, openTestRuntime } from '../../../support/crawler.ts'
import { useTestDatabase } from '../../../support/database.ts'
import { type ExampleWeb, html, serveWeb } from '../../../support/example-web.ts'
import { makeTestHome, removeTestHome } from '../../../support/home.ts'

const database = useTestDatabase()
const ROOT = 'http://store.example/'
const PAGES = ['http://store.example/a', 'http://store.example/b', 'http://store.example/c']
const SECTION = aSection([ROOT], { politeness: { honour: [] } })

let home = ''
let web: ExampleWeb
let runtime: Runtime

beforeAll(async () => {
  home = makeTestHome('full-store')
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

const full = () => Promise.reject(new TransientError('STORE_FULL', 'store is full'))

test('a store that is full for a while holds the crawl up: nothing that was fetched is lost or asked for again', async () => {
  const { store } = runtime
  let refused = 0
  const puts: ObjectStore['put'] = (bytes) => {
    if (refused >= 2) return store.put(bytes)
    refused += 1
    return full()
  }
  const { id, crawl_no: crawlNo } = await startCrawl(runtime.db, SECTION, 1)
  await crawlToEnd(runtime, id, undefined, { ...crawlDeps(runtime), store: { ...store, put: puts } })
  expect(refused).toBe(2)
  expect((await frontierOf(runtime.db, crawlNo)).map(({ url, state }) => `${url} ${state}`)).toEqual(
    [ROOT, ...PAGES].map((url) => `${url} done`),
  )
  expect(
    web.log
      .splice(0)
      .map(({ url }) => url)
      .toSorted(),
  ).toEqual([ROOT, ...PAGES])
})

test('while it stays full, a shard that is tried again asks no site for anything', async () => {
  const { id } = await startCrawl(runtime.db, SECTION, 1)
  await noteCrawlFault(runtime.db, id, 'STORE_FULL', 'store is full')
  const activities = createCrawlActivities({ ...crawlDeps(runtime), store: { ...runtime.store, requireRoom: full } })
  const again = inActivity(() => activities.crawlShard({ crawlId: id, shard: 0 }), undefined, 2)
  await expect(again).rejects.toMatchObject({ type: 'STORE_FULL' })
  expect(web.log).toEqual([])
})
