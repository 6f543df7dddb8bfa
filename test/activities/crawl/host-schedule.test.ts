import { expect, test } from 'vitest'
import { HostSchedule, type HostLimits, type Turn } from '../../../activities/crawl/host-schedule.ts'
import type { Seen } from '../../../activities/crawl/politeness.ts'
import { ServerBook } from '../../../activities/crawl/server-book.ts'
import type { FrontierRow } from '../../../schema/queries/frontier.ts'

const rowOf = (host: string, n: number) => ({ host, url: `http://${host}/${n}` }) as FrontierRow

function aSchedule(limits: Partial<HostLimits>, book: ServerBook, hosts: string[], address = '') {
  const schedule = new HostSchedule({ perHost: 8, perAddress: 8, delayMs: 0, ...limits }, book)
  for (const host of hosts) {
    schedule.push(host, [rowOf(host, 1), rowOf(host, 2), rowOf(host, 3)])
    schedule.setAddress(host, address)
  }
  return schedule
}

/** Takes until nothing may be taken at this time. */
function takeAll(schedule: HostSchedule, now: number): Turn[] {
  const taken: Turn[] = []
  for (let turn = schedule.take(now); turn; turn = schedule.take(now)) taken.push(turn)
  return taken
}

const urlsOf = (turns: Turn[]) => turns.map((turn) => turn.row.url)

const seen = (changes: Partial<Seen> = {}): Seen => ({
  startedAt: 0,
  status: 200,
  latencyMs: 5,
  retryAfterMs: null,
  second: null,
  ...changes,
})

test('asks a host for no more at a time than the spec says, and hosts in turn', () => {
  const schedule = aSchedule({ perHost: 2 }, new ServerBook(), ['a', 'b'])
  const [first, ...others] = takeAll(schedule, 0)
  expect([first?.row.url, ...urlsOf(others)]).toEqual(['http://a/1', 'http://b/1', 'http://a/2', 'http://b/2'])
  first?.finish(0, seen())
  expect(urlsOf(takeAll(schedule, 0))).toEqual(['http://a/3'])
})

test('asks nothing of a host before its address is known', () => {
  const schedule = new HostSchedule({ perHost: 8, perAddress: 8, delayMs: 0 }, new ServerBook())
  schedule.push('a', [rowOf('a', 1)])
  expect([schedule.take(0), schedule.waitMs(0)]).toEqual([null, null])
  schedule.setAddress('a', '192.0.2.1')
  expect(urlsOf(takeAll(schedule, 0))).toEqual(['http://a/1'])
})

test('waits between the starts of two requests to one host', () => {
  const schedule = aSchedule({ delayMs: 1000 }, new ServerBook(), ['a'])
  expect(urlsOf(takeAll(schedule, 0))).toEqual(['http://a/1'])
  expect(schedule.waitMs(400)).toBe(600)
  expect(takeAll(schedule, 999)).toEqual([])
  expect(urlsOf(takeAll(schedule, 1000))).toEqual(['http://a/2'])
})

test('the larger of the spec delay and the crawl-delay of robots.txt holds', () => {
  const waits = [5000, 10].map((crawlDelay) => {
    const schedule = aSchedule({ delayMs: 1000 }, new ServerBook(), ['a'])
    schedule.setCrawlDelay('a', crawlDelay)
    takeAll(schedule, 0)
    return schedule.waitMs(0)
  })
  expect(waits).toEqual([5000, 1000])
})

test('a crawl-delay that came with robots.txt holds from the request for robots.txt on', () => {
  const schedule = aSchedule({}, new ServerBook(), ['a'])
  const turn = schedule.take(0)
  schedule.setCrawlDelay('a', 3000)
  schedule.putBack(turn?.row as FrontierRow)
  turn?.finish(50, seen({ status: null, latencyMs: null }))
  expect(schedule.waitMs(0)).toBe(3000)
  expect(urlsOf(takeAll(schedule, 3000))).toEqual(['http://a/1'])
})

test('a further request of a turn takes the next start, and what comes after it waits', () => {
  const schedule = aSchedule({ delayMs: 1000 }, new ServerBook(), ['a', 'b'], '192.0.2.1')
  const turn = schedule.take(0)
  expect([schedule.reserve('b', 200), schedule.reserve('a', 300)]).toEqual([800, 1700])
  turn?.finish(2100, seen({ status: null, latencyMs: null }))
  expect([schedule.waitMs(2100), urlsOf(takeAll(schedule, 3000))]).toEqual([900, ['http://b/1']])
})

test('the delay counts from when the request went out', () => {
  const schedule = aSchedule({ delayMs: 1000 }, new ServerBook(), ['a'], '192.0.2.1')
  const turn = schedule.take(0)
  schedule.sent('a', 400)
  expect(schedule.waitMs(500)).toBe(900)
  schedule.setCrawlDelay('a', 2000)
  turn?.finish(500, seen({ latencyMs: null }))
  expect(schedule.waitMs(500)).toBe(1900)
})

test('a turn in which nothing was asked for costs no wait', () => {
  const schedule = aSchedule({ delayMs: 1000 }, new ServerBook(), ['a'], '192.0.2.1')
  schedule.take(0)?.finish(1, null)
  expect(urlsOf(takeAll(schedule, 1))).toEqual(['http://a/2'])
})

test('two names on one address are one server, also when two shards have them in work', () => {
  const book = new ServerBook()
  const first = aSchedule({ perAddress: 1 }, book, ['a'], '192.0.2.1')
  const second = aSchedule({ perAddress: 1 }, book, ['b'], '192.0.2.1')
  const [turn] = takeAll(first, 0)
  expect(takeAll(second, 0)).toEqual([])
  expect(second.waitMs(0)).toBe(20)
  turn?.finish(0, seen())
  expect(urlsOf(takeAll(second, 0))).toEqual(['http://b/1'])
})

test('the delay of an address holds over all its names, the one that robots.txt of a name asks for too', () => {
  const book = new ServerBook()
  const first = aSchedule({ delayMs: 1000 }, book, ['a'], '192.0.2.1')
  const second = aSchedule({ delayMs: 1000 }, book, ['b'], '192.0.2.1')
  expect(urlsOf(takeAll(first, 0))).toEqual(['http://a/1'])
  expect(takeAll(second, 999)).toEqual([])
  second.setCrawlDelay('b', 4000)
  expect(urlsOf(takeAll(second, 1000))).toEqual(['http://b/1'])
  expect(takeAll(first, 4999)).toEqual([])
  expect(urlsOf(takeAll(first, 5000))).toEqual(['http://a/2'])
})

test('a server that is slow to answer gets a rest after each answer, a fast one none', () => {
  const waits = [400, 1000, 3000, 60_000].map((latencyMs) => {
    const schedule = aSchedule({ perHost: 1 }, new ServerBook(), ['a'])
    schedule.take(0)?.finish(latencyMs, seen({ latencyMs }))
    return schedule.waitMs(latencyMs)
  })
  expect(waits.map((wait) => Math.max(0, wait ?? -1))).toEqual([0, 1000, 5000, 30_000])
})

test('what a host has taught outlives the activity that crawled its shard', () => {
  const book = new ServerBook()
  aSchedule({ delayMs: 1000 }, book, ['a']).take(0)?.finish(10, seen())
  expect(takeAll(aSchedule({ delayMs: 1000 }, book, ['a']), 500)).toEqual([])
})

test('a host that asks for a pause gets it, and another process is told of a long one', () => {
  const schedule = aSchedule({}, new ServerBook(), ['a', 'b'])
  schedule.pause('a', 500)
  schedule.pause('b', 9000)
  expect(takeAll(schedule, 0)).toEqual([])
  expect(schedule.takePauses(0)).toEqual([{ host: 'b', waitMs: 9000 }])
  expect(urlsOf(takeAll(schedule, 500))).toEqual(['http://a/1', 'http://a/2', 'http://a/3'])
})

test('a host in trouble is asked less and less until a good answer; a broken page among good ones costs a second', () => {
  const schedule = aSchedule({}, new ServerBook(), ['a'])
  let now = 0
  const rests = Array.from({ length: 7 }, () => {
    schedule.trouble('a', now)
    // Another request that was under way fails, too.
    schedule.trouble('a', now + 500)
    const rest = schedule.waitMs(now) ?? 0
    now += rest
    return rest
  })
  expect(rests).toEqual([1000, 2000, 4000, 8000, 10_000, 10_000, 10_000])
  schedule.fine('a')
  schedule.trouble('a', now)
  expect(schedule.waitMs(now)).toBe(1000)
})

test('hosts whose next turn is far off are named when the shard is given back', () => {
  const schedule = aSchedule({ delayMs: 25_000 }, new ServerBook(), ['a', 'b'])
  schedule.take(0)?.finish(5, seen())
  expect(schedule.longWaits(1000)).toEqual([{ host: 'a', waitMs: 24_000 }])
})

test('Retry-After pauses its host alone, and the pace is its address', () => {
  const schedule = aSchedule({}, new ServerBook(), ['a', 'b'], '192.0.2.1')
  schedule.take(0)?.finish(5, seen({ status: 429, retryAfterMs: 7000 }))
  expect(new Set(takeAll(schedule, 10).map((turn) => turn.row.host))).toEqual(new Set(['b']))
  expect(schedule.takeLearnt(10).map(({ address }) => address)).toEqual(['192.0.2.1'])
})

test('counts the hosts that could be asked now: not those that are asked to their limit, that rest, or that have nothing', () => {
  const schedule = aSchedule({ perHost: 1, perAddress: 2 }, new ServerBook(), ['a', 'b', 'c', 'd', 'e'])
  schedule.push('f', [])
  schedule.pause('e', 1_000)
  expect(schedule.readyHosts(0)).toBe(4)
  schedule.take(0)
  expect([schedule.readyHosts(0), schedule.readyHosts(1_000)]).toEqual([3, 4])
})

test('of hosts at one address as many count as may be asked there: others of the shard have their turns beside them', () => {
  const names = ['a', 'b', 'c', 'd', 'e']
  const schedule = aSchedule({ perHost: 1, perAddress: 2 }, new ServerBook(), names, '192.0.2.1')
  expect(schedule.readyHosts(0)).toBe(2)
  expect(urlsOf(takeAll(schedule, 0))).toEqual(['http://a/1', 'http://b/1'])
  expect(schedule.readyHosts(0)).toBe(0)
})
