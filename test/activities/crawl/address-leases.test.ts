import { setImmediate as nextTick } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { AddressLeases, type LeaseTable } from '../../../activities/crawl/address-leases.ts'
import { Servers } from '../../../activities/crawl/server-book.ts'
import type { AddressAnswer, AddressNews } from '../../../schema/queries/address-leases.ts'

const A = '192.0.2.1'

/** A table that grants what is asked for, unless a test says otherwise. */
function aTable() {
  const table = {
    said: [] as AddressNews[],
    registered: 0,
    ended: [] as string[],
    wanted: [] as string[],
    answer: (news: AddressNews): AddressAnswer => ({
      alive: true,
      taken: news.wants.map(({ address }) => ({ address, waitMs: 0, pace: null })),
      wanted: table.wanted,
    }),
  }
  const calls: LeaseTable = {
    register: () => Promise.resolve(`process ${(table.registered += 1)}`),
    exchange: async (news) => {
      table.said.push(news)
      return table.answer(news)
    },
    end: async (process) => void table.ended.push(process),
  }
  return { table, calls }
}

const open: { end(): Promise<void> }[] = []
afterEach(async () => {
  for (const use of open.splice(0)) await use.end()
})

async function theLeases() {
  const clock = { now: 1_000_000 }
  const { table, calls } = aTable()
  const servers = new Servers(() => clock.now)
  const leases = new AddressLeases(calls, servers, () => clock.now)
  open.push(leases.use(() => {}))
  await ticks()
  return { clock, table, servers, leases, ask: () => leases.mayAsk(A, 1000, clock.now) }
}

/** Time for an exchange that is made at once; pauses between exchanges are far longer. */
async function ticks(): Promise<void> {
  for (let n = 0; n < 10; n += 1) await nextTick()
}

/** Makes the loop exchange now: an address that it never heard of does. */
async function exchanged(leases: AddressLeases, clock: { now: number }, name: string): Promise<void> {
  leases.mayAsk(name, 0, clock.now)
  await ticks()
}

const givenOf = (table: { said: AddressNews[] }) =>
  table.said.flatMap(({ give }) => give.map(({ address, waitMs }) => [address, waitMs]))

test('nothing is asked at an address before it is held', async () => {
  const { ask, table } = await theLeases()
  expect(ask()).toBe(false)
  await ticks()
  expect([ask(), table.said.at(-1)?.wants]).toEqual([true, [{ address: A, gapMs: 1000 }]])
})

test('what another process left behind is waited for, and its pace is gone on with', async () => {
  const { ask, clock, servers, table } = await theLeases()
  const pace = { base: 20, agoMs: 3000, windowMs: 1000 }
  table.answer = () => ({ alive: true, taken: [{ address: A, waitMs: 700, pace }], wanted: [] })
  ask()
  await ticks()
  const { nextAt, pace: learnt } = servers.at(A)
  expect([nextAt - clock.now, learnt.keep(clock.now)]).toEqual([700, { ...pace, base: 20 }])
})

test('an address that others wait for goes on after its slot, once something was asked and nothing runs, with its wait', async () => {
  const { ask, clock, leases, servers, table } = await theLeases()
  ask()
  await ticks()
  table.wanted = [A]
  const server = servers.at(A)
  clock.now += 3_000
  ask()
  await exchanged(leases, clock, 'one')
  expect([givenOf(table), ask()]).toEqual([[], true]) // nothing was asked in its slot
  Object.assign(server, { active: 1, startedAt: clock.now, nextAt: clock.now + 900 })
  await exchanged(leases, clock, 'two')
  expect([givenOf(table), ask()]).toEqual([[], false]) // what runs ends, nothing new begins
  server.active = 0
  expect(ask()).toBe(false)
  await ticks()
  expect([givenOf(table), leases.holds(A)]).toEqual([[[A, 900]], false])
})

test('an address that nobody waits for stays while it is used, and is given back when it is not', async () => {
  const { ask, clock, leases, table } = await theLeases()
  ask()
  await ticks()
  for (let second = 0; second < 30; second += 5) {
    clock.now += 5_000
    ask()
    await exchanged(leases, clock, `other ${second}`)
  }
  expect(leases.holds(A)).toBe(true)
  clock.now += 11_000
  await exchanged(leases, clock, 'last')
  expect([leases.holds(A), givenOf(table).filter(([address]) => address === A)]).toEqual([false, [[A, 0]]])
})

test('requests stop before others may take a process without its database for dead', async () => {
  const { ask, clock, table } = await theLeases()
  ask()
  await ticks()
  table.answer = () => {
    throw new Error('connection refused')
  }
  clock.now += 4_400
  expect(ask()).toBe(true)
  clock.now += 200
  expect(ask()).toBe(false)
})

test('a process that was taken for dead holds nothing, and what it had begun asks nothing more', async () => {
  const { ask, clock, leases, table } = await theLeases()
  ask()
  await ticks()
  const { since } = leases
  await leases.stillAlive(since)
  const { answer } = table
  table.answer = (news) => (news.process === 'process 1' ? { alive: false, taken: [], wanted: [] } : answer(news))
  await exchanged(leases, clock, 'one')
  expect([table.registered, ask()]).toEqual([2, false])
  await expect(leases.stillAlive(since)).rejects.toMatchObject({ code: 'LEASE_LOST' })
  await leases.stillAlive(leases.since)
})

test('an address whose grant was lost on its way is given to those that wait', async () => {
  const { clock, leases, table } = await theLeases()
  table.wanted = [A]
  await exchanged(leases, clock, 'one')
  table.wanted = []
  await exchanged(leases, clock, 'two')
  expect(givenOf(table)).toEqual([[A, 0]])
})

test('the longest gap that was kept at an address is told, for the case that this process dies', async () => {
  const { ask, clock, leases, servers, table } = await theLeases()
  ask()
  await ticks()
  servers.at(A).gapMs = 9_000
  await exchanged(leases, clock, 'one')
  await exchanged(leases, clock, 'two')
  expect(table.said.flatMap(({ gaps }) => gaps)).toEqual([{ address: A, gapMs: 9_000 }])
})

test('the last to end gives everything back and ends the process; the next one begins anew', async () => {
  const { ask, clock, leases, servers, table } = await theLeases()
  const second = leases.use(() => {})
  ask()
  await ticks()
  servers.at(A).nextAt = clock.now + 500
  await open.pop()?.end()
  expect([leases.holds(A), table.ended]).toEqual([true, []])
  await second.end()
  expect([leases.holds(A), table.ended, givenOf(table)]).toEqual([false, ['process 1'], [[A, 500]]])
  open.push(leases.use(() => {}))
  await ticks()
  expect(table.registered).toBe(2)
})
