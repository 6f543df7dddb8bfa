import { expect, test } from 'vitest'
import { createCrawlActivities } from '../../../../activities/crawl/crawl.activity.ts'
import type { ObjectStore } from '../../../../infra/objects.ts'
import { TransientError } from '../../../../schema/contracts/errors.ts'
import { noteCrawlFault } from '../../../../schema/queries/crawls.ts'
import { crawlDeps } from '../../../../workers/roles/crawl-deps.ts'
import { inActivity } from '../../../support/activity.ts'
import { aSection, frontierOf, startCrawl } from '../../../support/crawl.ts'
import { linkedPages, useCrawledWeb } from '../../../support/crawled-web.ts'
import { crawlToEnd } from '../../../support/crawler.ts'
import { useTestDatabase } from '../../../support/database.ts'

const database = useTestDatabase()
const ROOT = 'http://store.example/'
const PAGES = ['http://store.example/a', 'http://store.example/b', 'http://store.example/c']
const SECTION = aSection([ROOT], { politeness: { honour: [] } })

const crawled = useCrawledWeb('full-store', database, linkedPages(ROOT, PAGES))

const full = () => Promise.reject(new TransientError('STORE_FULL', 'store is full'))

test('a store that is full for a while holds the crawl up: nothing that was fetched is lost or asked for again', async () => {
  const { web, runtime } = crawled
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
  const { web, runtime } = crawled
  const { id } = await startCrawl(runtime.db, SECTION, 1)
  await noteCrawlFault(runtime.db, id, 'STORE_FULL', 'store is full')
  const activities = createCrawlActivities({ ...crawlDeps(runtime), store: { ...runtime.store, requireRoom: full } })
  const again = inActivity(() => activities.crawlShard({ crawlId: id, shard: 0 }), undefined, 2)
  await expect(again).rejects.toMatchObject({ type: 'STORE_FULL' })
  expect(web.log).toEqual([])
})
