import { type Kysely, sql } from 'kysely'
import { expect, test } from 'vitest'
import { closeDepths } from '../../../../schema/queries/close-depths.ts'
import { claimUrls, insertFound, type UrlOutcome, writeOutcomes } from '../../../../schema/queries/frontier.ts'
import type { Lease } from '../../../../schema/queries/leases.ts'
import { planPutBack, planReopening, putBack, reopenUrls } from '../../../../schema/queries/resume-crawl.ts'
import type { Database } from '../../../../schema/tables/database.ts'
import { aFound, aSection, frontierOf, mustAcquire, shaOf, startCrawl } from '../../../support/crawl.ts'
import { useTestDatabase } from '../../../support/database.ts'

const database = useTestDatabase()
const SEED = 'http://a.example/'

interface Crawl {
  db: Kysely<Database>
  lease: Lease
}

async function aCrawl(): Promise<Crawl> {
  const db = database.as('writer')
  const { crawl_no } = await startCrawl(db, aSection([SEED], { scope: 'domain' }), 1)
  return { db, lease: await mustAcquire(db, crawl_no, 0, 'owner') }
}

const find = ({ db, lease }: Crawl, ...found: Parameters<typeof insertFound>[2][number][]) =>
  db.transaction().execute((tx) => insertFound(tx, lease.crawlNo, found))

const close = ({ db, lease }: Crawl) =>
  db.transaction().execute((tx) => closeDepths(tx, lease, { pagesPerHost: 10, depth: 5 }))

/** Ends a URL, claimed or not. */
async function end({ db, lease }: Crawl, url: string, outcome: Partial<UrlOutcome> & Pick<UrlOutcome, 'state'>) {
  await claimUrls(db, lease, new URL(url).host, 1000)
  const common = {
    sha: shaOf(url),
    asPicture: false,
    reason: null,
    detail: null,
    attempts: 1,
    waitMs: 0,
    captureId: null,
  }
  await db.transaction().execute((tx) => writeOutcomes(tx, lease.crawlNo, [{ ...common, ...outcome }]))
}

const picture = (url: string) => aFound(url, { kind: 'picture', siteNo: null })
const stateOf = async ({ db, lease }: Crawl, url: string) =>
  (await frontierOf(db, lease.crawlNo)).find((row) => row.url === url)?.state

/** Pictures of two hosts, each ended by another fault. */
async function aFailedCrawl(): Promise<Crawl & { urls: Record<string, string> }> {
  const crawl = await aCrawl()
  const urls = {
    timeout: 'http://a.example/timeout.png',
    down: 'http://b.example:8080/down.png',
    busy: 'http://b.example:8080/busy.png',
    bad: 'http://a.example/bad.png',
    denied: 'http://a.example/denied.png',
    unreachable: 'http://c.example/unreachable.png',
  }
  await find(crawl, ...Object.values(urls).map(picture))
  await end(crawl, SEED, { state: 'done' })
  await end(crawl, urls.timeout, { state: 'failed', reason: 'timeout', errorClass: 'timeout', attempts: 3 })
  await end(crawl, urls.down, { state: 'failed', reason: 'http_error', errorClass: '5xx', attempts: 4 })
  await end(crawl, urls.busy, { state: 'retry', reason: 'http_error', errorClass: 'overloaded', waitMs: 3_600_000 })
  await end(crawl, urls.bad, { state: 'failed', reason: 'redirect_out_of_scope' })
  await end(crawl, urls.denied, { state: 'excluded', reason: 'robots_disallowed' })
  await end(crawl, urls.unreachable, { state: 'excluded', reason: 'robots_unreachable', errorClass: 'refused' })
  return { ...crawl, urls }
}

test('the plan of a resume says what is done, what is tried and when, and what is given up, by class and host', async () => {
  const { db, lease } = await aFailedCrawl()
  const plan = await planReopening(db, lease.crawlNo)
  expect(plan.done).toBe(1)
  expect(plan.rows.map((row) => [row.action, row.class, row.reason, row.host, row.count])).toEqual([
    ['given up', null, 'robots_disallowed', 'a.example', 1],
    ['tried again', null, 'redirect_out_of_scope', 'a.example', 1],
    ['tried again', '5xx', 'http_error', 'b.example:8080', 1],
    ['tried again', 'refused', 'robots_unreachable', 'c.example', 1],
    ['tried again', 'timeout', 'timeout', 'a.example', 1],
    ['waits', 'overloaded', 'http_error', 'b.example:8080', 1],
  ])
  const waits = plan.rows.find((row) => row.action === 'waits')
  expect(waits?.first_at?.getTime()).toBeGreaterThan(Date.now())
  expect(plan.rows.filter((row) => row.action !== 'waits' && row.first_at !== null)).toEqual([])
})

test('planning changes no row', async () => {
  const { db, lease } = await aFailedCrawl()
  const before = await frontierOf(db, lease.crawlNo)
  await planReopening(db, lease.crawlNo)
  await planPutBack(db, lease.crawlNo, { classes: ['timeout'], host: null })
  expect(await frontierOf(db, lease.crawlNo)).toEqual(before)
})

test('a class of one host is put back from its first attempt, and nothing else', async () => {
  const { db, lease, urls } = await aFailedCrawl()
  const choice = { classes: ['timeout', '5xx'], host: 'b.example' }
  expect(await planPutBack(db, lease.crawlNo, choice)).toEqual([
    { class: '5xx', reason: 'http_error', host: 'b.example:8080', count: 1 },
  ])
  expect(await putBack(db, lease.crawlNo, choice)).toBe(1)
  const { rows } = await sql`SELECT state, attempts, reason, class, detail, first_tried FROM frontier
    WHERE crawl_no = ${lease.crawlNo} AND url_sha = ${shaOf(urls['down'] as string)}`.execute(db)
  expect(rows).toEqual([{ state: 'pending', attempts: 0, reason: null, class: null, detail: null, first_tried: null }])
  expect(await stateOf({ db, lease }, urls['timeout'] as string)).toBe('failed')
  expect(await putBack(db, lease.crawlNo, choice)).toBe(0)
})

test('5xx means the 503 as well, and no 429', async () => {
  const crawl = await aCrawl()
  const [over, many] = ['http://b.example/503.png', 'http://b.example/429.png'] as const
  await find(crawl, picture(over), picture(many))
  for (const url of [over, many])
    await end(crawl, url, {
      state: 'failed',
      reason: 'http_error',
      errorClass: 'overloaded',
      detail: url.slice(17, 20),
    })
  expect(await putBack(crawl.db, crawl.lease.crawlNo, { classes: ['5xx'], host: null })).toBe(1)
  expect([await stateOf(crawl, over), await stateOf(crawl, many)]).toEqual(['pending', 'failed'])
})

test('what was tried stays in the history of a URL that is put back', async () => {
  const { db, lease, urls } = await aFailedCrawl()
  await putBack(db, lease.crawlNo, { classes: ['timeout'], host: null })
  const { rows } = await sql`SELECT outcome, attempts, class FROM crawl_attempt
    WHERE crawl_no = ${lease.crawlNo} AND url_sha = ${shaOf(urls['timeout'] as string)} ORDER BY attempt_no`.execute(db)
  expect(rows).toEqual([
    { outcome: 'failed', attempts: 3, class: 'timeout' },
    { outcome: 'put_back', attempts: 3, class: 'timeout' },
  ])
})

test('a resume puts everything back that failed, but what a rule refused and what a server asked to wait for', async () => {
  const { db, lease, urls } = await aFailedCrawl()
  await reopenUrls(db, lease.crawlNo)
  const states = Object.fromEntries(
    await Promise.all(Object.entries(urls).map(async ([name, url]) => [name, await stateOf({ db, lease }, url)])),
  ) as Record<string, string>
  expect(states).toEqual({
    timeout: 'pending',
    down: 'pending',
    busy: 'pending',
    bad: 'pending',
    denied: 'excluded',
    unreachable: 'pending',
  })
  const due = (await claimUrls(db, lease, 'b.example:8080', 10)).map((row) => row.url)
  expect(due).toEqual([urls['down']])
})

test('a host whose URLs are put back is asked again, although it was given up', async () => {
  const { db, lease } = await aFailedCrawl()
  await sql`UPDATE crawl_host SET failures = 9, suspensions = 3, failing_since = now(), given_up_at = now(),
    suspended_until = now() + interval '1 hour', fault = 'refused' WHERE crawl_no = ${lease.crawlNo}`.execute(db)
  await putBack(db, lease.crawlNo, { classes: ['refused'], host: null })
  const { rows } =
    await sql`SELECT host, failures, suspensions, given_up_at IS NULL AND suspended_until IS NULL AS asked FROM crawl_host
    WHERE crawl_no = ${lease.crawlNo} ORDER BY host`.execute(db)
  expect(rows).toEqual([
    { host: 'a.example', failures: 9, suspensions: 3, asked: false },
    { host: 'b.example:8080', failures: 9, suspensions: 3, asked: false },
    { host: 'c.example', failures: 0, suspensions: 0, asked: true },
  ])
})

test('links of a page that is put back are admitted, although deeper depths were closed before', async () => {
  const crawl = await aCrawl()
  const [bad, good, deep, late] = ['bad', 'good', 'deep', 'late'].map((name) => `${SEED}${name}`) as [
    string,
    string,
    string,
    string,
  ]
  await find(crawl, aFound(bad), aFound(good))
  await end(crawl, SEED, { state: 'done' })
  await close(crawl)
  await find(crawl, aFound(deep, { depth: 2 }))
  await end(crawl, good, { state: 'done' })
  await end(crawl, bad, { state: 'failed', reason: 'timeout', errorClass: 'timeout' })
  await close(crawl)
  await end(crawl, deep, { state: 'done' })
  expect(await close(crawl)).toEqual({ admitted: 0, closed: 1 })

  await putBack(crawl.db, crawl.lease.crawlNo, { classes: ['timeout'], host: null })
  await find(crawl, aFound(late, { depth: 2 }))
  await end(crawl, bad, { state: 'done' })
  expect(await close(crawl)).toEqual({ admitted: 1, closed: 0 })
  expect(await stateOf(crawl, late)).toBe('pending')
})

test('a site that is sent up by a page without new links still goes on with the depth that waited', async () => {
  const crawl = await aCrawl()
  const [bad, good, deep, deeper] = ['bad', 'good', 'deep', 'deeper'].map((name) => `${SEED}${name}`) as [
    string,
    string,
    string,
    string,
  ]
  await find(crawl, aFound(bad), aFound(good))
  await end(crawl, SEED, { state: 'done' })
  await close(crawl)
  await find(crawl, aFound(deep, { depth: 2 }))
  await end(crawl, good, { state: 'done' })
  await end(crawl, bad, { state: 'failed', reason: 'timeout', errorClass: 'timeout' })
  await close(crawl)
  // Depth 2 is under way when the page of depth 1 comes back.
  await putBack(crawl.db, crawl.lease.crawlNo, { classes: ['timeout'], host: null })
  await find(crawl, aFound(deeper, { depth: 3 }))
  await end(crawl, bad, { state: 'done' })
  await end(crawl, deep, { state: 'done' })
  expect(await close(crawl)).toEqual({ admitted: 1, closed: 0 })
  expect(await stateOf(crawl, deeper)).toBe('pending')
})
