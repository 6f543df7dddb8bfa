import { expect, test } from 'vitest'
import { isPast, signalDate } from '../../../activities/crawl/signal-date.ts'

test.each([
  ['25 Jun 2010 15:00:00 PST', '2010-06-25T23:00:00.000Z'],
  ['Fri, 25 Jun 2010 15:00:00 +0200', '2010-06-25T13:00:00.000Z'],
  ['Friday, 25-Jun-10 15:00:00 GMT', '2010-06-25T15:00:00.000Z'],
  ['25-Aug-2007 15:00 EST', '2007-08-25T20:00:00.000Z'],
  ['Monday, 01-Jan-75 00:00:00 GMT', '1975-01-01T00:00:00.000Z'],
  ['August 25, 2007', '2007-08-25T00:00:00.000Z'],
  ['2020-09-21', '2020-09-21T00:00:00.000Z'],
  ['2020-09-21T12:30:05.25-01:30', '2020-09-21T14:00:05.000Z'],
  ['2020-09-21 12:30', '2020-09-21T12:30:00.000Z'],
  ['25 Jun 2010 15:00:00 XYZ', '2010-06-25T15:00:00.000Z'],
])('%s is %s, whatever the zone of the machine', (text, expected) => {
  expect(signalDate(text)?.toISOString()).toBe(expected)
})

test.each(['', 'soon', '31 Feb 2020 00:00:00 GMT', '2020-13-01', '25 Foo 2010', '0000-01-01'])(
  '%j is no date',
  (text) => {
    expect(signalDate(text)).toBe(null)
  },
)

test('a day is over for what ends on it', () => {
  expect(isPast('2026-01-01T23:59:59Z', '2026-01-01')).toBe(true)
  expect(isPast('2026-01-02', '2026-01-01')).toBe(false)
  expect(isPast('soon', '2026-01-01')).toBe(false)
})
