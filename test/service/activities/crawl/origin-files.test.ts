import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Honour } from '../../../../schema/contracts/spec.ts'
import type { CrawlRecord } from '../../../../schema/queries/crawls.ts'
import { countArchives } from '../../../../schema/queries/archives.ts'
import { fetchesOfFiles } from '../../../../schema/queries/explain-subjects.ts'
import { capturesOfUrl, crawlsOfUrl, robotsOf } from '../../../../schema/queries/explain-url.ts'
import { freezeCrawl } from '../../../../schema/queries/freeze.ts'
import { picturesOfUrls } from '../../../../schema/queries/run-lists.ts'
import { explainUrl } from '../../../../activities/explain/explain-url.ts'
import type { Runtime } from '../../../../workers/runtime.ts'
import { inActivity } from '../../../support/activity.ts'
import { importAll, offsetsOf, withoutNetwork, writeArchive } from '../../../support/archive-crawl.ts'
import { aSection, shaOf, startCrawl } from '../../../support/crawl.ts'
import { openTestRuntime } from '../../../support/crawler.ts'
import { useTestDatabase } from '../../../support/database.ts'
import { aPicture } from '../../../support/example-web.ts'
import { aMember, aRecord, type ForeignRecord } from '../../../support/foreign-archive.ts'
import { makeTestHome, removeTestHome } from '../../../support/home.ts'

const database = useTestDatabase()
const SITE = 'https://site.example'
const TDM = '/.well-known/tdmrep.json'

let home = ''
let runtime: Runtime
let picture: Buffer

beforeAll(async () => {
  home = makeTestHome('origin-files')
  picture = await aPicture(1)
  runtime = await openTestRuntime(home, database.url, 9)
})

afterAll(async () => {
  await runtime[Symbol.asyncDispose]()
  await removeTestHome(home)
})

type Headers = [string, string][]

/** A record of any status. */
function answer(url: string, body: string | Buffer, more: { status?: number; headers?: Headers; date?: string } = {}) {
  const { status = 200, headers = [['Content-Type', 'text/html']], date = '2024-05-06T07:08:09Z' } = more
  const head = `HTTP/1.1 ${status} x\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
  return { url, date, block: Buffer.concat([Buffer.from(head), Buffer.from(body)]) } satisfies ForeignRecord
}

const page = (path: string, headers: Headers = []) =>
  answer(`${SITE}${path}`, '<html lang="cs"><body><img src="/p.png" alt="Most">', {
    headers: [['Content-Type', 'text/html'], ...headers],
  })
const robots = (text: string, more: Parameters<typeof answer>[2] = {}) =>
  answer(`${SITE}/robots.txt`, text, { headers: [['Content-Type', 'text/plain']], ...more })

async function crawlOf(archives: Record<string, ForeignRecord[]>, honour?: Honour[]): Promise<CrawlRecord> {
  const seeds = await Promise.all(
    Object.entries(archives).map(([name, records]) => writeArchive(home, name, records.map(aMember))),
  )
  const crawl = await startCrawl(runtime.db, aSection(seeds, honour ? { politeness: { honour } } : {}))
  await importAll(runtime, crawl)
  return crawl
}

async function ends(crawl: CrawlRecord): Promise<Record<string, string | null>> {
  const rows = await runtime.db
    .selectFrom('frontier')
    .innerJoin('url', 'url.sha', 'frontier.url_sha')
    .select(['url.url', 'frontier.reason'])
    .where('crawl_no', '=', crawl.crawl_no)
    .orderBy('url.url')
    .execute()
  return Object.fromEntries(
    rows
      .filter(({ url }) => !url.endsWith('/robots.txt') && !url.endsWith(TDM))
      .map(({ url, reason }) => [url.replace(SITE, ''), reason]),
  )
}

test('robots.txt and TDM files hold wherever they stand in the archives, and evidence leads to file and offset', async () => {
  const files = [
    robots('User-agent: *\nDisallow: /no\nContent-Signal: /signal ai-train=no\nContent-Usage: /usage train-ai=n\n'),
    answer(
      `${SITE}${TDM}`,
      '[{"location":"/tdm*","tdm-reservation":1},{"location":"/reserved.png","tdm-reservation":1}]',
    ),
  ]
  const crawl = await crawlOf({
    'a-pages.warc.gz': [
      page('/'),
      page('/no/page'),
      page('/signal'),
      page('/usage'),
      page('/tdm'),
      page('/tdm/free', [['tdm-reservation', '0']]),
      answer(`${SITE}/no/p.png`, picture, { headers: [['Content-Type', 'image/png']] }),
      answer(`${SITE}/reserved.png`, picture, { headers: [['Content-Type', 'image/png']] }),
      answer(`${SITE}/no/style.css`, 'p {}', { headers: [['Content-Type', 'text/css']] }),
      answer(`${SITE}/no/gone`, 'x', { status: 404 }),
    ],
    'b-files.warc.gz': [answer('https://other.example/', 'x'), ...files],
  })
  expect(await ends(crawl)).toEqual({
    '/': null,
    '/no/gone': 'robots_disallowed',
    '/no/p.png': 'robots_disallowed',
    '/no/page': 'robots_disallowed',
    '/reserved.png': 'opted_out',
    '/signal': 'opted_out',
    '/tdm': 'opted_out',
    '/tdm/free': null,
    '/usage': 'opted_out',
    'https://other.example/': null,
  })
  const { archives } = await countArchives(runtime.db, crawl.crawl_no, 10)
  expect(
    archives.map(({ records, used, faults, done, searched, left_bytes }) => [
      records,
      used,
      faults,
      done,
      searched,
      left_bytes,
    ]),
  ).toEqual([
    [10, 6, 0, true, true, 0],
    [3, 3, 0, true, true, 0],
  ])
  await expectEvidence(crawl, files)
  await expectFrozen(crawl)
})

async function expectEvidence(crawl: CrawlRecord, files: ForeignRecord[]): Promise<void> {
  const { db } = runtime
  const [, robotsAt = 0, tdmAt = 0] = offsetsOf([answer('https://other.example/', 'x'), ...files].map(aMember))
  const explained = async (url: string, file: string) => {
    const [known] = await crawlsOfUrl(db, shaOf(url))
    const fetches = await fetchesOfFiles(db, [crawl.crawl_no], [shaOf(file)])
    const captures = await capturesOfUrl(db, crawl.crawl_no, shaOf(url))
    return explainUrl(
      url,
      known as NonNullable<typeof known>,
      await robotsOf(db, crawl.crawl_no, SITE),
      captures,
      fetches,
    )
  }
  const signal = await explained(`${SITE}/signal`, `${SITE}/robots.txt`)
  expect(signal.captures[0]).toMatchObject({
    source: { file: 'a-pages.warc.gz' },
    opt_out: [
      {
        raw: 'Content-Signal: /signal ai-train=no',
        where: 'robots',
        reserves: true,
        file: { url: `${SITE}/robots.txt`, line: 3, source: { file: 'b-files.warc.gz', offset: robotsAt } },
      },
    ],
  })
  const tdm = await explained(`${SITE}/tdm`, `${SITE}${TDM}`)
  expect(tdm.captures[0]?.opt_out).toMatchObject([
    { where: 'tdmrep', reserves: true, file: { source: { file: 'b-files.warc.gz', offset: tdmAt } } },
  ])
  const refused = await explained(`${SITE}/no/page`, `${SITE}/robots.txt`)
  expect(refused).toMatchObject({
    captures: [],
    because: expect.stringMatching(
      /^was not taken: robots_disallowed: disallow: \/no \(line 2\); record at \d+ of a-pages\.warc\.gz$/,
    ),
    robots: { allowed: false, rule: 'disallow: /no', source: { file: 'b-files.warc.gz', offset: robotsAt } },
  })
}

/** The files are entries of the frozen list as in a crawl of the web, and what they keep out is in no release. */
async function expectFrozen(crawl: CrawlRecord): Promise<void> {
  const frozen = await freezeCrawl(runtime.db, crawl.crawl_no)
  expect(frozen).toMatchObject({ entries: 9, pages: 6, pictures: 1 })
  const outcomes = await picturesOfUrls(
    runtime.db,
    [crawl.crawl_no],
    [shaOf(`${SITE}/no/p.png`), shaOf(`${SITE}/reserved.png`)],
  )
  expect(new Set([...outcomes.values()].map(({ reason }) => reason))).toEqual(
    new Set(['opted_out', 'robots_disallowed']),
  )
}

test('the newest file of an origin holds for all its pages, and a broken or overloaded server says nothing', async () => {
  const closed = robots('User-agent: *\nDisallow: /\n', { date: '2020-01-01T00:00:00Z' })
  const open = robots('User-agent: *\nAllow: /\n', { date: '2021-01-01T00:00:00Z' })
  const broken = [503, 429].map((status) =>
    robots('User-agent: *\nDisallow: /\n', { status, date: '2022-01-01T00:00:00Z' }),
  )
  expect(await ends(await crawlOf({ 'newest.warc.gz': [page('/'), open, closed, ...broken] }))).toEqual({ '/': null })
  expect(await ends(await crawlOf({ 'one.warc.gz': [closed], 'two.warc.gz': [page('/'), open] }))).toEqual({
    '/': null,
  })
  const shut = { ...closed, date: '2022-01-01T00:00:00Z' }
  expect(await ends(await crawlOf({ 'shut.warc.gz': [page('/'), shut, open] }))).toEqual({ '/': 'robots_disallowed' })
  const gone = robots('not found', { status: 404, date: '2023-01-01T00:00:00Z' })
  expect(await ends(await crawlOf({ 'gone.warc.gz': [gone, page('/'), shut] }))).toEqual({ '/': null })
  expect(await ends(await crawlOf({ 'only-broken.warc.gz': [page('/'), ...broken] }))).toEqual({ '/': null })
})

test('a file is followed to where it was moved', async () => {
  const moved = answer(`${SITE}/robots.txt`, '', {
    status: 301,
    headers: [['Location', 'https://www.site.example/robots.txt']],
  })
  const there = { ...robots('User-agent: *\nDisallow: /\n'), url: 'https://www.site.example/robots.txt' }
  expect(await ends(await crawlOf({ 'moved.warc.gz': [page('/'), there, moved] }))).toEqual({
    '/': 'robots_disallowed',
  })
  expect(await ends(await crawlOf({ 'lost.warc.gz': [page('/'), moved] }))).toEqual({ '/': null })
})

test('what honour leaves out is evidence and no more', async () => {
  const files = [
    robots('User-agent: *\nDisallow: /no\nContent-Signal: ai-train=no\n'),
    answer(`${SITE}${TDM}`, '{"location":"/","tdm-reservation":1}'),
  ]
  const crawl = await crawlOf({ 'honour.warc.gz': [page('/'), page('/no'), ...files] }, ['noai'])
  expect(await ends(crawl)).toEqual({ '/': null, '/no': null })
  const [capture] = await capturesOfUrl(runtime.db, crawl.crawl_no, shaOf(`${SITE}/`))
  expect(capture?.signals.map(({ signal, value }) => [signal, value])).toEqual([
    ['ai-train', 'no'],
    ['tdm-reservation', '1'],
  ])
})

test('of a robots.txt that is too large, or of which a part was kept, the beginning holds', async () => {
  const large = robots(`User-agent: *\nDisallow: /a\n${'# long\n'.repeat(100_000)}Disallow: /b\n`)
  const part = { ...robots('User-agent: *\nDisallow: /a\n'), fields: [['WARC-Truncated', 'length']] as Headers }
  for (const [name, file] of Object.entries({ large, part })) {
    const crawl = await crawlOf({ [`${name}.warc.gz`]: [page('/a'), page('/b'), file] })
    expect(await ends(crawl)).toEqual({ '/a': 'robots_disallowed', '/b': null })
    expect((await countArchives(runtime.db, crawl.crawl_no, 1)).faults).toEqual([])
  }
})

test('pages are read when all archives were searched, and a search that died goes on where it was', async () => {
  const many = Array.from({ length: 40 }, (_, index) => aRecord(page(`/${index}`)))
  const seeds = [
    await writeArchive(home, 'long.warc', [...many, aRecord(robots('User-agent: *\nDisallow: /\n'))]),
    await writeArchive(home, 'short.warc', [aRecord(page('/short'))]),
  ]
  const crawl = await startCrawl(runtime.db, aSection(seeds))
  const { crawlShard, planCrawlRound } = withoutNetwork(runtime, [])
  const shardsNow = async () => {
    const round = await inActivity(() => planCrawlRound({ crawlId: crawl.id }))
    return round.kind === 'work' ? round.shards : []
  }
  const shards = await shardsNow()
  expect(shards).toHaveLength(2)
  const files = (await countArchives(runtime.db, crawl.crawl_no, 0)).archives.map(({ file }) => file.split('/').at(-1))
  const short = shards[files.indexOf('short.warc')] as number
  const outcomes = [await inActivity(() => crawlShard({ crawlId: crawl.id, shard: short }))]
  outcomes.push(await inActivity(() => crawlShard({ crawlId: crawl.id, shard: short })))
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['idle', 'waiting'])
  expect([await shardsNow(), await ends(crawl)]).toEqual([shards.filter((shard) => shard !== short), {}])
  await importAll(runtime, crawl)
  expect(new Set(Object.values(await ends(crawl)))).toEqual(new Set(['robots_disallowed']))
})
