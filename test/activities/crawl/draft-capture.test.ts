import { expect, test } from 'vitest'
import { draftCapture, header } from '../../../activities/crawl/draft-capture.ts'
import { sha256 } from '../../../activities/digest.ts'

const body = Buffer.from('page')
const response = {
  kind: 'response' as const,
  url: 'http://b.example/where-it-was',
  status: 200,
  statusText: 'OK',
  headers: [
    ['Content-Type', 'text/html'],
    ['content-type', 'text/plain'],
    ['Content-Language', 'cs'],
  ] as [string, string][],
  body,
  rawBody: Buffer.from('coded'),
  contentCodings: ['gzip'],
  remoteAddress: '192.0.2.1',
  startedAt: 1_000,
  durationMs: 5,
  latencyMs: 2,
  truncated: false as const,
}

const aDraft = (changes: Partial<typeof response> = {}) =>
  draftCapture({
    url: 'http://a.example/',
    urlSha: sha256('key'),
    kind: 'page',
    response: { ...response, ...changes },
    signals: [],
    reserved: true,
  })

test('a response becomes a capture of its decoded body, and a record under the URL that was asked for', () => {
  expect(aDraft()).toMatchObject({
    url: 'http://a.example/',
    capture: {
      urlSha: sha256('key'),
      kind: 'page',
      status: 200,
      bodySha: sha256(body),
      bodyBytes: 4,
      mediaType: 'text/html',
      contentLanguage: 'cs',
      signals: [],
      reserved: true,
      abuse: null,
      redirectSha: null,
      extractInput: null,
      fetchedAt: new Date(1_000),
    },
    record: { ...response, url: 'http://a.example/', bodySha256: sha256(body).toString('hex') },
    picture: null,
    facts: null,
  })
})

test('headers that are absent are null, longer ones are cut at 200 characters', () => {
  const { mediaType, contentLanguage } = aDraft({ headers: [] }).capture
  expect([mediaType, contentLanguage]).toEqual([null, null])
  const long = aDraft({
    headers: [
      ['Content-Type', 'x'.repeat(300)],
      ['Content-Language', 'y'.repeat(300)],
    ],
  }).capture
  expect([long.mediaType, long.contentLanguage]).toEqual(['x'.repeat(200), 'y'.repeat(200)])
})

test('a header is its first value, in whatever case it came', () => {
  expect([header(response, 'content-type'), header(response, 'location')]).toEqual(['text/html', null])
})
