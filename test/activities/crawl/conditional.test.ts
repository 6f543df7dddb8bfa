import { describe, expect, it } from 'vitest'
import {
  conditionsOf,
  confirmedResponse,
  confirms,
  differingHeaders,
  renewHeaders,
  validatorsOf,
} from '../../../activities/crawl/conditional.ts'
import type { FetchResponse } from '../../../infra/http.ts'

const DATE = 'Tue, 24 Nov 2026 10:00:10 GMT'
const OLDER = 'Tue, 24 Nov 2026 10:00:09 GMT'

describe('validators of a response', () => {
  it('are its tag and date as they came', () => {
    const headers: [string, string][] = [
      ['ETag', 'W/"abc-gzip"'],
      ['Last-Modified', DATE],
      ['Date', DATE],
    ]
    expect(validatorsOf(headers, 0)).toEqual({ etag: 'W/"abc-gzip"', lastModified: DATE })
  })

  it.for([
    ['"a b"', null],
    ['"\u00e9"', null],
    ['a, b', null],
    [`"${'x'.repeat(600)}"`, null],
    ['unquoted-1', 'unquoted-1'],
    ['""', '""'],
  ] as const)('tag %s', ([tag, etag]) => {
    expect(validatorsOf([['etag', tag]], 0).etag).toBe(etag)
  })

  it('leave out a date alone that is not a second older than the response', () => {
    const modified = (at: string): [string, string] => ['last-modified', at]
    const received = Date.parse(DATE)
    expect(
      [
        validatorsOf([modified(DATE), ['date', DATE]], 0),
        validatorsOf([modified(OLDER), ['date', DATE]], 0),
        validatorsOf([modified(OLDER)], received),
        validatorsOf([modified('soon, or never')], received),
      ].map(({ lastModified }) => lastModified),
    ).toEqual([null, OLDER, OLDER, null])
  })

  it('are sent back as conditions', () => {
    expect(conditionsOf({ etag: '"a"', lastModified: OLDER })).toEqual([
      ['if-none-match', '"a"'],
      ['if-modified-since', OLDER],
    ])
    expect(conditionsOf({ etag: null, lastModified: null })).toEqual([])
  })
})

it('a 304 confirms what was asked about, unless it carries another tag', () => {
  const answers: [number, [string, string][]][] = [
    [304, []],
    [304, [['ETag', 'W/"a"']]],
    [304, [['ETag', '"b"']]],
    [200, [['ETag', '"a"']]],
  ]
  const asked = { etag: '"a"', lastModified: null }
  expect(answers.map(([status, headers]) => confirms(asked, { status, headers }))).toEqual([true, true, false, false])
})

describe('headers after a 304', () => {
  const stored: [string, string][] = [
    ['Content-Type', 'text/html'],
    ['X-Robots-Tag', 'noai'],
    ['X-Robots-Tag', 'bot: noindex'],
    ['Content-Length', '12'],
    ['Date', OLDER],
  ]

  it('are the stored ones when nothing was sent anew, or the same', () => {
    const same: [string, string][] = [
      ['x-robots-tag', 'noai'],
      ['x-robots-tag', 'bot: noindex'],
      ['date', DATE],
      ['content-length', '0'],
    ]
    expect(differingHeaders(stored, renewHeaders(stored, []))).toEqual([])
    expect(differingHeaders(stored, renewHeaders(stored, same))).toEqual([])
  })

  it('take what was sent anew in the place of the old, all lines of a field together', () => {
    const renewed = renewHeaders(stored, [
      ['X-Robots-Tag', 'all'],
      ['ETag', '"b"'],
      ['Transfer-Encoding', 'chunked'],
    ])
    expect(renewed).toEqual([
      ['Content-Type', 'text/html'],
      ['X-Robots-Tag', 'all'],
      ['Content-Length', '12'],
      ['Date', OLDER],
      ['ETag', '"b"'],
    ])
    expect(differingHeaders(stored, renewed)).toEqual([
      ['X-Robots-Tag', 'all'],
      ['ETag', '"b"'],
    ])
  })
})

it('the response that a 304 stands for has the known body and status, and the time of the 304', () => {
  const notModified: FetchResponse = {
    kind: 'response',
    url: 'http://a.example/',
    status: 304,
    statusText: 'Not Modified',
    headers: [['ETag', '"a"']],
    body: Buffer.alloc(0),
    rawBody: Buffer.alloc(0),
    contentCodings: [],
    remoteAddress: '192.0.2.1',
    startedAt: 77,
    durationMs: 3,
    latencyMs: 2,
    truncated: false,
  }
  const body = Buffer.from('<p>x')
  const known = { status: 200, statusText: 'OK', headers: [['Content-Encoding', 'gzip']] as [string, string][], body }
  expect(confirmedResponse(known, notModified)).toEqual({
    ...notModified,
    status: 200,
    statusText: 'OK',
    headers: [
      ['Content-Encoding', 'gzip'],
      ['ETag', '"a"'],
    ],
    body,
    rawBody: body,
  })
})
