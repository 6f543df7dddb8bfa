import { copyFileSync, readFileSync } from 'node:fs'
import path from 'node:path'
import zlib from 'node:zlib'
import { beforeAll, expect, test } from 'vitest'
import type { Explanation } from '../../../activities/explain/explanation.ts'
import type { UrlExplanation } from '../../../activities/explain/explain-url.ts'
import type { KeyTrace } from '../../../activities/trace/trace-key.ts'
import { useTestDatabase } from '../../support/database.ts'
import { makeRelease, useMella, WORKERS_LIMIT_MS } from '../../support/mella.ts'
import { useTestNamespace } from '../../support/temporal.ts'

const NAME = 'common-crawl.warc.gz'
const ARCHIVE = path.resolve(import.meta.dirname, '../../support/archives', NAME)
const SITE = 'http://mlyny.example'
const RELEASE = 'mlyny@1.0.0'

const database = useTestDatabase()
const mella = useMella('archive', database, useTestNamespace())

const SPEC = (file: string) => `dataset: mlyny
version: 1.0.0
date: 2026-01-01
languages: [cs]
card: { title: Mlýny, licence: CC0-1.0 }
crawl:
  seeds: { und: ['warc:${file}'] }
  politeness: { user_agent: 'test-bot (+https://test.example/bot)' }
image: { min_side: 50, min_bytes: 0, max_ratio: 10 }
filters: { boilerplate: { count: 50, share: 0.9 }, near_image: { pdq: 0 } }
select: { max_per_host: 1 }
`

beforeAll(async () => {
  // Nothing listens there: a request would be seen as a fault.
  mella.reach(9)
  copyFileSync(ARCHIVE, path.join(mella.home, NAME))
  await makeRelease(mella, database, SPEC(NAME))
}, WORKERS_LIMIT_MS)

const linesOf = <Line>(text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)

interface Listed {
  key: string
  page_url: string
  image_url: string
  alt_text: string
}

/** The response that the archive's own bytes have at a place. */
function recordAt({ offset, length }: { offset: number; length: number }): string {
  return zlib.gunzipSync(readFileSync(ARCHIVE).subarray(offset, offset + length)).toString('latin1')
}

test('a release is made from an archive alone: what may be used is in, what its owner reserved is not', async () => {
  const samples = linesOf<Listed>(await mella.output('sample', 'list', RELEASE, '--json'))
  const shown = samples.map(({ page_url: page, image_url: image, alt_text: text }) => [page, image, text].join(' '))
  expect(shown.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(
    [
      ['/', '/1.png', 'Starý mlýn u řeky na podzim'],
      ['/most', '/2.png', 'Kamenný most přes potok pod hradem'],
      ['/reka', '/3.png', 'Rybář v loďce na klidné hladině'],
    ].map(([page, image, text]) => `${SITE}${page} ${SITE}${image} ${text}`),
  )
  await mella.output('release', 'verify', RELEASE)
})

test('the lineage of each sample leads to the records of its page and its picture', async () => {
  for (const { key, page_url: page, image_url: image } of linesOf<Listed>(
    await mella.output('sample', 'list', RELEASE, '--json'),
  )) {
    const trace = JSON.parse(await mella.output('sample', 'trace', key, '--json')) as KeyTrace
    for (const [capture, url] of [
      [trace.pages[0], page],
      [trace.pictures[0], image],
    ] as const) {
      const source = capture?.source
      expect(source?.file).toBe(NAME)
      expect(recordAt(source ?? { offset: 0, length: 0 })).toContain(
        `WARC-Type: response\r\nWARC-Record-ID: ${recordIdOf(url)}`,
      )
      expect(await mella.output('sample', 'trace', key)).toContain(`at ${source?.offset}, ${source?.length} bytes`)
      const explained = JSON.parse(await mella.output('crawl', 'explain', url, '--json')) as UrlExplanation
      expect(explained.captures.map((one) => one.source?.offset)).toEqual([source?.offset])
      expect(await mella.output('crawl', 'explain', url)).toContain(`taken from ${source?.offset} of ${NAME}`)
    }
  }
})

/** By the archive's bytes, not by our reader. */
function recordIdOf(url: string): string {
  const text = zlib.gunzipSync(readFileSync(ARCHIVE)).toString('latin1')
  const head = text
    .split('WARC/1.0\r\n')
    .find((one) => one.includes('WARC-Type: response') && one.includes(`WARC-Target-URI: ${url}\r\n`))
  return /WARC-Record-ID: (\S+)/.exec(head ?? '')?.[1] ?? ''
}

test('sample explain quotes what owners said in files of the archive, with the place of the file', async () => {
  const quotes = {
    '/stare/foto': ['/robots.txt', 'Content-Signal: /stare/ ai-train=no'],
    '/tdm/kniha': ['/.well-known/tdmrep.json', 'tdmrep.json: {"location":"/tdm/*","tdm-reservation":1}'],
  } as const
  for (const [page, [file, raw]] of Object.entries(quotes)) {
    const url = `${SITE}${page}`
    const explanation = JSON.parse(
      await mella.output('sample', 'explain', url, '--release', RELEASE, '--json'),
    ) as Explanation
    const quoted = explanation.candidates.flatMap(({ opt_out: lines }) => lines).filter((line) => line.reserves)
    expect(quoted.map((line) => [line.raw, line.file?.url])).toEqual([[raw, `${SITE}${file}`]])
    const source = quoted[0]?.file?.source
    expect([source?.file, recordAt(source ?? { offset: 0, length: 0 })]).toEqual([
      NAME,
      expect.stringContaining(`WARC-Target-URI: ${SITE}${file}\r\n`),
    ])
    expect(await mella.output('sample', 'explain', url, '--release', RELEASE)).toContain(
      `at ${source?.offset} of ${NAME}`,
    )
  }
})

test('a page that robots.txt keeps us from says so, with its place, and crawl show counts what was read', async () => {
  expect(await mella.output('crawl', 'explain', `${SITE}/soukrome/plan`)).toMatch(
    /was not taken: robots_disallowed: disallow: \/soukrome\/ \(line 2\); record at \d+ of common-crawl\.warc\.gz/,
  )
  const [crawl] = linesOf<{ id: string }>(await mella.output('crawl', 'list', '--json'))
  const shown = JSON.parse(await mella.output('crawl', 'show', crawl?.id ?? '', '--json')) as Record<string, unknown>
  expect(shown).toMatchObject({
    state: 'frozen',
    archives: [{ done: true, searched: true, left_bytes: 0, used: 18, faults: 1 }],
    unusable: [{ reason: 'truncated', count: 1 }],
  })
})
