import { expect, it } from 'vitest'
import { type Capture, compareLogAndArchive } from '../../../bench/crawl-chaos/log-and-archive.ts'
import type { ServedLine } from '../../../bench/crawl-chaos/served-line.ts'

const PAGE = 'http://a.example/page'
const ROBOTS = 'http://a.example/robots.txt'

function aLine(changes: Partial<ServedLine> = {}): ServedLine {
  const line = {
    at: 0,
    host: 'a.example',
    method: 'GET',
    path: '/page',
    status: 200,
    kind: 'page',
    sha: 'aa',
    whole: true,
  }
  return { ...line, ...changes }
}

function aCapture(changes: Partial<Capture> = {}): Capture {
  return { url: PAGE, status: 200, sha: 'aa', hasRecord: true, ...changes }
}

/** What is not as it should be, of lines and captures under strikes at which these URLs were in flight. */
function faults(
  lines: ServedLine[],
  captures: Capture[],
  inFlight: string[][] = [],
  attempts: [string, number][] = [],
) {
  const kept = { captures, attempts: new Map(attempts) }
  const { invented, unexplained } = compareLogAndArchive(
    lines,
    kept,
    inFlight.map((urls) => new Set(urls)),
  )
  return { invented, unexplained: unexplained.length }
}

it('a line has its capture by URL, status and digest, and each capture its line', () => {
  expect(faults([aLine()], [aCapture()])).toEqual({ invented: [], unexplained: 0 })
  for (const changed of [aCapture({ url: `${PAGE}2` }), aCapture({ status: 404 }), aCapture({ sha: 'bb' })]) {
    const key = `${changed.url} ${changed.status} ${changed.sha}`
    expect(faults([aLine()], [changed])).toEqual({ invented: [key], unexplained: 1 })
  }
  expect(faults([aLine()], [aCapture(), aCapture()])).toEqual({ invented: [`${PAGE} 200 aa`], unexplained: 0 })
  expect(faults([aLine({ whole: false })], [aCapture()])).toEqual({ invented: [`${PAGE} 200 aa`], unexplained: 1 })
})

it('a line without a capture was in flight at a strike, once for each, or its attempt is written down', () => {
  expect(faults([aLine(), aLine()], [aCapture()], [[PAGE]])).toEqual({ invented: [], unexplained: 0 })
  expect(faults([aLine(), aLine(), aLine()], [aCapture()], [[PAGE]])).toEqual({ invented: [], unexplained: 1 })
  expect(faults([aLine(), aLine()], [aCapture()], [[`${PAGE}2`]])).toEqual({ invented: [], unexplained: 1 })
  expect(faults([aLine({ whole: false })], [], [], [[PAGE, 1]])).toEqual({ invented: [], unexplained: 0 })
})

it("an origin's files are in flight with any of its URLs", () => {
  const robots = aLine({ path: '/robots.txt', kind: 'robots' })
  const kept = aCapture({ url: ROBOTS })
  expect(faults([robots, robots], [kept], [[PAGE]])).toEqual({ invented: [], unexplained: 0 })
  expect(faults([robots, robots], [kept], [['http://b.example/']])).toEqual({ invented: [], unexplained: 1 })
})
