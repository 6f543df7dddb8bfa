import { expect, test } from 'vitest'
import { freezeCrawl } from '../../../../schema/queries/freeze.ts'
import { aSection, frontierOf, startCrawl } from '../../../support/crawl.ts'
import { linkedPages, useCrawledWeb } from '../../../support/crawled-web.ts'
import { crawlToEnd } from '../../../support/crawler.ts'
import { useTestDatabase } from '../../../support/database.ts'

const database = useTestDatabase()
const ROOT = 'http://line.example/'
const PAGES = Array.from({ length: 24 }, (_, index) => `${ROOT}page-${index}`)
/** Two at a time: a third failure in a row would suspend the host. */
const SECTION = aSection([ROOT], { politeness: { per_host: 2, per_address: 2, honour: [] } })
const CUT_AT = [4, 11, 19]

const crawled = useCrawledWeb('cut', database, linkedPages(ROOT, PAGES))

test('connections that are cut in the middle cost the requests on them, and no outcome', async () => {
  const { web, runtime } = crawled
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
