import zlib from 'node:zlib'
import { expect, test } from 'vitest'
import { joinChunks, readMessage } from '../../infra/warc-message.ts'
import { anAnswer } from '../support/foreign-archive.ts'

const MAX = 1024

type Fields = Record<string, string | null>

function read(block: Buffer, changes: Fields = {}) {
  const fields: Fields = {
    'WARC-Type': 'response',
    'WARC-Target-URI': 'http://a.example/',
    'WARC-Date': '2024-05-06T07:08:09.123456Z',
    ...changes,
  }
  const written = Object.entries(fields).flatMap(([name, value]): [string, string][] =>
    value === null ? [] : [[name, value]],
  )
  return readMessage({ fields: written, block }, MAX)
}

async function bodyOf(block: Buffer): Promise<string> {
  const message = await read(block)
  return message.kind === 'response' ? message.response.body.toString() : message.kind
}

test('a response comes out as if it had been fetched when the record says', async () => {
  const block = Buffer.from('HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nX-A: b: c\r\n\r\nnone')
  expect(await read(block, { 'WARC-Target-URI': '<http://a.example/x>', 'WARC-IP-Address': '192.0.2.7' })).toEqual({
    kind: 'response',
    response: {
      kind: 'response',
      url: 'http://a.example/x',
      status: 404,
      statusText: 'Not Found',
      headers: [
        ['Content-Type', 'text/html'],
        ['X-A', 'b: c'],
      ],
      body: Buffer.from('none'),
      rawBody: Buffer.from('none'),
      contentCodings: [],
      remoteAddress: '192.0.2.7',
      startedAt: Date.UTC(2024, 4, 6, 7, 8, 9, 123),
      durationMs: 0,
      latencyMs: null,
      truncated: false,
    },
  })
})

test('a header holds no NUL and no line break, which no server could have sent', async () => {
  const message = await read(anAnswer('x', [['Content-Type', 'text/html\0\n; x']]))
  expect(message.kind === 'response' && message.response.headers).toEqual([['Content-Type', 'text/html ; x']])
})

test('chunks that the writer left in are joined, and a body that has none under that name stays', async () => {
  const chunked: [string, string][] = [['Transfer-Encoding', 'chunked']]
  expect(await bodyOf(anAnswer('3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n', chunked))).toBe('abcde')
  expect(await bodyOf(anAnswer('<p>plain</p>', chunked))).toBe('<p>plain</p>')
})

test('a revisit is the head of its answer, whatever that says of a body', async () => {
  const block = Buffer.from('HTTP/1.1 304 Not Modified\r\nContent-Encoding: gzip\r\nX-Robots-Tag: noai\r\n\r\n')
  expect(await read(block, { 'WARC-Type': 'revisit', 'WARC-Truncated': 'length' })).toMatchObject({
    kind: 'revisit',
    response: {
      status: 304,
      body: Buffer.alloc(0),
      headers: [
        ['Content-Encoding', 'gzip'],
        ['X-Robots-Tag', 'noai'],
      ],
    },
  })
})

test('content codings are undone, once', async () => {
  const gzip: [string, string][] = [['Content-Encoding', 'gzip']]
  expect(await bodyOf(anAnswer(zlib.gzipSync('coded'), gzip))).toBe('coded')
  expect(await bodyOf(anAnswer('undone by the writer', gzip))).toBe('undone by the writer')
})

test.each(['warcinfo', 'request', 'metadata', 'revisit', 'resource', 'conversion'])(
  'a %s record holds no response and nothing is wrong with it',
  async (type) => {
    expect(await read(Buffer.from('x'), { 'WARC-Type': type })).toEqual({ kind: 'skip', what: type })
  },
)

test.each<[string, Fields, Buffer]>([
  ['bad_url', { 'WARC-Target-URI': null }, anAnswer('x')],
  ['truncated', { 'WARC-Truncated': 'length' }, anAnswer('x')],
  ['bad_date', { 'WARC-Date': 'yesterday' }, anAnswer('x')],
  ['bad_date', { 'WARC-Date': '0000-01-01T00:00:00Z' }, anAnswer('x')],
  ['bad_date', { 'WARC-Date': '2024-13-45T00:00:00Z' }, anAnswer('x')],
  ['bad_http', {}, Buffer.from('no head')],
  ['bad_http', {}, Buffer.from('SMTP 200\r\n\r\n')],
  ['bad_coding', {}, anAnswer(Buffer.from([0x1f, 0x8b, 9, 9]), [['Content-Encoding', 'gzip']])],
  ['too_large', {}, anAnswer('x'.repeat(MAX + 1))],
])('%s is what is wrong with a record', async (fault, changes, block) => {
  expect(await read(block, changes)).toEqual({ kind: 'fault', fault })
})

test.each(['', '5\r\nabc\r\n0\r\n\r\n', '3\r\nabc\r\n', 'g\r\nabc\r\n0\r\n\r\n', '3\r\nabcd\r\n0\r\n\r\n'])(
  'what is not chunked from first to last is not joined: %j',
  (text) => {
    expect(joinChunks(Buffer.from(text))).toBeNull()
  },
)
