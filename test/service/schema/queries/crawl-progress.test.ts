import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { shardsWithWork } from '../../../../schema/queries/crawl-progress.ts'
import { insertFound } from '../../../../schema/queries/frontier.ts'
import { aFound, aSection, startCrawl } from '../../../support/crawl.ts'
import { useTestDatabase } from '../../../support/database.ts'

const database = useTestDatabase()

/** A crawl whose seed is done and its site closed, with one waiting picture at each host of each shard. */
async function aCrawl(hosts: Record<number, string[]>) {
  const db = database.as('writer')
  const { crawl_no: crawlNo } = await startCrawl(db, aSection(['http://seed.example/']), 8)
  await sql`UPDATE frontier SET state = 'done' WHERE crawl_no = ${crawlNo}`.execute(db)
  await sql`UPDATE site SET closed = true WHERE crawl_no = ${crawlNo}`.execute(db)
  const found = Object.entries(hosts).flatMap(([shard, names]) =>
    names.map((host) => ({
      ...aFound(`http://${host}/a.png`, { kind: 'picture', siteNo: null }),
      host,
      shard: Number(shard),
    })),
  )
  await db.transaction().execute((tx) => insertFound(tx, crawlNo, found))
  return { db, crawlNo, round: () => shardsWithWork(db, crawlNo) }
}

test('a shard has work when any of its hosts has, however many wait', async () => {
  const { db, crawlNo, round } = await aCrawl({ 1: ['a.example', 'b.example', 'c.example'], 5: ['d.example'] })
  await sql`UPDATE crawl_host SET suspended_until = now() + interval '1 minute'
    WHERE crawl_no = ${crawlNo} AND host IN ('a.example', 'b.example')`.execute(db)
  expect(await round()).toEqual({ shards: [1, 5], waitMs: null })
})

test('a shard that only waits says for how long, its next URL and its next host counted', async () => {
  const { db, crawlNo, round } = await aCrawl({ 1: ['a.example'], 2: ['b.example', 'c.example'] })
  await sql`UPDATE crawl_host SET suspended_until = now() + interval '90 seconds'
    WHERE crawl_no = ${crawlNo} AND host = 'b.example'`.execute(db)
  await sql`UPDATE frontier SET state = 'retry', next_at = now() + interval '60 seconds'
    WHERE crawl_no = ${crawlNo} AND host = 'c.example'`.execute(db)
  const { shards, waitMs } = await round()
  expect([shards, Math.round((waitMs ?? 0) / 10_000)]).toEqual([[1], 6])
})

test('a crawl of which nothing is left has no work and waits for nothing', async () => {
  const { db, crawlNo, round } = await aCrawl({ 3: ['a.example'] })
  await sql`UPDATE frontier SET state = 'done' WHERE crawl_no = ${crawlNo}`.execute(db)
  expect(await round()).toEqual({ shards: [], waitMs: null })
})
