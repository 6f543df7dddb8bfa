import zlib from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Runtime } from '../../../../workers/runtime.ts'
import { openTestRuntime } from '../../../support/crawler.ts'
import { useTestDatabase } from '../../../support/database.ts'
import { html } from '../../../support/example-web.ts'
import { makeTestHome, removeTestHome } from '../../../support/home.ts'
import {
  crawlSites,
  endlessly,
  type End,
  type Hostility,
  type HostileCrawl,
  serveHostile,
} from '../../../support/hostile-web.ts'
import type { TestSite } from '../../../support/web-site.ts'

const database = useTestDatabase()
const ZEROS = Buffer.alloc(100 << 20)
const GZIP_BOMB = zlib.gzipSync(ZEROS)
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n'
const TINY = '<p>x</p>'
const CHUNK = `10000\r\n${'x'.repeat(0x10000)}\r\n`

const coded = (body: Buffer, coding: string): Hostility => ({
  headers: { 'content-type': 'text/html', 'content-encoding': coding },
  body,
})
const raw =
  (text: string): Hostility =>
  (socket) =>
    void socket.end(text)

/** Each is the page `/bad` of a site of that name, and how it has to end. */
const ROWS: Record<string, { bad: Hostility; end: End; detail: string | RegExp | null }> = {
  'gzip-bomb': { bad: coded(GZIP_BOMB, 'gzip'), end: ['failed', 'too_large'], detail: /^BODY_(RATIO|TOO_LARGE): / },
  'gzip-twice': {
    bad: coded(zlib.gzipSync(GZIP_BOMB), 'gzip, gzip'),
    end: ['failed', 'too_large'],
    detail: /^BODY_(RATIO|TOO_LARGE): /,
  },
  'brotli-bomb': {
    bad: coded(zlib.brotliCompressSync(ZEROS, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } }), 'br'),
    end: ['failed', 'too_large'],
    detail: /^BODY_(RATIO|TOO_LARGE): /,
  },
  'many-layers': {
    bad: coded(zlib.gzipSync(TINY), 'gzip, gzip, br'),
    end: ['failed', 'decode_failed'],
    detail: 'CODINGS_TOO_MANY: 3 content codings',
  },
  'wide-window': {
    // A zstd frame that asks for a window of 2 GiB.
    bad: coded(Buffer.from('28b52ffd00a801000000', 'hex'), 'zstd'),
    end: ['failed', 'decode_failed'],
    detail: 'CODING_UNKNOWN: content coding zstd',
  },
  endless: {
    bad: (socket) => {
      socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`)
      endlessly(socket, CHUNK)
    },
    end: ['failed', 'too_large'],
    detail: /^BODY_TOO_LARGE: /,
  },
  declared: {
    bad: raw(`${HEAD}Content-Length: 10737418240\r\n\r\n`),
    end: ['failed', 'too_large'],
    detail: /^BODY_TOO_LARGE: /,
  },
  dripping: {
    bad: (socket) => {
      socket.write(`${HEAD}Content-Length: 100000\r\n\r\n`)
      endlessly(socket, 'x', 100)
    },
    end: ['failed', 'timeout'],
    detail: /^DEADLINE: /,
  },
  'slow-head': {
    bad: (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nX-Slow: ')
      endlessly(socket, 'x', 100)
    },
    end: ['failed', 'timeout'],
    detail: /^DEADLINE: /,
  },
  'interim-flood': {
    bad: (socket) => endlessly(socket, 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'),
    end: ['failed', 'timeout'],
    detail: /^DEADLINE: /,
  },
  'large-head': {
    bad: raw(`${HEAD}X-Large: ${'x'.repeat(1 << 20)}\r\nContent-Length: 0\r\n\r\n`),
    end: ['failed', 'too_large'],
    detail: /^UND_ERR_HEADERS_OVERFLOW: /,
  },
  'many-cookies': {
    bad: raw(`${HEAD}${'Set-Cookie: a=b\r\n'.repeat(10_000)}Content-Length: 0\r\n\r\n`),
    end: ['failed', 'too_large'],
    detail: /^UND_ERR_HEADERS_OVERFLOW: /,
  },
  short: {
    bad: raw(`${HEAD}Content-Length: 5000\r\n\r\n${TINY}`),
    end: ['failed', 'truncated'],
    detail: /^UND_ERR_SOCKET: /,
  },
  long: {
    // What follows the declared body is another answer that nobody asked for.
    bad: raw(`${HEAD}Content-Length: ${TINY.length}\r\n\r\n${TINY}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`),
    end: ['done', null],
    detail: null,
  },
  'two-lengths': {
    bad: raw(`${HEAD}Content-Length: 8\r\nContent-Length: 80\r\n\r\n${TINY}`),
    end: ['failed', 'bad_response'],
    detail: /^UND_ERR_RES_CONTENT_LENGTH_MISMATCH: /,
  },
  smuggling: {
    bad: raw(`${HEAD}Content-Length: 8\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n${TINY}\r\n0\r\n\r\n`),
    end: ['failed', 'bad_response'],
    detail: /^UND_ERR_RES_CONTENT_LENGTH_MISMATCH: /,
  },
  'chunk-lie': {
    bad: raw(`${HEAD}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n${TINY}`),
    end: ['failed', 'bad_response'],
    detail: /\(Chunk size overflow\)$/,
  },
  'cut-chunk': {
    bad: raw(`${HEAD}Transfer-Encoding: chunked\r\n\r\nffff\r\n${TINY}`),
    end: ['failed', 'truncated'],
    detail: /^UND_ERR_SOCKET: /,
  },
  'no-http': { bad: raw('SSH-2.0-OpenSSH_9.9\r\n'), end: ['failed', 'bad_response'], detail: /\(Expected HTTP\// },
  'split-head': {
    bad: raw(`${HEAD}X-Split: a\rSet-Cookie: b=c\r\nContent-Length: 0\r\n\r\n`),
    end: ['failed', 'bad_response'],
    detail: /\(Missing expected LF after header value\)$/,
  },
  hoarder: {
    // Keeps the connection for good and says nothing on it again.
    bad: (socket) => void socket.write(`${HEAD}Content-Length: ${TINY.length}\r\n\r\n${TINY}`),
    end: ['done', null],
    detail: null,
  },
}

let home = ''
let site: TestSite
let runtime: Runtime
let crawled: HostileCrawl

beforeAll(async () => {
  home = makeTestHome('bodies')
  const files: Record<string, Hostility> = {}
  for (const [name, { bad }] of Object.entries(ROWS)) {
    files[`${name}.example/`] = html('<a href="/bad">x</a><a href="/twin">x</a>')
    files[`${name}.example/bad`] = bad
  }
  site = await serveHostile(files)
  runtime = await openTestRuntime(home, database.url, site.port, { concurrency: 64 })
  const seeds = Object.keys(ROWS).map((name) => `http://${name}.example/`)
  crawled = await crawlSites(runtime, seeds, { limits: { max_body_mib: 4, seconds_per_page: 2 } })
})

afterAll(async () => {
  await runtime[Symbol.asyncDispose]()
  await site[Symbol.asyncDispose]()
  await removeTestHome(home)
})

test.each(Object.entries(ROWS))('%s ends in its verdict, and its twin is crawled', (name, { end, detail }) => {
  expect({ bad: crawled.ends[`${name}.example/bad`], twin: crawled.ends[`${name}.example/twin`] }).toEqual({
    bad: end,
    twin: ['done', null],
  })
  const said = crawled.details[`${name}.example/bad`]
  if (detail instanceof RegExp) expect(said).toMatch(detail)
  else expect(said).toBe(detail)
})
