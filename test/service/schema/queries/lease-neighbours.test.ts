import { sql } from 'kysely'
import { beforeEach, expect, test } from 'vitest'
import { insertFound } from '../../../../schema/queries/frontier.ts'
import { acquireShard, type Lease, releaseShard, renewShard } from '../../../../schema/queries/leases.ts'
import { aFound, aSection, expireLease, mustAcquire, shaOf, startCrawl } from '../../../support/crawl.ts'
import { useTestDatabase } from '../../../support/database.ts'

const database = useTestDatabase()
const db = () => database.as('writer')
const STATES = ['leased', 'pending', 'retry', 'done', 'failed', 'excluded']

/** Two crawls of two shards, each shard with a URL in every state. */
let crawls: [number, number]
beforeEach(async () => {
  const made = []
  for (const _ of [1, 2]) {
    const { crawl_no: no } = await startCrawl(db(), aSection(['http://a.example/seed']), 1)
    await db()
      .transaction()
      .execute((tx) => insertFound(tx, no, shards(urlOf)))
    for (const [shard, state] of shards((of, name) => [of, name] as const))
      await sql`UPDATE frontier SET state = ${state} WHERE crawl_no = ${no} AND url_sha = ${shaOf(urlOf(shard, state).url)}`.execute(
        db(),
      )
    made.push(no)
  }
  crawls = made as [number, number]
})

const shards = <Result>(each: (shard: number, state: string) => Result) =>
  [0, 1].flatMap((shard) => STATES.map((state) => each(shard, state)))
const urlOf = (shard: number, state: string) => aFound(`http://a.example/${shard}/${state}`, { shard })

/** States by shard, of the URLs that are not as they were. */
async function changesOf(crawlNo: number): Promise<string[]> {
  const rows = await sql<{ url: string; state: string }>`
    SELECT u.url, f.state FROM frontier f JOIN url u ON u.sha = f.url_sha
    WHERE f.crawl_no = ${crawlNo} AND NOT f.seed ORDER BY u.url COLLATE "C"`.execute(db())
  return rows.rows
    .filter(({ url, state }) => !url.endsWith(`/${state}`))
    .map(({ url, state }) => `${new URL(url).pathname} is ${state}`)
}

async function untilOf(lease: Lease): Promise<string> {
  const rows = await sql<{ until: string }>`SELECT until::text FROM shard_lease
    WHERE crawl_no = ${lease.crawlNo} AND shard = ${lease.shard}`.execute(db())
  return rows.rows[0]?.until ?? ''
}

test('taking a shard puts back what is leased there, and nothing else of it, its neighbour or another crawl', async () => {
  const [crawl, other] = crawls
  await mustAcquire(db(), crawl, 0, 'worker')
  expect([await changesOf(crawl), await changesOf(other)]).toEqual([['/0/leased is pending'], []])
})

test('a shard that is held is not touched by who asks for it', async () => {
  const [crawl] = crawls
  await mustAcquire(db(), crawl, 0, 'worker')
  await sql`UPDATE frontier SET state = 'leased' WHERE crawl_no = ${crawl} AND shard = 0`.execute(db())
  const before = await changesOf(crawl)
  expect(await acquireShard(db(), crawl, 0, 'late')).toBeNull()
  expect(await changesOf(crawl)).toEqual(before)
})

test('giving a shard back frees it, and nothing else of it, its neighbour or another crawl', async () => {
  const [crawl, other] = crawls
  const [lease, beside, elsewhere] = [
    await mustAcquire(db(), crawl, 0, 'worker'),
    await mustAcquire(db(), crawl, 1, 'worker'),
    await mustAcquire(db(), other, 0, 'worker'),
  ]
  for (const no of crawls)
    await sql`UPDATE frontier SET state = 'leased' WHERE crawl_no = ${no} AND state = 'done'`.execute(db())
  await releaseShard(db(), lease)
  expect([await changesOf(crawl), await changesOf(other)]).toEqual([
    ['/0/done is pending', '/0/leased is pending', '/1/done is leased', '/1/leased is pending'],
    ['/0/done is leased', '/0/leased is pending', '/1/done is leased'],
  ])
  expect(await untilOf(lease)).toBe('-infinity')
  await renewShard(db(), beside)
  await renewShard(db(), elsewhere)
})

test('a shard that was taken over is not given back by its last holder', async () => {
  const [crawl] = crawls
  const first = await mustAcquire(db(), crawl, 0, 'first')
  await expireLease(db(), first)
  const second = await mustAcquire(db(), crawl, 0, 'second')
  await sql`UPDATE frontier SET state = 'leased' WHERE crawl_no = ${crawl} AND shard = 0 AND state = 'pending'`.execute(
    db(),
  )
  const before = await changesOf(crawl)
  await releaseShard(db(), first)
  expect(await changesOf(crawl)).toEqual(before)
  await renewShard(db(), second)
})

test('a renewal lengthens its own lease alone', async () => {
  const [crawl, other] = crawls
  const leases = [
    await mustAcquire(db(), crawl, 0, 'worker'),
    await mustAcquire(db(), crawl, 1, 'worker'),
    await mustAcquire(db(), other, 0, 'worker'),
  ] as const
  for (const lease of leases) await expireLease(db(), lease)
  const before = await Promise.all(leases.map(untilOf))
  await renewShard(db(), leases[0])
  const after = await Promise.all(leases.map(untilOf))
  expect(after.map((until, index) => until === before[index])).toEqual([false, true, true])
  expect(await acquireShard(db(), crawl, 0, 'late')).toBeNull()
  expect(await acquireShard(db(), crawl, 1, 'late')).toMatchObject({ fence: '2' })
})
