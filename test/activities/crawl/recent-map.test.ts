import { expect, test } from 'vitest'
import { RecentMap } from '../../../activities/crawl/recent-map.ts'
import { ServerBook, Servers } from '../../../activities/crawl/server-book.ts'

test('forgets what was asked for longest ago, and nothing that is needed', () => {
  const map = new RecentMap(
    10,
    () => ({ needed: false }),
    ({ needed }) => !needed,
  )
  map.get('0').needed = true
  for (let no = 1; no < 10; no += 1) map.get(String(no))
  const second = map.get('2')
  map.get('10')
  map.get('11')
  expect(map.size).toBe(10)
  expect([map.get('0').needed, map.get('2') === second]).toEqual([true, true])
})

test('what is needed stays, however much of it there is, and what is asked for now', () => {
  const map = new RecentMap(
    10,
    () => ({}),
    () => false,
  )
  for (let no = 0; no < 30; no += 1) map.get(String(no))
  expect(map.size).toBe(30)
})

test('a million names on a thousand servers leave a bounded memory of both, and none of what runs or has to wait', () => {
  const servers = new Servers(() => 0, 100)
  const book = new ServerBook(servers, () => 0, 1000)
  const busy = servers.at('busy')
  busy.active = 1
  const resting = book.host('resting.example')
  resting.nextAt = 5000
  for (let no = 0; no < 1_000_000; no += 1) book.host(`${no}.example`)
  for (let no = 0; no < 1000; no += 1) servers.at(`192.0.2.${no}`)
  expect([book.size <= 1000, servers.size <= 100]).toEqual([true, true])
  expect([servers.at('busy') === busy, book.host('resting.example') === resting]).toEqual([true, true])
})
