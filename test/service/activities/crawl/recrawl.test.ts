import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { readWarcRecord } from '../../../../infra/warc-read.ts'
import { freezeCrawl, type FrozenSummary } from '../../../../schema/queries/freeze.ts'
import { aSection, startCrawl } from '../../../support/crawl.ts'
import { crawlToEnd, openTestRuntime } from '../../../support/crawler.ts'
import { useTestDatabase } from '../../../support/database.ts'
import { aPicture, type Answer, type ExampleWeb, html, png, serveWeb } from '../../../support/example-web.ts'
import { makeTestHome, removeTestHome } from '../../../support/home.ts'
import type { Runtime } from '../../../../workers/runtime.ts'

const database = useTestDatabase()
const SITE = 'http://site.example'

let home = ''
let web: ExampleWeb
let runtime: Runtime
let picture: Buffer
let pages: Record<string, Answer> = {}

beforeAll(async () => {
  home = makeTestHome('recrawl')
  picture = await aPicture(7)
  web = await serveWeb((url) => pages[url])
  runtime = await openTestRuntime(home, database.url, web.port, { concurrency: 8 })
})

beforeEach(() => {
  pages = {
    [`${SITE}/robots.txt`]: { body: `User-agent: *\nSitemap: ${SITE}/map.xml\n` },
    [`${SITE}/map.xml`]: known({
      headers: { 'content-type': 'application/xml' },
      body: `<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>${SITE}/listed</loc></url></urlset>`,
    }),
    [`${SITE}/`]: known(html('<a href="/next">x</a><a href="/gone">x</a>', { 'content-encoding': 'gzip' })),
    [`${SITE}/next`]: known(html(`<img src="${SITE}/p.png" alt="Hrad nad řekou"><img src="/r.png" alt="Most">`)),
    [`${SITE}/listed`]: known(html('<img src="/q.png" alt="Les">', { 'x-robots-tag': 'noai' })),
    [`${SITE}/p.png`]: known(png(picture)),
    [`${SITE}/r.png`]: known(png(Buffer.concat([picture, Buffer.from('r')]), { 'x-robots-tag': 'noimageai' })),
  }
  web.log.length = 0
})

afterAll(async () => {
  await runtime[Symbol.asyncDispose]()
  await web[Symbol.asyncDispose]()
  await removeTestHome(home)
})

/** An answer that its server knows again. */
function known(answer: Answer, again: Record<string, string> = {}): Answer {
  const etag = `"${createHash('sha256')
    .update(answer.body ?? '')
    .digest('hex')
    .slice(0, 12)}"`
  return { ...answer, headers: { ...answer.headers, etag }, again: { etag, ...again } }
}

interface Crawled {
  crawlNo: number
  summary: FrozenSummary
  /** What the site answered, without robots.txt. */
  answers: Record<string, number>
}

/** Crawls the section once more, as `crawl start --again` does; `section` tells one test's crawls from another's. */
async function crawlOnce(section: string): Promise<Crawled> {
  web.log.length = 0
  const crawl = await startCrawl(
    runtime.db,
    aSection([`${SITE}/`], { politeness: { per_host: 4, user_agent: `test-bot (+https://test.example/${section})` } }),
  )
  expect(await crawlToEnd(runtime, crawl.id)).toBe('finished')
  const summary = await freezeCrawl(runtime.db, crawl.crawl_no)
  const answers = web.log
    .filter(({ url }) => !url.endsWith('/robots.txt'))
    .map(({ url, status }) => [url.slice(SITE.length), status])
  return { crawlNo: crawl.crawl_no, summary, answers: Object.fromEntries(answers) as Record<string, number> }
}

const TDM_FILE = '/.well-known/tdmrep.json'
const FIRST = {
  [TDM_FILE]: 404,
  '/': 200,
  '/gone': 404,
  '/listed': 200,
  '/map.xml': 200,
  '/next': 200,
  '/p.png': 200,
  '/r.png': 200,
}
/** Of a reserved picture the archive has no body that a 304 could stand for. */
const UNCHANGED = { ...FIRST, '/': 304, '/listed': 304, '/map.xml': 304, '/next': 304, '/p.png': 304 }

async function capturesOf(crawlNo: number) {
  const rows = await sql<{
    path: string
    kind: string
    status: number
    body: string
    reserved: boolean
    signals: { signal: string }[]
    confirms: string | null
    warc_sha: Buffer | null
    revisit_sha: Buffer | null
    revisit_offset: number
    revisit_length: number
  }>`
    SELECT substr(u.url, ${SITE.length + 1}) AS path, c.kind, c.status, encode(c.body_sha, 'hex') AS body, c.reserved, c.signals,
      c.confirms, c.warc_sha, c.revisit_sha, c.revisit_offset::int AS revisit_offset, c.revisit_length
    FROM capture c JOIN url u ON u.sha = c.url_sha WHERE c.crawl_no = ${crawlNo} ORDER BY u.url COLLATE "C"`.execute(
    runtime.db,
  )
  return rows.rows
}

test('an unchanged site answers 304, and its crawl has the digest of the one before, the third time too', async () => {
  const first = await crawlOnce('unchanged')
  const second = await crawlOnce('unchanged')
  const third = await crawlOnce('unchanged')
  expect([first.answers, second.answers, third.answers]).toEqual([FIRST, UNCHANGED, UNCHANGED])
  expect([second.summary, third.summary]).toEqual([first.summary, first.summary])
})

test('a 304 is a capture of what it confirms, with a revisit record in the archive', async () => {
  const first = await crawlOnce('records')
  const second = await crawlOnce('records')
  const bare = (captures: Awaited<ReturnType<typeof capturesOf>>) =>
    captures.map(({ path, kind, status, body, reserved, signals, warc_sha }) => ({
      path,
      kind,
      status,
      body,
      reserved,
      signals,
      warc: path === '/r.png' ? null : ['/gone', '/robots.txt', TDM_FILE].includes(path) ? 'its own' : warc_sha,
    }))
  expect(bare(await capturesOf(second.crawlNo))).toEqual(bare(await capturesOf(first.crawlNo)))
  const revisits = (await capturesOf(second.crawlNo)).filter(({ confirms }) => confirms !== null)
  expect(revisits.map(({ path }) => path)).toEqual(['/', '/listed', '/map.xml', '/next', '/p.png'])
  for (const one of revisits) {
    const member = await runtime.store.getRange(one.revisit_sha as Buffer, one.revisit_offset, one.revisit_length)
    const record = readWarcRecord(member)
    expect([record.type, record.targetUri, record.block.subarray(0, 12).toString()]).toEqual([
      'revisit',
      `${SITE}${one.path}`,
      'HTTP/1.1 304',
    ])
  }
})

test('a page that changed is read anew, and leads where it leads now', async () => {
  const first = await crawlOnce('changed')
  pages[`${SITE}/next`] = known(html('<a href="/new">x</a>'))
  pages[`${SITE}/new`] = known(html('nová'))
  const second = await crawlOnce('changed')
  const { '/p.png': _p, '/r.png': _r, ...others } = UNCHANGED
  expect(second.answers).toEqual({ ...others, '/next': 200, '/new': 200 })
  expect(second.summary.digest).not.toEqual(first.summary.digest)
})

test('opt-out signals of a 304 are those of what it confirms, unless it sends them anew', async () => {
  await crawlOnce('signals')
  pages[`${SITE}/listed`] = known(html('<img src="/q.png" alt="Les">', { 'x-robots-tag': 'noai' }), {
    'x-robots-tag': 'all',
  })
  pages[`${SITE}/p.png`] = known(png(picture), { 'x-robots-tag': 'noimageai' })
  for (const round of [2, 3]) {
    const { crawlNo, answers } = await crawlOnce('signals')
    const captures = await capturesOf(crawlNo)
    const signalsOf = (path: string) => {
      const capture = captures.find((one) => one.path === path)
      return [capture?.reserved, capture?.signals.map(({ signal }) => signal)]
    }
    expect(answers['/listed']).toBe(304)
    // Reserved since the second crawl, it has no archived body in that one: the third asks without condition.
    expect(answers['/p.png']).toBe(round === 2 ? 304 : 200)
    expect(signalsOf('/listed')).toEqual([false, ['all']])
    if (round === 2) expect(signalsOf('/p.png')).toEqual([true, ['noimageai']])
    expect(answers['/q.png']).toBe(404)
    // What the second crawl's 304 sent anew holds for the third, whose 304 says nothing of it.
    pages[`${SITE}/listed`] = known(html('<img src="/q.png" alt="Les">', { 'x-robots-tag': 'noai' }))
  }
})

test('a body that the store has lost is fetched again', async () => {
  const first = await crawlOnce('lost')
  const page = (await capturesOf(first.crawlNo)).find(({ path }) => path === '/next')
  await rm(runtime.store.locate(page?.warc_sha as Buffer))
  const second = await crawlOnce('lost')
  const asked = web.log.filter(({ url }) => url === `${SITE}/next`).map(({ status }) => status)
  expect([asked, second.summary]).toEqual([[304, 200], first.summary])
  const again = (await capturesOf(second.crawlNo)).find(({ path }) => path === '/next')
  expect([again?.confirms, again?.warc_sha?.equals(page?.warc_sha as Buffer)]).toEqual([null, false])
})

test('a crawl of another section asks without conditions', async () => {
  await crawlOnce('one')
  expect((await crawlOnce('other')).answers).toEqual(FIRST)
})
