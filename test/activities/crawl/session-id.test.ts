import { expect, it } from 'vitest'
import { withoutSessionId } from '../../../activities/crawl/session-id.ts'

const strip = (rest: string) => withoutSessionId(`http://a.example${rest}`).slice('http://a.example'.length)

it.each([
  ['/x?PHPSESSID=abc123', '/x'],
  ['/x?a=1&phpsessid=abc&b=2', '/x?a=1&b=2'],
  ['/x;jsessionid=0A1B.node1?a=1', '/x?a=1'],
  ['/x;JSESSIONID=0A1B/y', '/x/y'],
  ['/x?ASPSESSIONIDQQACRBTC=KJHG', '/x'],
  ['/(S(lit3py55t21z5v55vlm25s55))/page.aspx', '/page.aspx'],
  ['/forum?t=5&sid=9f86d081884c7d659a2feaa0c55ad015', '/forum?t=5'],
  ['/x?&&PHPSESSID=1&?=', '/x?&&?='],
  ['/x;jsessionid=1?', '/x?'],
])('%s is %s', (rest, without) => {
  expect(strip(rest)).toBe(without)
})

it.each([
  '/x?sid=17',
  '/x?sid=12345678901234567890',
  '/x?s=search+term',
  '/x?session=autumn2024',
  '/x?sid',
  '/x?',
  '/x?b=2&a=1&b=2&',
  '/x;v=1',
  '/(S)/x',
  '/x?next=/y;jsessionid=1',
])('%s stays', (rest) => {
  expect(strip(rest)).toBe(rest)
})
