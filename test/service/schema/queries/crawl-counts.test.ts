import { type Kysely, sql } from 'kysely'
import { expect, test } from 'vitest'
import { countCrawl, countHosts, foldTallies } from '../../../../schema/queries/crawl-counts.ts'
import { closeDepths } from '../../../../schema/queries/close-depths.ts'
import { claimUrls, insertFound, type UrlOutcome, writeOutcomes } from '../../../../schema/queries/frontier.ts'
import { type Lease, releaseShard } from '../../../../schema/queries/leases.ts'
import { putBack } from '../../../../schema/queries/resume-crawl.ts'
import type { Database } from '../../../../schema/tables/database.ts'
import { aFound, aSection, mustAcquire, startCrawl } from '../../../support/crawl.ts'
import { useTestDatabase } from '../../../support/database.ts'

const database = useTestDatabase()
const SEED = 'http://a.example/'

interface Crawl {
  db: Kysely<Database>
  lease: Lease
}

async function aCrawl(urls = 0, hosts = ['a.example']): Promise<Crawl> {
  const db = database.as('writer')
  const { crawl_no } = await startCrawl(db, aSection([SEED], { scope: 'domain' }), 1)
  const lease = await mustAcquire(db, crawl_no, 0, 'owner')
  const found = hosts.flatMap((host) =>
    Array.from({ length: urls }, (_, page) => aFound(`http://${host}/page-${page}`, { kind: 'picture', siteNo: null })),
  )
  await db.transaction().execute((tx) => insertFound(tx, crawl_no, found))
  return { db, lease }
}

type End = Partial<UrlOutcome> & Pick<UrlOutcome, 'state'>

/** Claims the next URLs of a host and ends each as given. */
async function end({ db, lease }: Crawl, ends: End[], host = 'a.example'): Promise<void> {
  const rows = await claimUrls(db, lease, host, ends.length)
  const outcomes = rows.map((row, index) => ({
    sha: row.url_sha,
    asPicture: row.picture,
    reason: null,
    detail: null,
    attempts: row.attempts + 1,
    waitMs: 0,
    captureId: null,
    ...(ends[index] as End),
  }))
  await db.transaction().execute((tx) => writeOutcomes(tx, lease.crawlNo, outcomes))
}

/** What the counters have to equal. */
async function scan({ db, lease }: Crawl) {
  const { rows } = await sql<{ state: string; reason: string | null; count: number }>`
    SELECT state, reason, count(*)::int AS count FROM frontier WHERE crawl_no = ${lease.crawlNo} GROUP BY 1, 2 ORDER BY 1, 2 NULLS FIRST`.execute(
    db,
  )
  return rows
}

test('the counters equal the rows after every kind of change, and after they were folded', async () => {
  const crawl = await aCrawl(8)
  const { db, lease } = crawl
  const counts = async () => (await countCrawl(db, lease.crawlNo)).states
  const steps: (() => Promise<unknown>)[] = [
    () => end(crawl, [{ state: 'done' }, { state: 'retry', reason: 'timeout', errorClass: 'timeout' }]),
    () => end(crawl, [{ state: 'failed', reason: 'refused', errorClass: 'refused' }]),
    () => end(crawl, [{ state: 'excluded', reason: 'robots_disallowed' }]),
    () => claimUrls(db, lease, 'a.example', 3),
    () =>
      db
        .transaction()
        .execute((tx) => insertFound(tx, lease.crawlNo, [aFound(`${SEED}later`), aFound(`${SEED}page-0`)])),
    () => putBack(db, lease.crawlNo, { classes: ['refused'], host: null }),
    () => db.transaction().execute((tx) => closeDepths(tx, lease, { pagesPerHost: 10, depth: 3 })),
    () => releaseShard(db, lease),
    () => sql`UPDATE frontier_tally SET at = now() - interval '1 hour' WHERE crawl_no = ${lease.crawlNo}`.execute(db),
    () => foldTallies(db, lease.crawlNo, 0),
    () => foldTallies(db, lease.crawlNo, 0),
  ]
  for (const step of steps) {
    await step()
    expect(await counts()).toEqual(await scan(crawl))
  }
  const { rows } = await sql<{
    rows: number
  }>`SELECT count(*)::int AS rows FROM frontier_tally WHERE crawl_no = ${lease.crawlNo}`.execute(db)
  expect(rows).toEqual([{ rows: (await scan(crawl)).length }])
})

test('folding leaves what the rate is taken of', async () => {
  const crawl = await aCrawl(3)
  await end(crawl, [{ state: 'done' }, { state: 'done' }])
  const before = await countCrawl(crawl.db, crawl.lease.crawlNo)
  await foldTallies(crawl.db, crawl.lease.crawlNo, 0)
  const after = await countCrawl(crawl.db, crawl.lease.crawlNo)
  expect(before.per_second).toBe(2)
  expect(after.per_second).toBeGreaterThan(0)
})

test('errors are counted by class: what waits for another try, and what was given up', async () => {
  const crawl = await aCrawl(4)
  const late = { waitMs: 60_000 }
  await end(crawl, [
    { state: 'retry', reason: 'timeout', errorClass: 'timeout', ...late },
    { state: 'retry', reason: 'http_error', errorClass: '5xx', ...late },
    { state: 'failed', reason: 'http_error', errorClass: '5xx' },
    { state: 'failed', reason: 'redirect_out_of_scope' },
  ])
  expect((await countCrawl(crawl.db, crawl.lease.crawlNo)).errors).toEqual([
    { class: '5xx', waiting: 1, given_up: 1 },
    { class: 'timeout', waiting: 1, given_up: 0 },
  ])
})

test('captures are counted by kind as they are written', async () => {
  const { db, lease } = await aCrawl()
  for (const [kind, bytes] of [
    ['page', 5],
    ['picture', 7],
    ['page', 6],
  ] as const)
    await sql`INSERT INTO capture (crawl_no, url_sha, kind, status, body_bytes, reserved, fetched_at)
      VALUES (${lease.crawlNo}, sha256('x'), ${kind}, 200, ${bytes}, false, now())`.execute(db)
  expect((await countCrawl(db, lease.crawlNo)).kinds).toEqual([
    { kind: 'page', captures: 2, bytes: 11 },
    { kind: 'picture', captures: 1, bytes: 7 },
  ])
})

test('hosts are counted by what is to be done there, and those that do not answer are named', async () => {
  const hosts = ['a.example', 'b.example', 'c.example', 'd.example', 'e.example']
  const crawl = await aCrawl(1, hosts)
  const { db, lease } = crawl
  await end(crawl, [{ state: 'done' }, { state: 'done' }])
  await claimUrls(db, lease, 'b.example', 1)
  await sql`UPDATE crawl_host SET suspended_until = now() + interval '1 hour', failing_since = now(), failures = 3, fault = 'refused'
    WHERE crawl_no = ${lease.crawlNo} AND host = 'c.example'`.execute(db)
  await sql`UPDATE crawl_host SET given_up_at = now(), failing_since = now() - interval '1 day', failures = 9, fault = 'dns'
    WHERE crawl_no = ${lease.crawlNo} AND host = 'd.example'`.execute(db)
  const counts = await countHosts(db, lease.crawlNo)
  expect(counts.states).toEqual([
    { state: 'in work', hosts: 1 },
    { state: 'waiting', hosts: 1 },
    { state: 'suspended', hosts: 1 },
    { state: 'given up', hosts: 1 },
    { state: 'done', hosts: 1 },
  ])
  expect(counts.failing.map(({ host, state, failures, fault }) => [host, state, failures, fault])).toEqual([
    ['d.example', 'given up', 9, 'dns'],
    ['c.example', 'suspended', 3, 'refused'],
  ])
})
