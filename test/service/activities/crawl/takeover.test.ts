import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCrawlActivities } from '../../../../activities/crawl/crawl.activity.ts'
import { freezeCrawl } from '../../../../schema/queries/freeze.ts'
import { crawlDeps } from '../../../../workers/roles/crawl-deps.ts'
import { inActivity } from '../../../support/activity.ts'
import { aSection, expireLease, startCrawl } from '../../../support/crawl.ts'
import { crawlToEnd, openTestRuntime } from '../../../support/crawler.ts'
import { useTestDatabase } from '../../../support/database.ts'
import { aPicture, type ExampleWeb, html, png, serveWeb } from '../../../support/example-web.ts'
import { makeTestHome, removeTestHome } from '../../../support/home.ts'

const database = useTestDatabase()
const ROOT = 'http://tree.example/'
/** More than the 100 answers of one batch, so that some are committed before the worker dies and some are not. */
const PAGES = 90
const KILL_AT_REQUEST = 170
const SECTION = aSection([ROOT], { politeness: { per_host: 8, per_address: 8 } })

let home = ''
let web: ExampleWeb
let picture: Buffer

beforeAll(async () => {
  home = makeTestHome('takeover')
  picture = await aPicture(5)
  web = await serveWeb((url) => {
    if (url === ROOT) return html(links(0, PAGES / 3))
    if (url.endsWith('.png')) return png(Buffer.concat([picture, Buffer.from(url)]))
    const number = /\/page-(\d+)$/.exec(url)?.[1]
    return number === undefined
      ? undefined
      : html(`<img src="/${number}.png" alt="Obraz ${number}">${links(PAGES / 3, PAGES)}`)
  })
})

afterAll(async () => {
  await web[Symbol.asyncDispose]()
  await removeTestHome(home)
})

function links(from: number, to: number): string {
  return Array.from({ length: to - from }, (_, index) => `<a href="/page-${from + index}">x</a>`).join('')
}

/** Requests by URL since the log was last taken. */
function takeLog(): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { url } of web.log.splice(0)) counts.set(url, (counts.get(url) ?? 0) + 1)
  return counts
}

const captured = async (crawlNo: number) =>
  (
    await sql<{ line: string }>`
      SELECT u.url || ' ' || c.status || ' ' || encode(c.body_sha, 'hex') AS line FROM capture c JOIN url u ON u.sha = c.url_sha
      WHERE c.crawl_no = ${crawlNo} ORDER BY line`.execute(database.as('auditor'))
  ).rows.map((row) => row.line)

test('a worker dies in the middle: its successor ends with the same captures, and asks again only for what was in flight', async () => {
  const undisturbed = await openTestRuntime(home, database.url, web.port, { concurrency: 8 })
  const first = await startCrawl(undisturbed.db, SECTION, 1)
  await crawlToEnd(undisturbed, first.id)
  const wanted = takeLog()
  expect([...wanted.values()].filter((count) => count > 1)).toEqual([])

  const second = await startCrawl(undisturbed.db, SECTION, 1)
  await dieAt(KILL_AT_REQUEST, second.id)
  const committed = new Set((await captured(second.crawl_no)).map((line) => line.split(' ')[0]))
  const leased = await sql<{ url: string }>`SELECT u.url FROM frontier f JOIN url u ON u.sha = f.url_sha
    WHERE f.crawl_no = ${second.crawl_no} AND f.state = 'leased'`.execute(undisturbed.db)
  const inFlight = new Set(leased.rows.map((row) => row.url))
  expect(committed.size).toBeGreaterThan(50)
  expect(inFlight.size).toBeGreaterThan(0)

  await expireLease(undisturbed.db, { crawlNo: second.crawl_no, shard: 0, fence: '1' })
  await crawlToEnd(undisturbed, second.id)
  const asked = takeLog()
  const twice = [...asked].filter(([, count]) => count > 1)
  expect([...asked.keys()].toSorted()).toEqual([...wanted.keys()].toSorted())
  expect(twice.filter(([url, count]) => count > 2 || !inFlight.has(url))).toEqual([])
  // Captures are history: whoever was in flight left none, so there is one of each.
  expect(await captured(second.crawl_no)).toEqual(await captured(first.crawl_no))
  const digests = await Promise.all([first, second].map((crawl) => freezeCrawl(undisturbed.db, crawl.crawl_no)))
  expect(digests[1]).toEqual(digests[0])
  await undisturbed[Symbol.asyncDispose]()
})

/** Crawls until the site has seen so many requests; then the worker's database is gone, as if the worker were. */
async function dieAt(requests: number, crawlId: string): Promise<void> {
  const doomed = await openTestRuntime(home, database.url, web.port, { concurrency: 8 })
  const activities = createCrawlActivities(crawlDeps(doomed))
  const killed = new AbortController()
  let seen = 0
  web.onRequest = () => {
    seen += 1
    if (seen !== requests) return
    void doomed.db.destroy()
    killed.abort()
  }
  await expect(inActivity(() => activities.crawlShard({ crawlId, shard: 0 }), killed.signal)).rejects.toThrow(
    'cancelled',
  )
  web.onRequest = () => {}
  // What it had asked for by then is answered before the log is read.
  await new Promise((resolve) => setTimeout(resolve, 200))
}
