import { type Kysely, sql } from 'kysely'
import { expect, test } from 'vitest'
import { shardsWithWork } from '../../../../schema/queries/crawl-progress.ts'
import { claimUrls, dueHosts, insertFound, nextDueMs } from '../../../../schema/queries/frontier.ts'
import { giveUpHost, noteHosts, suspendHost } from '../../../../schema/queries/hosts.ts'
import type { Lease } from '../../../../schema/queries/leases.ts'
import type { Database } from '../../../../schema/tables/database.ts'
import { aFound, aSection, frontierOf, mustAcquire, startCrawl } from '../../../support/crawl.ts'
import { useTestDatabase } from '../../../support/database.ts'

const database = useTestDatabase()
const HOST = 'a.example'
const SEED = `http://${HOST}/`
const ALL = { limit: 10, after: '', crowded: [] }

interface Crawl {
  db: Kysely<Database>
  lease: Lease
}

async function aCrawl(): Promise<Crawl> {
  const db = database.as('writer')
  const { crawl_no } = await startCrawl(db, aSection([SEED]), 1)
  const found = ['one', 'two'].map((name) => aFound(`${SEED}${name}.png`, { kind: 'picture', siteNo: null }))
  await db.transaction().execute((tx) => insertFound(tx, crawl_no, found))
  return { db, lease: await mustAcquire(db, crawl_no, 0, 'owner') }
}

const note = ({ db, lease }: Crawl, answered: boolean, failures: number) =>
  db.transaction().execute((tx) => {
    const fault = failures > 0 ? { class: 'refused', fault: 'refused ECONNREFUSED' } : { class: null, fault: null }
    return noteHosts(tx, lease.crawlNo, [{ host: HOST, answered, failures, ...fault }])
  })
const suspend = ({ db, lease }: Crawl, ms: number) =>
  db.transaction().execute((tx) => suspendHost(tx, lease.crawlNo, HOST, ms))
const giveUp = ({ db, lease }: Crawl, why: string | null) =>
  db.transaction().execute((tx) => giveUpHost(tx, lease.crawlNo, HOST, { state: 'failed', reason: 'host_down' }, why))

/** The host's row without its times, and which version of it this is. */
async function rowOf({ db, lease }: Crawl) {
  const { rows } = await sql<{ version: string; failures: number; suspensions: number }>`
    SELECT xmin::text AS version, answered, failures, suspensions, failing_since IS NOT NULL AS failing, fault,
      suspended_until > now() AS suspended, given_up_at IS NOT NULL AS given_up
    FROM crawl_host WHERE crawl_no = ${lease.crawlNo} AND host = ${HOST}`.execute(db)
  return rows[0]
}

test('failures of a host add up over commits, and an answer sets them to nothing', async () => {
  const crawl = await aCrawl()
  await note(crawl, false, 2)
  expect(await note(crawl, false, 1)).toMatchObject([{ host: HOST, failures: 3, answered: false, suspended: false }])
  await suspend(crawl, 60_000)
  expect(await rowOf(crawl)).toMatchObject({ failures: 3, suspensions: 1, suspended: true, failing: true })
  expect(await note(crawl, true, 0)).toEqual([])
  expect(await rowOf(crawl)).toMatchObject({ answered: true, failures: 0, suspensions: 0, failing: false, fault: null })
  expect(await note(crawl, true, 1)).toMatchObject([{ failures: 1, answered: true }])
})

test('the row of a host that answers as it always did is not written again', async () => {
  const crawl = await aCrawl()
  await note(crawl, true, 0)
  const before = await rowOf(crawl)
  await note(crawl, true, 0)
  expect(await rowOf(crawl)).toEqual(before)
})

test('what was leased of a suspended host waits for it, for its shard and for the coordinator', async () => {
  const crawl = await aCrawl()
  const { db, lease } = crawl
  await claimUrls(db, lease, HOST, 10)
  await note(crawl, false, 3)
  await suspend(crawl, 60_000)
  expect(await dueHosts(db, lease, ALL)).toEqual([])
  expect(await nextDueMs(db, lease)).toBeGreaterThan(30_000)
  const round = await shardsWithWork(db, lease.crawlNo)
  expect(round.shards).toEqual([])
  expect(round.waitMs).toBeGreaterThan(30_000)
})

test('all that waits of a given up host ends with the words of its row, and what was done stays', async () => {
  const crawl = await aCrawl()
  const { db, lease } = crawl
  await sql`UPDATE frontier SET state = 'done' WHERE crawl_no = ${lease.crawlNo} AND page`.execute(db)
  await claimUrls(db, lease, HOST, 1)
  await note(crawl, false, 3)
  await giveUp(crawl, `host ${HOST}: silent`)
  const ends = (await frontierOf(db, lease.crawlNo)).map((row) => [row.url, row.state, row.reason])
  expect(ends).toEqual([
    [SEED, 'done', null],
    [`${SEED}one.png`, 'failed', 'host_down'],
    [`${SEED}two.png`, 'failed', 'host_down'],
  ])
  // The last requests of it fail after that, and a page still leads to it.
  await note(crawl, false, 1)
  await db
    .transaction()
    .execute((tx) => insertFound(tx, lease.crawlNo, [aFound(`${SEED}late.png`, { kind: 'picture', siteNo: null })]))
  expect(await dueHosts(db, lease, ALL)).toMatchObject([{ host: HOST, givenUp: true }])
  await giveUp(crawl, null)
  const { rows } =
    await sql`SELECT DISTINCT detail, class FROM frontier WHERE crawl_no = ${lease.crawlNo} AND state = 'failed'`.execute(
      db,
    )
  expect(rows).toEqual([{ detail: `host ${HOST}: silent`, class: 'refused' }])
})
