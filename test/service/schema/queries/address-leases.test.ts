import { type Kysely, sql } from 'kysely'
import { beforeEach, expect, test } from 'vitest'
import {
  type AddressNews,
  endProcess,
  exchangeAddresses,
  registerProcess,
} from '../../../../schema/queries/address-leases.ts'
import type { Database } from '../../../../schema/tables/database.ts'
import { useTestDatabase } from '../../../support/database.ts'

const database = useTestDatabase()
const X = '192.0.2.1'
const Y = '192.0.2.2'

let db: Kysely<Database>
let a = ''
let b = ''
let c = ''
beforeEach(async () => {
  db = database.as('writer')
  for (const table of ['address_lease', 'address_want', 'crawl_process'])
    await sql.raw(`DELETE FROM ${table}`).execute(db)
  a = await registerProcess(db)
  b = await registerProcess(db)
  c = await registerProcess(db)
})

const say = (process: string, news: Partial<AddressNews>) =>
  exchangeAddresses(db, { process, give: [], gaps: [], wants: [], ...news })
const want = (process: string, ...addresses: string[]) =>
  say(process, { wants: addresses.map((address) => ({ address, gapMs: 1000 })) })
const give = (process: string, address: string, waitMs = 0) =>
  say(process, { give: [{ address, waitMs, gapMs: 0, pace: null }] })
const takenBy = async (process: string, ...addresses: string[]) =>
  (await want(process, ...addresses)).taken.map(({ address }) => address).toSorted()

/** As if its last word were so long ago. */
const silence = (process: string, seconds: number) =>
  sql`UPDATE crawl_process SET until = now() + make_interval(secs => ${5 - seconds}) WHERE process = ${process}::uuid`.execute(
    db,
  )

test('an address has one holder, also when many ask at once', async () => {
  const taken = await Promise.all([a, b, c].map((process) => takenBy(process, X, Y)))
  expect(taken.flat().toSorted()).toEqual([X, Y])
  const [holder] = [a, b, c].filter((_, index) => taken[index]?.includes(X))
  expect(await takenBy(holder === a ? b : a, X)).toEqual([])
})

test('who waits longest is next, and the one that gave back is behind all others', async () => {
  await want(a, X)
  await want(b, X)
  await want(c, X)
  expect((await say(a, {})).wanted).toEqual([X])
  await give(a, X)
  expect([await takenBy(a, X), await takenBy(c, X), await takenBy(b, X)]).toEqual([[], [], [X]])
  await give(b, X)
  expect([await takenBy(b, X), await takenBy(c, X)]).toEqual([[], [X]])
})

test('who does not want any more leaves the queue', async () => {
  await want(a, X)
  await want(b, X)
  await want(c, X)
  await say(b, {})
  await give(a, X)
  expect(await takenBy(c, X)).toEqual([X])
})

test('the wait and the pace of an address go with it', async () => {
  await want(a, X)
  const pace = { base: 12.5, windowMs: 1000, agoMs: 4000 }
  await say(a, { give: [{ address: X, waitMs: 3000, gapMs: 0, pace }] })
  const { taken } = await want(b, X)
  expect(taken).toMatchObject([{ address: X, pace: { base: 12.5, windowMs: 1000 } }])
  expect(taken[0]?.waitMs).toBeGreaterThan(2000)
  expect(taken[0]?.waitMs).toBeLessThanOrEqual(3000)
  expect(taken[0]?.pace?.agoMs).toBeGreaterThanOrEqual(4000)
})

test('what a dead process held is free after the longest gap that was kept there', async () => {
  await want(a, X, Y)
  await say(a, { gaps: [{ address: Y, gapMs: 60_000 }] })
  await silence(a, 6)
  await say(c, {})
  const { taken } = await want(b, X, Y)
  const waits = Object.fromEntries(taken.map(({ address, waitMs }) => [address, waitMs]))
  // Its hold ended a second ago, which is all that the spec wants there.
  expect(waits[X]).toBeLessThan(500)
  expect(waits[Y]).toBeGreaterThan(50_000)
})

test('a dead process is out of the queues, and is told so when it wakes', async () => {
  await want(a, X)
  await want(b, X)
  await want(c, X)
  await silence(b, 6)
  await give(a, X)
  expect(await takenBy(c, X)).toEqual([X])
  expect(await want(b, X)).toEqual({ alive: false, taken: [], wanted: [] })
})

test('a process that is late, and was not missed, goes on with what it has', async () => {
  await want(a, X)
  await silence(a, 6)
  expect(await say(a, {})).toMatchObject({ alive: true })
  expect(await takenBy(b, X)).toEqual([])
})

test('what a process holds by the word of the database it may take again: the answer may have been lost', async () => {
  await want(a, X)
  await want(b, X)
  expect(await takenBy(a, X)).toEqual([X])
})

test('a process that ends frees what it has, and others that hold nothing back', async () => {
  await want(a, X)
  await want(b, Y)
  await endProcess(db, a)
  expect([await takenBy(c, X, Y), (await say(a, {})).alive]).toEqual([[X], false])
})

test('a process whose row another session has locked is not taken for dead, and nobody waits for it', async () => {
  await want(a, X)
  await silence(a, 6)
  await db.transaction().execute(async (tx) => {
    await sql`SELECT 1 FROM crawl_process WHERE process = ${a}::uuid FOR UPDATE`.execute(tx)
    expect(await takenBy(b, X)).toEqual([])
  })
  await say(b, { wants: [{ address: X, gapMs: 0 }] })
  expect(await takenBy(b, X)).toEqual([X])
})

test('an address that nobody asked for a day is forgotten', async () => {
  await want(a, X, Y)
  await give(a, X)
  await sql`UPDATE address_lease SET next_at = now() - interval '25 hours'`.execute(db)
  await registerProcess(db)
  const { rows } = await sql<{ address: string }>`SELECT address FROM address_lease`.execute(db)
  expect(rows).toEqual([{ address: Y }])
})
