import { readFileSync } from 'node:fs'
import path from 'node:path'
import zlib from 'node:zlib'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { countArchives } from '../../../../schema/queries/archives.ts'
import type { CrawlRecord } from '../../../../schema/queries/crawls.ts'
import type { Runtime } from '../../../../workers/runtime.ts'
import { importAll, writeArchive } from '../../../support/archive-crawl.ts'
import { aSection, startCrawl } from '../../../support/crawl.ts'
import { crawlToEnd, openTestRuntime } from '../../../support/crawler.ts'
import { useTestDatabase } from '../../../support/database.ts'
import { aPicture, type ExampleWeb, html, png, serveWeb } from '../../../support/example-web.ts'
import { makeTestHome, removeTestHome } from '../../../support/home.ts'

/** Written by warcio: request, response and metadata of each exchange, revisits, codings that were left in. */
const WARCIO = readFileSync(path.resolve(import.meta.dirname, '../../../support/archives/common-crawl.warc.gz'))
const SITE = 'http://mlyny.example'

const database = useTestDatabase()
let home = ''
let runtime: Runtime
let web: ExampleWeb

beforeAll(async () => {
  home = makeTestHome('foreign')
  web = await serveWeb(await aSite())
  runtime = await openTestRuntime(home, database.url, web.port)
})

afterAll(async () => {
  await runtime[Symbol.asyncDispose]()
  await web[Symbol.asyncDispose]()
  await removeTestHome(home)
})

async function imported(name: string, parts: readonly Buffer[]): Promise<CrawlRecord> {
  const crawl = await startCrawl(runtime.db, aSection([await writeArchive(home, name, parts)]))
  await importAll(runtime, crawl)
  return crawl
}

/** Path, kind (null of what was kept out), reason and place of each URL. */
async function ends({ crawl_no: crawlNo }: CrawlRecord) {
  const { rows } = await sql<{ url: string; kind: string | null; reason: string | null; at: number | null }>`
    SELECT u.url, c.kind, f.reason, c.source_offset::float8 AS at FROM frontier f JOIN url u ON u.sha = f.url_sha
    LEFT JOIN capture c ON c.capture_id = f.capture_id WHERE f.crawl_no = ${crawlNo} ORDER BY u.url COLLATE "C"`.execute(
    runtime.db,
  )
  return rows.map(({ url, ...rest }) => ({ path: url.replace(SITE, ''), ...rest }))
}

/** What a crawl says of the web, without where it stands; sitemaps are no entries of archives. */
async function said({ crawl_no: crawlNo }: CrawlRecord) {
  const { rows } = await sql`
    SELECT u.url, c.kind, c.status, encode(c.body_sha, 'hex') AS body, c.signals, c.reserved, c.media_type, t.url AS redirects_to, f.reason, f.detail
    FROM frontier f JOIN url u ON u.sha = f.url_sha JOIN capture c ON c.capture_id = f.capture_id LEFT JOIN url t ON t.sha = c.redirect_sha
    WHERE f.crawl_no = ${crawlNo} AND c.kind <> 'sitemap' ORDER BY u.url COLLATE "C"`.execute(runtime.db)
  return rows
}

/** Where the response of a URL begins, in a file of one gzip member a record. */
function offsetOf(bytes: Buffer, url: string): number {
  for (let at = 0; at >= 0; at = bytes.indexOf(MEMBER, at + 1)) {
    const plain = zlib.gunzipSync(bytes.subarray(at)).toString('latin1')
    const head = plain.slice(0, plain.indexOf('\r\n\r\n') + 2)
    if (head.includes('WARC-Type: response\r\n') && head.includes(`WARC-Target-URI: ${url}\r\n`)) return at
  }
  throw new Error(`no response of ${url}`)
}
/** No other bytes of the file look like this. */
const MEMBER = Buffer.from('1f8b0800', 'hex')

const ENDS: [path: string, kind: string | null, reason: string | null][] = [
  ['/', 'page', null],
  ['/.well-known/tdmrep.json', 'tdmrep', null],
  ['/1.png', 'picture', null],
  ['/2.png', 'picture', null],
  ['/3.png', 'picture', null],
  ['/4.png', 'picture', null],
  ['/5.png', 'picture', null],
  ['/6.png', 'picture', null],
  ['/7.png', 'picture', null],
  ['/8.png', 'picture', null],
  ['/hlavicka', 'page', 'opted_out'],
  ['/most', 'page', null],
  ['/pryc', 'other', 'http_error'],
  ['/reka', 'page', null],
  ['/robots.txt', 'robots', null],
  ['/soukrome/plan', null, 'robots_disallowed'],
  ['/stare/foto', 'page', 'opted_out'],
  ['/stary-most', 'other', null],
  ['/tdm/kniha', 'page', 'opted_out'],
]

const withoutPlaces = (rows: Awaited<ReturnType<typeof ends>>) =>
  rows.map(({ path: at, kind, reason }) => [at, kind, reason])

test("an archive of warcio's in Common Crawl's form is read, codings undone, owners heard, each response at its place", async () => {
  const crawl = await imported('common-crawl.warc.gz', [WARCIO])
  const found = await ends(crawl)
  expect(withoutPlaces(found)).toEqual(ENDS)
  for (const { path: at, at: place } of found.filter(({ kind }) => kind !== null))
    expect([at, place]).toEqual([at, offsetOf(WARCIO, `${SITE}${at}`)])
  const { faults, archives } = await countArchives(runtime.db, crawl.crawl_no, 10)
  expect(faults.map(({ at, reason, url }) => [at, reason, url])).toEqual([
    [offsetOf(WARCIO, `${SITE}/dlouha`), 'truncated', `${SITE}/dlouha`],
  ])
  expect(archives).toMatchObject([{ done: true, used: 18, faults: 1 }])
})

test('the same records uncompressed give the same; a file that is one gzip member is refused with its reason', async () => {
  const plain = zlib.gunzipSync(WARCIO)
  const rows = await said(await imported('again.warc.gz', [WARCIO]))
  expect(await said(await imported('plain.warc', [plain]))).toEqual(rows)
  const crawl = await imported('whole.warc.gz', [zlib.gzipSync(plain)])
  expect(await ends(crawl)).toEqual([])
  const { faults } = await countArchives(runtime.db, crawl.crawl_no, 10)
  expect(faults.map(({ at, reason }) => [at, reason])).toEqual([[0, 'many_records']])
})

test('what is broken inside is counted where it stands, and everything around it is used', async () => {
  const [broken, next] = ['/most', '/reka'].map((at) => offsetOf(WARCIO, `${SITE}${at}`)) as [number, number]
  const damaged = Buffer.from(WARCIO)
  damaged.fill(0x55, broken + 200, broken + 260)
  const arc =
    'filedesc://IA-001102.arc 0.0.0.0 19960923142103 text/plain 76\n1 0 Alexa Internet\n\nhttp://a.example/ 192.0.2.1 19970417175710 text/html 4\nx\n\n'
  const parts = [
    Buffer.from(arc),
    damaged.subarray(0, next),
    zlib.gzipSync(arc),
    damaged.subarray(next),
    WARCIO.subarray(0, 200),
  ]
  const crawl = await imported('damaged.warc.gz', parts)
  expect(withoutPlaces(await ends(crawl))).toEqual(ENDS.filter(([at]) => at !== '/most'))
  const { faults } = await countArchives(runtime.db, crawl.crawl_no, 10)
  const shift = Buffer.byteLength(arc)
  const later = shift + zlib.gzipSync(arc).length
  expect(faults.map(({ at, reason }) => [at, reason])).toEqual([
    [0, 'garbage'],
    [broken + shift, 'bad_gzip'],
    [next + shift, 'bad_head'],
    [offsetOf(WARCIO, `${SITE}/dlouha`) + later, 'truncated'],
    [WARCIO.length + later, 'cut_off'],
  ])
})

/** A site with all that a crawl archives: files, pages in several codings, a redirect, a gone page, owners' words. */
async function aSite() {
  const pictures = [await aPicture(1), await aPicture(2)] as const
  const own: Record<string, ReturnType<typeof html>> = {
    '/robots.txt': {
      headers: { 'content-type': 'text/plain' },
      body: 'User-agent: *\nDisallow: /no\nContent-Signal: /signal ai-train=no\n',
    },
    '/.well-known/tdmrep.json': {
      headers: { 'content-type': 'application/json' },
      body: '[{"location":"/tdm","tdm-reservation":1}]',
    },
    '/': html(
      '<p>Úvod</p><img src="/1.png" alt="Mlýn">' +
        ['a', 'moved', 'gone', 'no', 'signal', 'tdm', 'quiet'].map((to) => `<a href="/${to}">${to}</a>`).join(''),
    ),
    '/a': {
      headers: { 'content-type': 'text/html', 'content-encoding': 'gzip' },
      body: '<p>Balené</p><img src="/2.png" alt="Les">',
    },
    '/moved': { status: 301, headers: { location: '/a' } },
    '/gone': { status: 410, body: 'pryč' },
    '/signal': html('<p>Znamení</p>'),
    '/tdm': html('<p>Kniha</p>'),
    '/quiet': { headers: { 'content-type': 'text/html', 'x-robots-tag': 'noai' }, body: '<p>Ne</p>' },
    '/1.png': png(pictures[0]),
    '/2.png': png(pictures[1]),
  }
  return (url: string) => own[url.replace(SITE, '')]
}

test('what a crawl of ours has archived is read back with the same outcomes', async () => {
  const live = await startCrawl(runtime.db, aSection([`${SITE}/`]))
  expect(await crawlToEnd(runtime, live.id)).toBe('finished')
  const { rows } = await sql<{ sha: Buffer }>`SELECT DISTINCT warc_sha AS sha FROM capture
    WHERE crawl_no = ${live.crawl_no} AND warc_sha IS NOT NULL ORDER BY 1`.execute(runtime.db)
  const segments = await Promise.all(rows.map(({ sha }) => runtime.store.get(sha)))
  const crawl = await imported('own.warc.gz', segments)
  const before = await said(live)
  expect(before.length).toBe(11)
  expect(await said(crawl)).toEqual(before)
  expect((await countArchives(runtime.db, crawl.crawl_no, 10)).faults).toEqual([])
})
