import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Runtime } from '../../../workers/runtime.ts'
import { aSection, startCrawl } from '../../support/crawl.ts'
import { crawlToEnd, openTestRuntime } from '../../support/crawler.ts'
import { useTestDatabase } from '../../support/database.ts'
import { html } from '../../support/example-web.ts'
import { serveHostile } from '../../support/hostile-web.ts'
import { useMella } from '../../support/mella.ts'
import { useTestNamespace } from '../../support/temporal.ts'
import type { TestSite } from '../../support/web-site.ts'

/** Begins a command to many terminals: one byte in a header, a character of C1 in text. */
const CSI = '\u009b'
const HEAD = `HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n`
const URLS = [
  'http://evil.example/',
  'http://evil.example/header',
  'http://evil.example/coding',
  'http://evil.example/robots-only',
]

const database = useTestDatabase()
const mella = useMella('output', database, useTestNamespace())
let site: TestSite
let runtime: Runtime
let crawlId = ''

beforeAll(async () => {
  site = await serveHostile({
    'evil.example/robots.txt': {
      body: `User-agent: *\nDisallow: /robots-only${CSI}*\nDisallow: /robots-only\u001b[2J\nDisallow: /robots-only`,
    },
    'evil.example/': html(
      `<title>${CSI}2J\u001b]0;evil\u0007\u202e</title><a href="/header">x</a><a href="/coding">x</a><a href="/robots-only">x</a><a href="/${CSI}\u001b[2J">x</a>`,
    ),
    'evil.example/header': (socket) =>
      void socket.end(Buffer.from(`${HEAD}X-Robots-Tag: noai, ${CSI}2J\r\nContent-Length: 1\r\n\r\nx`, 'latin1')),
    'evil.example/coding': (socket) =>
      void socket.end(Buffer.from(`${HEAD}Content-Encoding: ${CSI}2J\r\nContent-Length: 1\r\n\r\nx`, 'latin1')),
  })
  runtime = await openTestRuntime(mella.home, database.url, site.port)
  const section = aSection(['http://evil.example/'], { politeness: { honour: ['robots', 'noai'] } })
  const crawl = await startCrawl(runtime.db, section)
  crawlId = crawl.id
  await crawlToEnd(runtime, crawl.id)
})

afterAll(async () => {
  await runtime[Symbol.asyncDispose]()
  await site[Symbol.asyncDispose]()
})

/** Characters that a terminal may obey, but the newline. */
// oxlint-disable-next-line no-control-regex
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/

test('no control character of a site reaches a terminal', async () => {
  const commands = URLS.flatMap((url) => [
    ['crawl', 'explain', url],
    ['crawl', 'explain', url, '--json'],
  ])
  const all = [...commands, ['crawl', 'show', crawlId], ['crawl', 'show', crawlId, '--json']]
  for (const argv of all) {
    const { code, stdout, stderr } = await mella.run(...argv)
    expect({ argv, code, obeyed: OBEYED.exec(stdout + stderr)?.[0] }).toEqual({ argv, code: 0, obeyed: undefined })
  }
})

test('what a header said is quoted with its control characters written out', async () => {
  const header = await mella.output('crawl', 'explain', 'http://evil.example/header')
  expect(header).toContain('\\u009b2J')
  const coding = await mella.output('crawl', 'explain', 'http://evil.example/coding')
  expect(coding).toContain('content coding \\u009b2j')
})
