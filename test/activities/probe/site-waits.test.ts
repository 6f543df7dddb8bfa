import { expect, test } from 'vitest'
import { SiteWaits } from '../../../activities/probe/site-waits.ts'

test('asks a host once at a time, with the delay of the spec between two starts', () => {
  const waits = new SiteWaits(100)
  expect(waits.waitMs('a.example', 0)).toBe(0)
  const finish = waits.start('a.example', 0)
  expect(waits.waitMs('a.example', 500)).toBeNull()
  finish()
  expect(waits.waitMs('a.example', 30)).toBe(70)
  expect(waits.waitMs('b.example', 30)).toBe(0)
})

test('keeps to the delay of robots.txt, and to a pause', () => {
  const waits = new SiteWaits(100)
  waits.raiseDelay('a.example', 5_000, 0)
  waits.start('a.example', 5_000)()
  expect(waits.waitMs('a.example', 5_000)).toBe(5_000)
  waits.pause('a.example', 20_000)
  expect(waits.waitMs('a.example', 5_000)).toBe(15_000)
})

test('names behind one address are one server', () => {
  const waits = new SiteWaits(100)
  for (const host of ['a.example', 'b.example']) waits.setAddress(host, '192.0.2.1', 0)
  const finish = waits.start('a.example', 1_000)
  expect(waits.waitMs('b.example', 1_050)).toBeNull()
  finish()
  expect(waits.waitMs('b.example', 1_050)).toBe(50)
})

test('a further request of one that runs takes the next start', () => {
  const waits = new SiteWaits(100)
  const finish = waits.start('a.example', 0)
  expect([waits.reserve('a.example', 30), waits.reserve('a.example', 30)]).toEqual([70, 170])
  finish()
  expect(waits.waitMs('a.example', 200)).toBe(100)
})
