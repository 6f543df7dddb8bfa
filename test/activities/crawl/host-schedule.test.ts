import { expect, test } from 'vitest'
import { AddressBook, HostSchedule, type HostLimits } from '../../../activities/crawl/host-schedule.ts'
import type { FrontierRow } from '../../../schema/queries/frontier.ts'

const rowOf = (host: string, n: number) => ({ host, url: `http://${host}/${n}` }) as FrontierRow

function aSchedule(limits: Partial<HostLimits>, book: AddressBook, hosts: string[], address: string | null = null) {
  const schedule = new HostSchedule({ perHost: 8, perAddress: 8, delayMs: 0, ...limits }, book)
  for (const host of hosts) {
    schedule.push(host, [rowOf(host, 1), rowOf(host, 2), rowOf(host, 3)])
    schedule.setAddress(host, address)
  }
  return schedule
}

/** Takes until nothing may be taken at this time. */
function takeAll(schedule: HostSchedule, now: number): string[] {
  const taken: string[] = []
  for (let row = schedule.take(now); row; row = schedule.take(now)) taken.push(row.url)
  return taken
}

test('asks a host for no more at a time than the spec says, and hosts in turn', () => {
  const schedule = aSchedule({ perHost: 2 }, new AddressBook(), ['a', 'b'])
  expect(takeAll(schedule, 0)).toEqual(['http://a/1', 'http://b/1', 'http://a/2', 'http://b/2'])
  schedule.finish('a', null)
  expect(takeAll(schedule, 0)).toEqual(['http://a/3'])
})

test('waits between the starts of two requests to one host', () => {
  const schedule = aSchedule({ delayMs: 1000 }, new AddressBook(), ['a'])
  expect(takeAll(schedule, 0)).toEqual(['http://a/1'])
  expect(schedule.waitMs(400)).toBe(600)
  expect(takeAll(schedule, 999)).toEqual([])
  expect(takeAll(schedule, 1000)).toEqual(['http://a/2'])
})

test('the larger of the spec delay and the crawl-delay of robots.txt holds', () => {
  const schedule = aSchedule({ delayMs: 1000 }, new AddressBook(), ['a'])
  schedule.raiseDelay('a', 5000)
  schedule.raiseDelay('a', 10)
  takeAll(schedule, 0)
  expect(schedule.waitMs(0)).toBe(5000)
})

test('two names on one address are one server, also when two shards have them in work', () => {
  const book = new AddressBook()
  const first = aSchedule({ perAddress: 1 }, book, ['a'], '192.0.2.1')
  const second = aSchedule({ perAddress: 1 }, book, ['b'], '192.0.2.1')
  expect(takeAll(first, 0)).toEqual(['http://a/1'])
  expect(takeAll(second, 0)).toEqual([])
  expect(second.waitMs(0)).toBe(20)
  first.finish('a', '192.0.2.1')
  expect(takeAll(second, 0)).toEqual(['http://b/1'])
})

test('the delay of an address holds over all its names', () => {
  const book = new AddressBook()
  const first = aSchedule({ delayMs: 1000 }, book, ['a'], '192.0.2.1')
  const second = aSchedule({ delayMs: 1000 }, book, ['b'], '192.0.2.1')
  expect(takeAll(first, 0)).toEqual(['http://a/1'])
  expect(takeAll(second, 999)).toEqual([])
  expect(takeAll(second, 1000)).toEqual(['http://b/1'])
})

test('a host that asks for a pause gets it', () => {
  const schedule = aSchedule({}, new AddressBook(), ['a', 'b'])
  schedule.pause('a', 500)
  expect(new Set(takeAll(schedule, 0).map((url) => new URL(url).host))).toEqual(new Set(['b']))
  expect(takeAll(schedule, 500)).toEqual(['http://a/1', 'http://a/2', 'http://a/3'])
})
