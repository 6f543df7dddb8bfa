import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCrawlActivities } from '../../../../activities/crawl/crawl.activity.ts'
import { encodeResponse } from '../../../../infra/warc.ts'
import { readArchived } from '../../../../infra/warc-read.ts'
import { advanceArchive, countArchives, listArchives } from '../../../../schema/queries/archives.ts'
import type { CrawlRecord } from '../../../../schema/queries/crawls.ts'
import { freezeCrawl } from '../../../../schema/queries/freeze.ts'
import { capturesById } from '../../../../schema/queries/lineage.ts'
import { picturesOfUrls } from '../../../../schema/queries/run-lists.ts'
import { crawlDeps } from '../../../../workers/roles/crawl-deps.ts'
import type { Runtime } from '../../../../workers/runtime.ts'
import { inActivity } from '../../../support/activity.ts'
import { importAll, offsetsOf, withoutNetwork, writeArchive } from '../../../support/archive-crawl.ts'
import { aSection, frontierOf, shaOf, startCrawl } from '../../../support/crawl.ts'
import { crawlToEnd, openTestRuntime } from '../../../support/crawler.ts'
import { useTestDatabase } from '../../../support/database.ts'
import { aPicture } from '../../../support/example-web.ts'
import { aMember, anAnswer, aRecord, type ForeignRecord } from '../../../support/foreign-archive.ts'
import { makeTestHome, removeTestHome } from '../../../support/home.ts'

const database = useTestDatabase()
const SITE = 'http://site.example'
const PNG: [string, string][] = [['Content-Type', 'image/png']]
const HTML = (body: string) => `<!doctype html><html lang="cs"><title>Mlýny</title><body>${body}`

let home = ''
let runtime: Runtime
const pictures: Record<string, Buffer> = {}

beforeAll(async () => {
  home = makeTestHome('import')
  for (const [index, name] of ['mill', 'reserved', 'abuse'].entries()) pictures[name] = await aPicture(index + 1)
  const list = path.join(home, 'list.txt')
  await writeFile(list, `${digestOf(pictures['abuse'] as Buffer)}\n`)
  runtime = await openTestRuntime(home, database.url, 9, { abuseLists: [list] })
})

afterAll(async () => {
  await runtime[Symbol.asyncDispose]()
  await removeTestHome(home)
})

const digestOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

const crawlOf = (seeds: Record<string, string[]>) => startCrawl(runtime.db, { ...aSection([]), seeds })

const page = (url: string, body: string, more: Partial<ForeignRecord> = {}) =>
  ({
    url: `${SITE}${url}`,
    block: anAnswer(HTML(body), [['Content-Type', 'text/html; charset=utf-8']]),
    ...more,
  }) as const
const picture = (url: string, name: string, headers: [string, string][] = []) =>
  ({ url: `${SITE}${url}`, block: anAnswer(pictures[name] as Buffer, [...PNG, ...headers]) }) as const

const captured = async (crawlNo: number) => {
  const rows = await sql<{ url: string; kind: string; at: number; sha: Buffer; capture_id: string }>`
    SELECT u.url, c.kind, c.source_offset::float8 AS at, c.source_sha AS sha, f.capture_id
    FROM frontier f JOIN capture c ON c.capture_id = f.capture_id JOIN url u ON u.sha = f.url_sha
    WHERE f.crawl_no = ${crawlNo} ORDER BY u.url COLLATE "C"`.execute(runtime.db)
  return rows.rows
}

test('an archive becomes pages and pictures, its broken records faults with their place, and the web is not asked', async () => {
  const parts = [
    aMember({ type: 'warcinfo', url: 'x:', block: 'software: another' }),
    aMember(
      page('/', '<img src="/mill.png" alt="Starý mlýn u řeky"><img src="/elsewhere.png" alt="Most"><a href="/b">b</a>'),
    ),
    Buffer.from('garbage'),
    aMember(picture('/mill.png', 'mill')),
    aMember(page('/broken', 'x', { digest: 'wrong' })),
    aMember(picture('/reserved.png', 'reserved', [['X-Robots-Tag', 'noimageai']])),
    aMember(picture('/abuse.png', 'abuse')),
    aMember(
      page('/quiet', 'x', {
        block: anAnswer(HTML('x'), [
          ['Content-Type', 'text/html'],
          ['X-Robots-Tag', 'noai'],
        ]),
      }),
    ),
    aMember({ url: `${SITE}/style.css`, block: anAnswer('p {}', [['Content-Type', 'text/css']]) }),
    aMember(page('/part', 'x', { fields: [['WARC-Truncated', 'length']] })),
    aMember(page('/cut', 'x')).subarray(0, -30),
  ]
  const offsets = offsetsOf(parts)
  const seed = await writeArchive(home, 'good-and-bad.warc.gz', parts)
  const crawl = await crawlOf({ cs: [seed] })
  await importAll(runtime, crawl)

  const found = await captured(crawl.crawl_no)
  expect(found.map(({ url, kind, at }) => [url.slice(SITE.length), kind, at])).toEqual([
    ['/', 'page', offsets[1]],
    ['/abuse.png', 'picture', offsets[6]],
    ['/mill.png', 'picture', offsets[3]],
    ['/quiet', 'page', offsets[7]],
    ['/reserved.png', 'picture', offsets[5]],
  ])
  expect((await frontierOf(runtime.db, crawl.crawl_no)).map(({ state, reason }) => [state, reason])).toEqual([
    ['done', null],
    ['done', 'known_abuse'],
    ['done', null],
    ['done', 'opted_out'],
    ['done', 'opted_out'],
  ])
  const { archives, faults, reasons } = await countArchives(runtime.db, crawl.crawl_no, 10)
  expect(archives).toMatchObject([{ declared: 'cs', done: true, records: 11, used: 5, faults: 4 }])
  expect(faults.map(({ at, length, reason, url }) => [at, length, reason, url])).toEqual([
    [offsets[2], 7, 'garbage', null],
    [offsets[4], parts[4]?.length, 'bad_digest', null],
    [offsets[9], parts[9]?.length, 'truncated', `${SITE}/part`],
    [offsets[10], parts[10]?.length, 'cut_off', null],
  ])
  expect(reasons.map(({ reason }) => reason)).toEqual(['bad_digest', 'cut_off', 'garbage', 'truncated'])
  await expectNoBytesOf(['reserved', 'abuse'])
  await expectRelease(crawl, seed)
})

/** A reserved picture and a known one leave their digests alone. */
async function expectNoBytesOf(names: readonly string[]): Promise<void> {
  for (const name of names)
    expect(
      await runtime.store.has(
        createHash('sha256')
          .update(pictures[name] as Buffer)
          .digest(),
      ),
    ).toBe(false)
}

/** What a release reads of the frozen crawl: its pages, what their pictures came to, and where they are from. */
async function expectRelease(crawl: CrawlRecord, seed: string): Promise<void> {
  const { db } = runtime
  const frozen = await freezeCrawl(db, crawl.crawl_no)
  expect(frozen).toMatchObject({ entries: 5, pages: 2, pictures: 3 })
  const wanted = ['/mill.png', '/elsewhere.png', '/abuse.png', '/reserved.png'].map((at) => shaOf(`${SITE}${at}`))
  const outcomes = await picturesOfUrls(db, [crawl.crawl_no], wanted)
  expect(wanted.map((sha) => outcomes.get(sha.toString('hex'))?.reason)).toEqual([
    null,
    'not_fetched',
    'known_abuse',
    'opted_out',
  ])
  const id = outcomes.get(wanted[0]?.toString('hex') ?? '')?.capture_id as string
  const capture = (await capturesById(db, [id])).get(id)
  expect(capture).toMatchObject({ source_file: seed, source_sha: Buffer.from(seed.slice(-64), 'hex') })
  const member = await runtime.store.getRange(
    capture?.warc_sha as Buffer,
    capture?.warc_offset ?? 0,
    capture?.warc_length ?? 0,
  )
  const { url, date, body } = await readArchived(member, 1 << 20)
  expect([url, date, body]).toEqual([`${SITE}/mill.png`, '2024-05-06T07:08:09.000Z', pictures['mill']])
}

test('pages of an archive are declared as its seed is', async () => {
  const crawl = await crawlOf({ und: [await writeArchive(home, 'declared.warc', [aRecord(page('/', 'x'))])] })
  await importAll(runtime, crawl)
  const site = await runtime.db.selectFrom('site').selectAll().where('crawl_no', '=', crawl.crawl_no).execute()
  expect(site).toMatchObject([{ declared: 'und', closed: true }])
})

test('an import that died goes on at the committed offset, and every record is there once', async () => {
  const many = Array.from({ length: 250 }, (_, index) => aMember(page(`/${index}`, `<p>${index}`)))
  const crawl = await crawlOf({ cs: [await writeArchive(home, 'many.warc.gz', many)] })
  const stop = new AbortController()
  const { crawlShard } = createCrawlActivities({
    ...crawlDeps(runtime),
    archive: {
      ...crawlDeps(runtime).archive,
      createSegment: () => {
        const segment = crawlDeps(runtime).archive.createSegment()
        return { ...segment, add: (member) => (stop.abort(), segment.add(member)) }
      },
    },
  })
  const [shard = 0] = await shardsOf(crawl)
  // The search for robots.txt and TDM files, which finds none here.
  await inActivity(() => crawlShard({ crawlId: crawl.id, shard }))
  await expect(inActivity(() => crawlShard({ crawlId: crawl.id, shard }), stop.signal)).rejects.toMatchObject({
    message: 'cancelled',
  })
  const [left] = await listArchives(runtime.db, crawl.crawl_no)
  expect(left).toMatchObject({ searched: true, done: false, left_bytes: (left?.bytes ?? 0) - (left?.read_bytes ?? 0) })
  expect(left?.read_bytes).toBeGreaterThan(0)
  const committed = await countOf(crawl)
  expect(committed).toMatchObject({ done: false, used: committed.captures })
  expect(committed.captures).toBeGreaterThan(0)
  await importAll(runtime, crawl)
  expect(await countOf(crawl)).toEqual({ done: true, records: 250, used: 250, captures: 250 })
})

async function countOf(crawl: CrawlRecord) {
  const captures = await sql<{ n: number }>`
    SELECT count(*)::int AS n FROM capture WHERE crawl_no = ${crawl.crawl_no}`.execute(runtime.db)
  const { archives } = await countArchives(runtime.db, crawl.crawl_no, 0)
  const { done, records, used } = archives[0] as (typeof archives)[number]
  return { done, records, used, captures: captures.rows[0]?.n ?? 0 }
}

test('a batch that was committed already is not committed again', async () => {
  const crawl = await crawlOf({ cs: [await writeArchive(home, 'twice.warc', [aRecord(page('/', 'x'))])] })
  const progress = { nextOffset: 10, done: false, records: 1, used: 0, faults: [] }
  const advance = () => runtime.db.transaction().execute((tx) => advanceArchive(tx, crawl.crawl_no, 1, 0, progress))
  expect([await advance(), await advance()]).toEqual([true, false])
  expect(await countOf(crawl)).toEqual({ done: false, records: 1, used: 0, captures: 0 })
})

async function shardsOf(crawl: CrawlRecord): Promise<number[]> {
  const round = await inActivity(() => withoutNetwork(runtime, []).planCrawlRound({ crawlId: crawl.id }))
  return round.kind === 'work' ? round.shards : []
}

test('the newest record of a URL stands, whichever archive and place it is in', async () => {
  const old = page('/', 'old', { date: '2020-01-01T00:00:00Z' })
  const recent = page('/', 'new', { date: '2021-01-01T00:00:00Z' })
  const both = await writeArchive(home, 'both.warc', [aRecord(recent), aRecord(old)])
  const later = await writeArchive(home, 'later.warc', [aRecord(old)])
  const crawl = await crawlOf({ cs: [both, later] })
  await importAll(runtime, crawl)
  const [first, ...others] = await captured(crawl.crawl_no)
  expect(others).toEqual([])
  expect((await capturesById(runtime.db, [first?.capture_id ?? ''])).get(first?.capture_id ?? '')?.fetched_at).toEqual(
    new Date('2021-01-01T00:00:00Z'),
  )
})

test('a revisit that reserves what it confirms is the newest word on it, one that says nothing changes nothing', async () => {
  const revisit = (url: string, headers: [string, string][], date: string): Partial<ForeignRecord> => ({
    type: 'revisit',
    url: `${SITE}${url}`,
    date,
    block: anAnswer('', headers),
  })
  const parts = [
    aMember(revisit('/p.png', [['X-Robots-Tag', 'noimageai']], '2025-01-01T00:00:00Z')),
    aMember(page('/', '<img src="/p.png" alt="Most"><img src="/q.png" alt="Les">')),
    aMember({ ...picture('/p.png', 'mill') }),
    aMember({ ...picture('/q.png', 'mill') }),
    aMember(revisit('/q.png', [['X-Robots-Tag', 'noimageai']], '2020-01-01T00:00:00Z')),
    aMember(revisit('/', [['ETag', '"1"']], '2025-01-01T00:00:00Z')),
  ]
  const crawl = await crawlOf({ cs: [await writeArchive(home, 'revisits.warc.gz', parts)] })
  await importAll(runtime, crawl)
  const rows = await frontierOf(runtime.db, crawl.crawl_no)
  expect(rows.map(({ url, reason }) => [url.slice(SITE.length), reason])).toEqual([
    ['/', null],
    ['/p.png', 'opted_out'],
    ['/q.png', null],
  ])
  await freezeCrawl(runtime.db, crawl.crawl_no)
  const outcomes = await picturesOfUrls(
    runtime.db,
    [crawl.crawl_no],
    ['/p.png', '/q.png'].map((at) => shaOf(`${SITE}${at}`)),
  )
  expect(['/p.png', '/q.png'].map((at) => outcomes.get(shaOf(`${SITE}${at}`).toString('hex'))?.reason)).toEqual([
    'opted_out',
    null,
  ])
})

test("what a crawl has archived is taken from its own segments as from another's", async () => {
  const body = Buffer.from(HTML('<p>vlastní'))
  const own = await encodeResponse({
    url: `${SITE}/own`,
    startedAt: Date.UTC(2026, 0, 1),
    remoteAddress: '127.0.0.1',
    status: 200,
    statusText: 'OK',
    headers: [['content-type', 'text/html']],
    rawBody: body,
    contentCodings: [],
    body,
    bodySha256: digestOf(body),
  })
  const crawl = await crawlOf({ cs: [await writeArchive(home, 'own.warc.gz', [own])] })
  expect(await crawlToEnd(runtime, crawl.id)).toBe('finished')
  expect((await captured(crawl.crawl_no)).map(({ url, kind, at }) => [url, kind, at])).toEqual([
    [`${SITE}/own`, 'page', 0],
  ])
})

test('a file that is another than the spec named is refused', async () => {
  const seed = await writeArchive(home, 'changed.warc', [aRecord(page('/', 'x'))])
  const crawl = await crawlOf({ cs: [seed] })
  await writeArchive(home, 'changed.warc', [aRecord(page('/', 'y'))])
  const [shard = 0] = await shardsOf(crawl)
  await expect(
    inActivity(() => withoutNetwork(runtime, []).crawlShard({ crawlId: crawl.id, shard })),
  ).rejects.toMatchObject({
    type: 'ARCHIVE_CHANGED',
    nonRetryable: true,
  })
})
