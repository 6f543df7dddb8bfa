import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { CrawlBatch } from '../../../../activities/crawl/batch.ts'
import { KnownUrls } from '../../../../activities/crawl/known-urls.ts'
import { commitBatch, type CommitDeps } from '../../../../activities/crawl/commit-batch.ts'
import { claimUrls } from '../../../../schema/queries/frontier.ts'
import { acquireShard, releaseShard, renewShard } from '../../../../schema/queries/leases.ts'
import { aFound, aSection, expireLease, frontierOf, mustAcquire, shaOf, startCrawl } from '../../../support/crawl.ts'
import { useTestDatabase } from '../../../support/database.ts'

const database = useTestDatabase()
const SEEDS = ['http://a.example/1', 'http://a.example/2', 'http://a.example/3']

async function aCrawl() {
  const db = database.as('writer')
  const crawl = await startCrawl(db, aSection(SEEDS), 1)
  return { db, crawlNo: crawl.crawl_no }
}

const statesOf = async (db: Awaited<ReturnType<typeof aCrawl>>['db'], crawlNo: number) =>
  (await frontierOf(db, crawlNo)).map((row) => row.state)

test('a shard has one owner while the lease runs, also when many ask at once', async () => {
  const { db, crawlNo } = await aCrawl()
  const taken = await Promise.all(['a', 'b', 'c', 'd'].map((owner) => acquireShard(db, crawlNo, 0, owner)))
  expect(taken.filter((lease) => lease !== null)).toEqual([{ crawlNo, shard: 0, fence: '1' }])
  expect(await acquireShard(db, crawlNo, 0, 'late')).toBe(null)
})

test('a takeover after the lease ran out raises the fence and puts leased URLs back', async () => {
  const { db, crawlNo } = await aCrawl()
  const first = await mustAcquire(db, crawlNo, 0, 'first')
  expect(await claimUrls(db, first, 'a.example', 2)).toHaveLength(2)
  expect((await statesOf(db, crawlNo)).toSorted()).toEqual(['leased', 'leased', 'pending'])
  await expireLease(db, first)
  expect(await acquireShard(db, crawlNo, 0, 'second')).toEqual({ crawlNo, shard: 0, fence: '2' })
  expect(await statesOf(db, crawlNo)).toEqual(['pending', 'pending', 'pending'])
})

test('renewal keeps the lease, and is refused once another worker holds the shard', async () => {
  const { db, crawlNo } = await aCrawl()
  const first = await mustAcquire(db, crawlNo, 0, 'first')
  await expireLease(db, first)
  await renewShard(db, first)
  expect(await acquireShard(db, crawlNo, 0, 'second')).toBe(null)
  await expireLease(db, first)
  await mustAcquire(db, crawlNo, 0, 'second')
  await expect(renewShard(db, first)).rejects.toMatchObject({ code: 'LEASE_LOST' })
})

test('a given back lease cannot be renewed', async () => {
  const { db, crawlNo } = await aCrawl()
  const lease = await mustAcquire(db, crawlNo, 0, 'first')
  await releaseShard(db, lease)
  await expect(renewShard(db, lease)).rejects.toMatchObject({ code: 'LEASE_LOST' })
})

test('a lease that is given back frees the shard and its URLs at once', async () => {
  const { db, crawlNo } = await aCrawl()
  const lease = await mustAcquire(db, crawlNo, 0, 'first')
  await claimUrls(db, lease, 'a.example', 3)
  await releaseShard(db, lease)
  expect(await statesOf(db, crawlNo)).toEqual(['pending', 'pending', 'pending'])
  expect(await acquireShard(db, crawlNo, 0, 'second')).toMatchObject({ fence: '2' })
})

test('a zombie gives nothing back: its successor keeps the lease and the URLs', async () => {
  const { db, crawlNo } = await aCrawl()
  const zombie = await mustAcquire(db, crawlNo, 0, 'zombie')
  await expireLease(db, zombie)
  const owner = await mustAcquire(db, crawlNo, 0, 'owner')
  await claimUrls(db, owner, 'a.example', 3)
  await releaseShard(db, zombie)
  expect(await statesOf(db, crawlNo)).toEqual(['leased', 'leased', 'leased'])
  await expect(renewShard(db, owner)).resolves.toBe(undefined)
})

test('a zombie claims nothing', async () => {
  const { db, crawlNo } = await aCrawl()
  const zombie = await mustAcquire(db, crawlNo, 0, 'zombie')
  await expireLease(db, zombie)
  await mustAcquire(db, crawlNo, 0, 'owner')
  expect(await claimUrls(db, zombie, 'a.example', 3)).toEqual([])
  expect(await statesOf(db, crawlNo)).toEqual(['pending', 'pending', 'pending'])
})

test('an owner whose lease ran out claims nothing, even before another takes over', async () => {
  const { db, crawlNo } = await aCrawl()
  const lease = await mustAcquire(db, crawlNo, 0, 'late')
  await expireLease(db, lease)
  expect(await claimUrls(db, lease, 'a.example', 3)).toEqual([])
})

test("a zombie's commit is refused as a whole", async () => {
  const { db, crawlNo } = await aCrawl()
  const zombie = await mustAcquire(db, crawlNo, 0, 'zombie')
  const [row] = await claimUrls(db, zombie, 'a.example', 1)
  await expireLease(db, zombie)
  await mustAcquire(db, crawlNo, 0, 'owner')
  const before = await frontierOf(db, crawlNo)
  await expect(commitBatch(commitDeps(db), zombie, aBatch(row?.url ?? ''))).rejects.toMatchObject({
    code: 'LEASE_LOST',
  })
  expect(await frontierOf(db, crawlNo)).toEqual(before)
  const captures = await sql`SELECT 1 FROM capture WHERE crawl_no = ${crawlNo}`.execute(db)
  const urls = await sql`SELECT 1 FROM url WHERE sha = ${shaOf('http://a.example/found')}`.execute(db)
  expect([captures.rows, urls.rows]).toEqual([[], []])
})

test("the owner's commit of the same batch is written", async () => {
  const { db, crawlNo } = await aCrawl()
  const owner = await mustAcquire(db, crawlNo, 0, 'owner')
  const [row] = await claimUrls(db, owner, 'a.example', 1)
  await commitBatch(commitDeps(db), owner, aBatch(row?.url ?? ''))
  const captures = await sql`SELECT status FROM capture WHERE crawl_no = ${crawlNo}`.execute(db)
  expect(captures.rows).toEqual([{ status: 404 }])
  expect((await frontierOf(db, crawlNo)).find((one) => one.url === 'http://a.example/found')).toMatchObject({
    state: 'found',
    depth: 1,
  })
})

/** One URL answered with 404 and a further one found. */
function aBatch(url: string): CrawlBatch {
  const batch = new CrawlBatch()
  const capture = {
    urlSha: shaOf(url),
    kind: 'other' as const,
    status: 404,
    bodySha: null,
    bodyBytes: 0,
    mediaType: null,
    contentLanguage: null,
    signals: [],
    reserved: false,
    abuse: null,
    redirectSha: null,
    extractInput: null,
    fetchedAt: new Date(0),
  }
  batch.addResult(
    {
      draft: { url, capture, record: null, picture: null, facts: null },
      found: [aFound('http://a.example/found')],
      outcome: {
        sha: shaOf(url),
        asPicture: false,
        state: 'done',
        reason: 'http_error',
        detail: '404',
        attempts: 1,
        waitMs: 0,
      },
    },
    0,
  )
  return batch
}

/** Nothing in such a batch has bytes: store and archive must not be asked. */
function commitDeps(db: CommitDeps['db']): CommitDeps {
  const unused = () => {
    throw new Error('no bytes were expected')
  }
  return {
    db,
    store: { put: unused, get: unused, getRange: unused, has: unused, requireRoom: unused, locate: unused },
    archive: { encodeResponse: unused, encodeRevisit: unused, createSegment: () => ({ add: unused, seal: unused }) },
    extractDef: 0,
    known: new KnownUrls(),
    refusal: () => null,
    budget: { giveUpMs: 3_600_000, asksRobots: true },
    limits: { pagesPerHost: 10, depth: 3 },
  }
}
