import { expect, test } from 'vitest'
import { parseRobots } from '../../../activities/crawl/robots.ts'
import { describeUrl } from '../../../activities/explain/describe-url.ts'
import { explainUrl } from '../../../activities/explain/explain-url.ts'
import type { CaptureOfUrl, KnownUrl, StoredRobots } from '../../../schema/queries/explain-url.ts'
import { aSpec } from '../../support/spec.ts'

const URL = 'https://a.example/private/plan.html'
const FETCHED = new Date('2026-01-01T00:00:00Z')

function aKnownUrl(changes: Partial<KnownUrl> = {}): KnownUrl {
  const { crawl } = aSpec()
  if (!crawl) throw new Error('the spec has a crawl')
  return {
    crawl_no: 1,
    id: 'test-1',
    section: crawl,
    state: 'done',
    reason: null,
    detail: null,
    page: true,
    picture: false,
    sitemap: false,
    depth: 1,
    redirects: 0,
    admitted: true,
    attempts: 1,
    next_at: null,
    seed: false,
    declared: null,
    shard: 0,
    scope_key: 'host:a.example',
    site_depth: 1,
    site_closed: false,
    linked_by: 'https://a.example/',
    ...changes,
  }
}

const aCapture = (changes: Partial<CaptureOfUrl>): CaptureOfUrl => ({
  kind: 'page',
  status: 200,
  fetched_at: FETCHED,
  media_type: 'text/html',
  content_language: null,
  body_sha: Buffer.alloc(32, 7),
  body_bytes: 12,
  reserved: false,
  abuse: null,
  redirects_to: null,
  signals: [],
  warc_sha: null,
  warc_offset: null,
  warc_length: null,
  frozen: true,
  ...changes,
})

const robots = (text: string): StoredRobots => ({
  rules: parseRobots(Buffer.from(text)),
  verdict: 'rules',
  fetched_at: FETCHED,
})

test('the robots group and rule are read from the stored rules', () => {
  const stored = robots('User-agent: bot\nCrawl-delay: 2\nDisallow: /private/\nUser-agent: *\nDisallow: /')
  expect(explainUrl(URL, aKnownUrl(), stored, []).robots).toEqual({
    origin: 'https://a.example',
    verdict: 'rules',
    fetched_at: '2026-01-01T00:00:00.000Z',
    agent: 'bot',
    group: 'bot',
    rule: 'disallow: /private/',
    line: 3,
    delay_seconds: 2,
    allowed: false,
    source: null,
  })
})

test('a robots.txt that could not be had forbids, one that is not there allows', () => {
  const allowed = (verdict: StoredRobots['verdict']) =>
    explainUrl(URL, aKnownUrl(), { rules: null, verdict, fetched_at: FETCHED }, []).robots?.allowed
  expect([allowed('disallow_all'), allowed('allow_all')]).toEqual([false, true])
  expect(explainUrl(URL, aKnownUrl(), null, []).robots).toBeNull()
})

test('a wait that no crawl can keep forbids', () => {
  const stored = robots('User-agent: *\nCrawl-delay: 3600')
  expect(explainUrl(URL, aKnownUrl(), stored, []).robots).toMatchObject({
    rule: null,
    delay_seconds: 3600,
    allowed: false,
  })
})

test.each([
  [{ state: 'found', depth: 9 }, 'links lead deeper than depth 4'],
  [{ state: 'found', site_closed: true }, 'the budget of 500 pages a host was spent at its depth'],
  [{ state: 'found', depth: 2 }, 'depth 1 of its site is not closed yet'],
  [
    { state: 'excluded', reason: 'robots_disallowed', detail: 'disallow: /' },
    'was not asked for: robots_disallowed: disallow: /',
  ],
  [{ state: 'retry', reason: 'timeout' }, 'is tried again: timeout'],
  [{ state: 'failed', reason: 'dns_failed' }, 'was given up: dns_failed'],
  [{ state: 'done' }, 'answered'],
])('says in words why it stands where it stands: %j', (changes, because) => {
  expect(explainUrl(URL, aKnownUrl(changes), null, []).because).toBe(because)
})

test('a capture shows its place in the archive, and which of its signals reserve', () => {
  const signal = (name: string) => ({ signal: name, value: '', where: 'header' as const, agent: null })
  const capture = aCapture({
    reserved: true,
    signals: [signal('noai'), signal('nofollow')],
    warc_sha: Buffer.alloc(32, 2),
    warc_offset: 3,
    warc_length: 4,
  })
  const [explained] = explainUrl(URL, aKnownUrl(), null, [capture]).captures
  expect(explained?.warc).toEqual({ segment: '02'.repeat(32), offset: 3, length: 4 })
  expect(explained?.opt_out.map(({ signal: name, reserves }) => [name, reserves])).toEqual([
    ['noai', true],
    ['nofollow', false],
  ])
})

test('a 304 names what it confirmed, and its own record', () => {
  const capture = aCapture({
    body_sha: null,
    body_bytes: 9,
    warc_sha: Buffer.alloc(32, 2),
    warc_offset: 3,
    warc_length: 4,
    confirmed_crawl: 'test-0',
    confirmed_at: new Date('2025-01-01T00:00:00Z'),
    revisit_sha: Buffer.alloc(32, 5),
    revisit_offset: 6,
    revisit_length: 7,
  })
  expect(describeUrl(explainUrl(URL, aKnownUrl(), null, [capture])).slice(-4)).toEqual([
    '2026-01-01T00:00:00.000Z 200 page, text/html, 9 bytes, frozen',
    `  archived in ${'02'.repeat(32)} at 3, 4 bytes`,
    '  answered 304: it is what crawl test-0 got at 2025-01-01T00:00:00.000Z',
    `  the 304 is archived in ${'05'.repeat(32)} at 6, 7 bytes`,
  ])
})

test('people read it line by line', () => {
  const known = explainUrl(
    URL,
    aKnownUrl({ state: 'excluded', reason: 'robots_disallowed', attempts: 0 }),
    robots('User-agent: *\nDisallow: /private/'),
    [],
  )
  expect(describeUrl(known)).toEqual([
    `${URL} in crawl test-1`,
    'excluded: was not asked for: robots_disallowed',
    'first found on https://a.example/',
    'wanted as page, depth 1, 0 redirects behind it',
    'scope host: inside, site host:a.example; admitted',
    '0 attempts',
    'robots of https://a.example: disallowed for bot, group *, disallow: /private/ (line 2)',
  ])
})

const SOURCE = {
  source_sha: Buffer.alloc(32, 1),
  source_offset: 1234,
  source_length: 56,
  source_file: `warc:/d/a.warc#sha256=${'01'.repeat(32)}`,
}

test('what a crawl has from an archive names the file and the place there, and so does the robots.txt', () => {
  const section = { ...aKnownUrl().section, seeds: { und: ['warc:/d/a.warc'] } }
  const known = aKnownUrl({ section, linked_by: null, state: 'excluded', reason: 'robots_disallowed' })
  const stored = { ...robots('User-agent: *\nDisallow: /private/'), source: SOURCE }
  const found = explainUrl(URL, known, stored, [aCapture(SOURCE)])
  const place = { file: 'a.warc', sha256: '01'.repeat(32), offset: 1234, length: 56 }
  expect([found.captures[0]?.source, found.robots?.source, found.from_archives]).toEqual([place, place, true])
  const lines = describeUrl(found)
  expect(lines).toContain(`  taken from 1234 of a.warc (sha256 ${'01'.repeat(32)}), 56 bytes`)
  expect(lines).toContain('excluded: was not taken: robots_disallowed')
  expect(lines).toContain('found in an archive')
  expect(lines).toContain(
    'robots of https://a.example: disallowed for bot, group *, disallow: /private/ (line 2); read at 1234 of a.warc, 56 bytes',
  )
  expect(describeUrl(explainUrl(URL, known, null, []))).toContain('robots: in none of the archives')
})
