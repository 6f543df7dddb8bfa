import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import zlib from 'node:zlib'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readWarcRecord, readWarcResponse } from '../../../../infra/warc-read.ts'
import { freezeCrawl } from '../../../../schema/queries/freeze.ts'
import { aSection, frontierOf, startCrawl } from '../../../support/crawl.ts'
import { crawlToEnd, openTestRuntime } from '../../../support/crawler.ts'
import { useTestDatabase } from '../../../support/database.ts'
import { aPicture, type Answer, type ExampleWeb, html, png, serveWeb } from '../../../support/example-web.ts'
import { makeTestHome, removeTestHome } from '../../../support/home.ts'
import type { Runtime } from '../../../../workers/runtime.ts'

const database = useTestDatabase()
const MAIN = 'http://main.example'
const SEEDS = [`${MAIN}/`, 'http://down.example/', 'http://slow.example/', 'http://deny.example/']
const SECTION = aSection(SEEDS, {
  limits: { max_body_mib: 1, seconds_per_page: 1, give_up_hours: 1 },
  politeness: { per_host: 4, per_address: 16 },
})

let home = ''
let web: ExampleWeb
let runtime: Runtime
let crawlNo = 0
const pictures: Record<string, Buffer> = {}
let busy = 0

const PAGES: Record<string, () => Answer | null> = {
  [`${MAIN}/robots.txt`]: () => ({
    headers: { 'content-type': 'text/plain' },
    body: `User-agent: *\nDisallow: /private/\nSitemap: ${MAIN}/map.xml\n`,
  }),
  [`${MAIN}/map.xml`]: () => ({
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>${MAIN}/listed</loc></url></urlset>`,
  }),
  [`${MAIN}/`]: () =>
    html(
      ['private/x', 'gone', 'busy', 'moved', 'away', 'big', 'quiet', 'hushed']
        .map((to) => `<a href="/${to}">x</a>`)
        .join('') +
        `<img src="http://pics.example/p.png" alt="Hrad nad řekou"><img src="/reserved.png" alt="Most"><img src="/abuse.png" alt="Dům">`,
    ),
  [`${MAIN}/listed`]: () => html('jen v mapě', { 'content-encoding': 'gzip' }),
  [`${MAIN}/busy`]: () => ((busy += 1) === 1 ? { status: 429, headers: { 'retry-after': '1' } } : html('klid')),
  [`${MAIN}/moved`]: () => ({ status: 301, headers: { location: '/target' } }),
  [`${MAIN}/target`]: () => html('cíl'),
  [`${MAIN}/away`]: () => ({ status: 302, headers: { location: 'http://outside.example/' } }),
  [`${MAIN}/big`]: () => html('x'.repeat(3 << 20)),
  [`${MAIN}/quiet`]: () => html('<img src="/under-quiet.png" alt="Les">', { 'x-robots-tag': 'noai' }),
  [`${MAIN}/hushed`]: () => html('<meta name="robots" content="noai"><img src="/under-hushed.png" alt="Pole">'),
  [`${MAIN}/reserved.png`]: () => png(pictures['reserved'] as Buffer, { 'x-robots-tag': 'noimageai' }),
  [`${MAIN}/abuse.png`]: () => png(pictures['abuse'] as Buffer),
  'http://pics.example/p.png': () => png(pictures['shown'] as Buffer),
  'http://down.example/robots.txt': () => ({ status: 503, body: 'later' }),
  'http://slow.example/': () => null,
  'http://deny.example/robots.txt': () => ({ body: 'User-agent: *\nDisallow: /' }),
}

beforeAll(async () => {
  home = makeTestHome('crawl')
  for (const [index, name] of ['shown', 'reserved', 'abuse'].entries()) pictures[name] = await aPicture(index + 1)
  const list = path.join(home, 'list.txt')
  await writeFile(list, `# known\n${digestOf(pictures['abuse'] as Buffer)}\n`)
  web = await serveWeb((url) => PAGES[url]?.())
  runtime = await openTestRuntime(home, database.url, web.port, { concurrency: 16, abuseLists: [list] })
  const crawl = await startCrawl(runtime.db, SECTION)
  crawlNo = crawl.crawl_no
  expect(await crawlToEnd(runtime, crawl.id)).toBe('finished')
})

afterAll(async () => {
  await runtime[Symbol.asyncDispose]()
  await web[Symbol.asyncDispose]()
  await removeTestHome(home)
})

const digestOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

test('every URL ends where its answer leads', async () => {
  const ends = (await frontierOf(database.as('auditor'), crawlNo)).map((row) => [row.url, row.state, row.reason])
  expect(ends).toEqual([
    ['http://deny.example/', 'excluded', 'robots_disallowed'],
    ['http://deny.example/robots.txt', 'done', null],
    ['http://down.example/', 'excluded', 'robots_unreachable'],
    ['http://down.example/robots.txt', 'done', null],
    [`${MAIN}/`, 'done', null],
    [`${MAIN}/.well-known/tdmrep.json`, 'done', null],
    [`${MAIN}/abuse.png`, 'done', 'known_abuse'],
    [`${MAIN}/away`, 'failed', 'redirect_out_of_scope'],
    [`${MAIN}/big`, 'failed', 'too_large'],
    [`${MAIN}/busy`, 'done', null],
    [`${MAIN}/gone`, 'done', 'http_error'],
    [`${MAIN}/hushed`, 'done', 'opted_out'],
    [`${MAIN}/listed`, 'done', null],
    [`${MAIN}/map.xml`, 'done', null],
    [`${MAIN}/moved`, 'done', null],
    [`${MAIN}/private/x`, 'excluded', 'robots_disallowed'],
    [`${MAIN}/quiet`, 'done', 'opted_out'],
    [`${MAIN}/reserved.png`, 'done', 'opted_out'],
    [`${MAIN}/robots.txt`, 'done', null],
    [`${MAIN}/target`, 'done', null],
    ['http://pics.example/.well-known/tdmrep.json', 'done', null],
    ['http://pics.example/p.png', 'done', null],
    ['http://pics.example/robots.txt', 'done', null],
    ['http://slow.example/', 'failed', 'timeout'],
    ['http://slow.example/.well-known/tdmrep.json', 'done', null],
    ['http://slow.example/robots.txt', 'done', null],
  ])
})

test('nothing is asked for that robots, opt-outs or the scope keep out', () => {
  const asked = new Set(web.requests)
  const forbidden = ['/private/x', '/under-quiet.png', '/under-hushed.png']
  expect(forbidden.filter((target) => asked.has(target))).toEqual([])
  expect(web.log.filter((one) => /^http:\/\/(outside|down|deny)\.example\/$/.test(one.url))).toEqual([])
})

test('a host that says 429 is asked again, and its last answer counts', async () => {
  const answers = web.log.filter((one) => one.url === `${MAIN}/busy`).map((one) => one.status)
  expect(answers).toEqual([429, 200])
})

test('each answer of the site is a capture with its status and body digest: robots, redirects, errors and retries, too', async () => {
  const captures = await sql<{ url: string; status: number; digest: string }>`
    SELECT u.url, c.status, encode(c.body_sha, 'hex') AS digest FROM capture c JOIN url u ON u.sha = c.url_sha
    WHERE c.crawl_no = ${crawlNo}`.execute(runtime.db)
  const lines = (rows: { url: string; status: number; digest: string }[]) =>
    rows.map((row) => `${row.url} ${row.status} ${row.digest}`).toSorted()
  // Of a body beyond the limit there is no answer to keep.
  const answered = web.log.filter((one) => one.url !== `${MAIN}/big`)
  expect(lines(captures.rows)).toEqual(lines(answered))
})

test('each capture lies in a WARC segment as a whole record with the served body, but reserved and abusive pictures', async () => {
  const captures = await sql<{
    url: string
    status: number
    sha: Buffer
    body: string
    offset: string
    length: number
  }>`
    SELECT u.url, c.status, c.warc_sha AS sha, encode(c.body_sha, 'hex') AS body, c.warc_offset AS offset, c.warc_length AS length
    FROM capture c JOIN url u ON u.sha = c.url_sha WHERE c.crawl_no = ${crawlNo}`.execute(runtime.db)
  const without: string[] = []
  for (const { url, status, sha, body, offset, length } of captures.rows) {
    if (sha === null) {
      without.push(url)
      continue
    }
    const member = await runtime.store.getRange(sha, Number(offset), length)
    const record = await readWarcResponse(readWarcRecord(member), 1 << 24)
    expect({ url: record.url, status: record.status, body: digestOf(record.body) }).toEqual({ url, status, body })
    // One whole member and nothing more.
    expect(zlib.gunzipSync(member).lastIndexOf('WARC/1.1\r\n')).toBe(0)
  }
  expect(without.toSorted()).toEqual([`${MAIN}/abuse.png`, `${MAIN}/reserved.png`])
})

test('no byte of a reserved or abusive picture is in the store, in no archive either', async () => {
  const folder = path.join(home, 'store', 'objects')
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((one) => one.isFile())
  expect(files.length).toBeGreaterThan(2)
  const found: string[] = []
  for (const file of files) {
    const stored = await readFile(path.join(file.parentPath, file.name))
    const bytes = stored.readUInt16BE(0) === 0x1f8b ? zlib.gunzipSync(stored) : stored
    for (const [name, picture] of Object.entries(pictures)) if (bytes.includes(picture.subarray(40))) found.push(name)
  }
  // In its own object, and in the archive.
  expect(found).toEqual(['shown', 'shown'])
})

test('a reserved or abusive picture leaves its digest, its size and why', async () => {
  const evidence =
    await sql`SELECT u.url, c.reserved, c.abuse IS NOT NULL AS listed, c.body_bytes::int AS bytes, encode(c.body_sha, 'hex') AS digest,
      c.signals FROM capture c JOIN url u ON u.sha = c.url_sha
    WHERE c.crawl_no = ${crawlNo} AND c.warc_sha IS NULL ORDER BY u.url`.execute(runtime.db)
  const of = (name: string) => ({ bytes: pictures[name]?.length, digest: digestOf(pictures[name] as Buffer) })
  expect(evidence.rows).toEqual([
    { url: `${MAIN}/abuse.png`, reserved: false, listed: true, signals: [], ...of('abuse') },
    {
      url: `${MAIN}/reserved.png`,
      reserved: true,
      listed: false,
      signals: [{ signal: 'noimageai', value: '', raw: 'X-Robots-Tag: noimageai', where: 'header', agent: null }],
      ...of('reserved'),
    },
  ])
})

test('a picture on a host of its own is asked for under the robots and the TDM file of that host', () => {
  expect(web.log.filter((one) => one.url.startsWith('http://pics.example')).map((one) => one.url)).toEqual([
    'http://pics.example/robots.txt',
    'http://pics.example/.well-known/tdmrep.json',
    'http://pics.example/p.png',
  ])
})

test('crawls with other concurrency freeze to the same digest', async () => {
  const seeds = [`${MAIN}/`, 'http://deny.example/']
  const digests: string[] = []
  for (const [concurrency, perHost] of [
    [1, 1],
    [24, 8],
  ] as const) {
    busy = 0
    const own = await openTestRuntime(home, database.url, web.port, { concurrency })
    const section = aSection(seeds, {
      limits: SECTION.limits,
      politeness: { per_host: perHost, per_address: perHost },
    })
    const crawl = await startCrawl(own.db, section)
    await crawlToEnd(own, crawl.id)
    const { digest, entries } = await freezeCrawl(own.db, crawl.crawl_no)
    digests.push(`${entries} ${digest.toString('hex')}`)
    await own[Symbol.asyncDispose]()
  }
  expect(new Set(digests).size).toBe(1)
  expect(digests[0]).toMatch(/^18 /)
})
