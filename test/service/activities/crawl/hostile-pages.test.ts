import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ExtractFact } from '../../../../schema/contracts/candidate.ts'
import { createPagePool } from '../../../../workers/page-pool.ts'
import type { Runtime } from '../../../../workers/runtime.ts'
import { openTestRuntime } from '../../../support/crawler.ts'
import { useTestDatabase } from '../../../support/database.ts'
import { aPicture, html, png } from '../../../support/example-web.ts'
import { makeTestHome, removeTestHome } from '../../../support/home.ts'
import { crawlSites, type End, type Hostility, type HostileCrawl, serveHostile } from '../../../support/hostile-web.ts'
import type { TestSite } from '../../../support/web-site.ts'

const database = useTestDatabase()
const many = (count: number, make: (no: number) => string) =>
  Array.from({ length: count }, (_, no) => make(no)).join('')
const image = (attributes: string) => `<img src="/twin.png" ${attributes}>`
const SURROGATE_AND_NUL = String.raw`{"@type":"ImageObject","contentUrl":"/twin.png","caption":"\ud800\u0000Most"}`
const page = (bytes: (string | number[])[]): Hostility => ({
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: Buffer.concat(bytes.map((part) => Buffer.from(part as string))),
})

const SLOW_MS = 500
const DONE: End = ['done', null]
const COMPLEX: End = ['done', 'html_too_complex']
/** Each is the page `/bad` of a site of that name; `texts` are those of its pictures when they are told. */
const ROWS: Record<string, { bad: Hostility; end: End; texts?: string[] }> = {
  'nested-div': { bad: html('<div>'.repeat(50_000)), end: COMPLEX },
  'nested-list': { bad: html('<ul><li>'.repeat(50_000)), end: COMPLEX },
  'nested-bold': { bad: html('<b>'.repeat(50_000)), end: COMPLEX },
  'nested-table': { bad: html('<table><tr><td>'.repeat(50_000)), end: COMPLEX },
  'formatting-bomb': { bad: html(many(5_000, (no) => `<font size=${no}>`) + '<p>x'.repeat(5_000)), end: COMPLEX },
  'attribute-flood': {
    bad: html(image(`alt="Most" ${many(200_000, (no) => `a${no}=b `)}`)),
    end: DONE,
    texts: ['Most'],
  },
  'one-attribute': { bad: html(image(`alt="Most" ${'a=b '.repeat(500_000)}`)), end: DONE, texts: ['Most'] },
  'huge-srcset': {
    bad: html(image(`alt="Most" srcset="${many(50_000, (no) => `/p${no}.png 0w,`)}"`)),
    end: DONE,
    texts: ['Most'],
  },
  commas: { bad: html(image(`alt="Most" srcset="${','.repeat(2_000_000)}"`)), end: DONE, texts: ['Most'] },
  'spaces-in-alt': { bad: html(image(`alt="${' '.repeat(2_000_000)}Most"`)), end: DONE },
  'long-url': {
    bad: html(`<a href="/${'%2e%2e/'.repeat(300_000)}">x</a>${image('alt="Most"')}`),
    end: DONE,
    texts: ['Most'],
  },
  'open-comments': { bad: html(image('alt="Most"') + '<!--'.repeat(500_000)), end: DONE, texts: ['Most'] },
  'bare-brackets': { bad: html(image('alt="Most"') + '<'.repeat(2_000_000)), end: DONE, texts: ['Most'] },
  'deep-json': {
    bad: html(`${image('alt="Most"')}<script type="application/ld+json">${'['.repeat(1_000_000)}</script>`),
    end: DONE,
    texts: ['Most'],
  },
  'many-labels': {
    bad: html(
      many(20_000, () => image('aria-labelledby="a b c d e f"')) +
        many(6, (no) => `<p id=${'abcdef'[no]}>${'x'.repeat(200_000)}</p>`),
    ),
    end: DONE,
  },
  'lone-surrogate': {
    bad: html(`<script type="application/ld+json">${SURROGATE_AND_NUL}</script>`),
    end: DONE,
    texts: ['\ufffdMost'],
  },
  'nul-in-text': { bad: html(image('alt="Mo\u0000st"')), end: DONE, texts: ['Mo\ufffdst'] },
  'broken-utf-8': {
    bad: page([`<html lang=cs><img src=/twin.png alt="Mo`, [0xc3, 0x28, 0xff], `st">`]),
    end: DONE,
    texts: ['Mo\ufffd(\ufffdst'],
  },
  'control-in-alt': { bad: html(image('alt="Most \u001b]0;evil\u0007 \u001b[2J"')), end: DONE },
  'script-in-alt': {
    bad: html(image('alt="<script>alert(1)</script>"')),
    end: DONE,
    texts: ['<script>alert(1)</script>'],
  },
  'header-injection': {
    bad: html(`<a href="/x%0d%0aSet-Cookie:%20a=b">x</a><a href="/y\r\nWARC-Type: response">x</a>`),
    end: DONE,
  },
}

let home = ''
let site: TestSite
let runtime: Runtime
let crawled: HostileCrawl

beforeAll(async () => {
  home = makeTestHome('pages')
  const files: Record<string, Hostility> = {}
  const picture = png(await aPicture(1))
  for (const [name, { bad }] of Object.entries(ROWS)) {
    files[`${name}.example/`] = html('<a href="/bad">x</a><a href="/twin">x</a>')
    files[`${name}.example/bad`] = bad
    files[`${name}.example/twin.png`] = picture
  }
  site = await serveHostile(files)
  runtime = await openTestRuntime(home, database.url, site.port, { concurrency: 64 })
  const seeds = Object.keys(ROWS).map((name) => `http://${name}.example/`)
  crawled = await crawlSites(runtime, seeds, { limits: { max_body_mib: 10 } })
})

afterAll(async () => {
  await runtime[Symbol.asyncDispose]()
  await site[Symbol.asyncDispose]()
  await removeTestHome(home)
})

test.each(Object.entries(ROWS))('%s ends in its verdict, and its twin is crawled', async (name, { end, texts }) => {
  expect({ bad: crawled.ends[`${name}.example/bad`], twin: crawled.ends[`${name}.example/twin`] }).toEqual({
    bad: end,
    twin: ['done', null],
  })
  if (texts) expect(await textsOf(`http://${name}.example/bad`)).toEqual(texts)
})

test('a page that holds a thread for its whole time is given up, heartbeats go on meanwhile, and the twin is crawled', async () => {
  // Each end tag looks through thousands of open elements: seconds, far above the time of this pool.
  const slow = `${many(4_000, (no) => `<font size=${no}>`)}${'</p>'.repeat(390_000)}${'</i>'.repeat(5_000_000)}`
  await using slowSite = await serveHostile({
    'slow.example/': html('<a href="/bad">x</a><a href="/twin">x</a>'),
    'slow.example/bad': html(slow),
  })
  await using own = await openTestRuntime(home, database.url, slowSite.port)
  await using pool = createPagePool({ threads: 1, taskTimeoutMs: SLOW_MS })
  let beats = 0
  const timer = setInterval(() => (beats += 1), SLOW_MS / 10)
  const { ends } = await crawlSites({ ...own, pages: pool }, ['http://slow.example/'], {
    limits: { max_body_mib: 30 },
  })
  clearInterval(timer)
  expect([ends['slow.example/bad'], ends['slow.example/twin']]).toEqual([['done', 'kills_worker'], DONE])
  // It held its thread twice, ten beats each.
  expect(beats).toBeGreaterThan(10)
})

async function textsOf(url: string): Promise<string[]> {
  const found = await sql<{ value: ExtractFact }>`SELECT t.value FROM fact_text t
    JOIN capture c ON c.extract_input = t.input JOIN url u ON u.sha = c.url_sha
    WHERE c.crawl_no = ${crawled.crawlNo} AND u.url = ${url}`.execute(runtime.db)
  const fact = found.rows[0]?.value
  return fact?.ok ? fact.candidates.flatMap((one) => one.texts.map(({ text }) => text)) : []
}
