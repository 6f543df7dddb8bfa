import { beforeAll, describe, expect, test } from 'vitest'
import { freezeCrawl } from '../../../../schema/queries/freeze.ts'
import { fixRunLists, pagesOfShard, picturesOfShard, picturesOfUrls } from '../../../../schema/queries/run-lists.ts'
import { aCapturedCrawl, type CapturedUrl } from '../../../support/captured-crawl.ts'
import { shaOf } from '../../../support/crawl.ts'
import { inSession, useTestDatabase } from '../../../support/database.ts'
import { digestOf } from '../../../support/facts.ts'

const database = useTestDatabase()
const db = () => database.as('writer')
let lastRun = 0

/** Foreign keys lead to a release's run, of which these tests need no more than the row. */
beforeAll(async () => {
  await inSession(database.url, async (client) => {
    await client.query('SET session_replication_role = replica')
    await client.query(
      `INSERT INTO release_run (release_no, again, shard_size) SELECT 1, false, 100 FROM generate_series(1, 99)`,
    )
  })
})

async function frozen(...crawls: CapturedUrl[][]): Promise<number[]> {
  const numbers = []
  for (const urls of crawls) {
    const { crawl_no: no } = await aCapturedCrawl(db(), urls)
    await freezeCrawl(db(), no)
    numbers.push(no)
  }
  return numbers
}

const nextRun = () => String((lastRun += 1))
const at = (path: string) => `http://a.example/${path}`
const picture = (path: string, more: Partial<CapturedUrl> = {}): CapturedUrl => ({
  url: at(path),
  kind: 'picture',
  body: path,
  ...more,
})
const byDigest = (bodies: string[]) => bodies.toSorted((a, b) => Buffer.compare(digestOf(a), digestOf(b)))

describe('the pages of a run', () => {
  test('are numbered by crawl in the order of the spec, then by body, then by URL', async () => {
    // The page that is last by URL is first by its body.
    const [least = '', most = ''] = byDigest(['one', 'other'])
    const crawls = await frozen(
      [
        { url: at('b'), body: most },
        { url: at('a'), body: most },
        { url: at('c'), body: least },
      ],
      [
        { url: at('d'), body: least },
        { url: at('b'), body: 'changed' },
      ],
    )
    const run = nextRun()
    expect(await fixRunLists(db(), run, crawls)).toEqual({ pages: 4, pictures: 0 })
    const pages = await pagesOfShard(db(), run, 0, 10)
    expect(pages.map(({ page_no, url, body_sha }) => [page_no, url, body_sha])).toEqual([
      [0, at('c'), digestOf(least)],
      [1, at('a'), digestOf(most)],
      [2, at('b'), digestOf(most)],
      [3, at('d'), digestOf(least)],
    ])
  })

  test('of another order of crawls are other ones', async () => {
    const crawls = await frozen([{ url: at('a'), body: 'first' }], [{ url: at('a'), body: 'second' }])
    const run = nextRun()
    await fixRunLists(db(), run, crawls.toReversed())
    expect((await pagesOfShard(db(), run, 0, 10)).map(({ body_sha }) => body_sha)).toEqual([digestOf('second')])
  })

  test('are those that were read as pages', async () => {
    const crawls = await frozen([
      { url: at('page') },
      { url: at('empty'), capture: { extractInput: null } },
      { url: at('robots.txt'), kind: 'robots', capture: { extractInput: digestOf('x') } },
    ])
    const run = nextRun()
    await fixRunLists(db(), run, crawls)
    expect((await pagesOfShard(db(), run, 0, 10)).map(({ url }) => url)).toEqual([at('page')])
  })

  test('are read by shard, with what the step reads of each', async () => {
    const crawls = await frozen([
      {
        url: at('page'),
        body: 'html',
        capture: { mediaType: 'text/html', contentLanguage: 'cs', reserved: true },
      },
      { url: at('other') },
    ])
    const run = nextRun()
    await fixRunLists(db(), run, crawls)
    const [first, second] = await pagesOfShard(db(), run, 0, 2)
    expect([await pagesOfShard(db(), run, 0, 1), await pagesOfShard(db(), run, 1, 2)]).toEqual([[first], [second]])
    const page = [first, second].find((one) => one?.url === at('page'))
    expect(page).toEqual({
      page_no: page?.page_no,
      capture_id: page?.capture_id,
      url: at('page'),
      body_sha: digestOf('html'),
      extract_input: digestOf('extract html'),
      media_type: 'text/html',
      content_language: 'cs',
      reserved: true,
      warc_sha: digestOf('segment'),
      warc_offset: 10,
      warc_length: 20,
      declared: 'cs',
    })
  })
})

test('a page is declared to be in what the seed list says of its own site, in its own crawl', async () => {
  const seeds = { cs: ['http://a.example/seed'], hu: ['http://b.example/seed'] }
  const urls: CapturedUrl[] = [
    { url: 'http://a.example/page', body: 'a' },
    { url: 'http://b.example/page', body: 'b', site: 2 },
    { url: 'http://c.example/page', body: 'c', site: 9 },
  ]
  const first = await aCapturedCrawl(db(), urls, seeds)
  await aCapturedCrawl(db(), urls, { vi: ['http://a.example/seed'], th: ['http://b.example/seed'] })
  await freezeCrawl(db(), first.crawl_no)
  const run = nextRun()
  await fixRunLists(db(), run, [first.crawl_no])
  const pages = await pagesOfShard(db(), run, 0, 10)
  expect(Object.fromEntries(pages.map(({ url, declared }) => [url, declared]))).toEqual({
    'http://a.example/page': 'cs',
    'http://b.example/page': 'hu',
    'http://c.example/page': 'und',
  })
})

describe('the pictures of a run', () => {
  test('are numbered by digest, each once, reserved when any capture of it is', async () => {
    const crawls = await frozen(
      [picture('one'), picture('two'), picture('three'), picture('again', { body: 'one' }), { url: at('page') }],
      [picture('elsewhere', { body: 'two', capture: { reserved: true, warc: null } })],
    )
    const run = nextRun()
    expect(await fixRunLists(db(), run, crawls)).toEqual({ pages: 1, pictures: 3 })
    const rows = await db().selectFrom('run_picture').selectAll().where('run', '=', run).orderBy('picture_no').execute()
    expect(rows).toEqual(
      byDigest(['one', 'two', 'three']).map((body, no) => ({
        run,
        picture_no: no,
        picture: digestOf(body),
        reserved: body === 'two',
      })),
    )
    expect(await picturesOfShard(db(), run, 1, 2)).toEqual([{ picture_no: 1, picture: rows[1]?.picture }])
  })

  test('are those whose bytes are kept, and which no abuse list has', async () => {
    const crawls = await frozen([
      picture('kept'),
      picture('reserved', { capture: { reserved: true, warc: null } }),
      picture('abuse', { capture: { abuse: 'list' } }),
    ])
    const run = nextRun()
    expect(await fixRunLists(db(), run, crawls)).toEqual({ pages: 0, pictures: 1 })
    expect((await picturesOfShard(db(), run, 0, 9)).map((row) => row.picture)).toEqual([digestOf('kept')])
  })

  test('and the pages stay as they are when the lists are fixed again', async () => {
    const crawls = await frozen([picture('one'), { url: at('page') }])
    const run = nextRun()
    const other = nextRun()
    await fixRunLists(db(), other, crawls)
    expect(await fixRunLists(db(), run, crawls)).toEqual({ pages: 1, pictures: 1 })
    expect(await fixRunLists(db(), run, crawls)).toEqual({ pages: 1, pictures: 1 })
  })
})

describe('what the crawls got for a picture URL', () => {
  const ask = async (crawls: number[], path: string) => {
    const sha = shaOf(at(path))
    const {
      picture: digest,
      reason,
      capture_id,
    } = (await picturesOfUrls(db(), crawls, [sha])).get(sha.toString('hex'))!
    return [digest?.toString('hex') ?? null, reason, capture_id !== null]
  }
  const hex = (body: string) => digestOf(body).toString('hex')

  test.each<[string, CapturedUrl, [string | null, string | null, boolean]]>([
    ['the picture', picture('x'), [hex('x'), null, true]],
    ['a picture that is reserved', picture('x', { capture: { reserved: true } }), [hex('x'), 'opted_out', true]],
    [
      'one on an abuse list',
      picture('x', { capture: { abuse: 'l', reserved: true } }),
      [hex('x'), 'known_abuse', true],
    ],
    ['a page of an error', picture('x', { capture: { status: 404 } }), [null, 'http_error', true]],
    ['a redirect that leads nowhere', picture('x', { capture: { status: 304 } }), [null, 'http_error', true]],
    ['a page', { url: at('x') }, [null, 'bad_media_type', true]],
    ['what was not kept', picture('x', { capture: { warc: null } }), [null, 'bad_media_type', true]],
    ['a failure', picture('x', { capture: null, state: 'failed', reason: 'timeout' }), [null, 'timeout', false]],
    ['nothing yet', picture('x', { capture: null, state: 'pending' }), [null, 'not_fetched', false]],
    ['nothing: it was never asked for', picture('y'), [null, 'not_fetched', false]],
  ])('is %s', async (_, captured, expected) => {
    expect(await ask(await frozen([captured]), 'x')).toEqual(expected)
  })

  test('is what its redirects end at, at most five of them', async () => {
    const hop = (from: string, to: string): CapturedUrl => picture(from, { to: at(to) })
    const chain = [hop('1', '2'), hop('2', '3'), hop('3', '4'), hop('4', '5'), hop('5', '6'), picture('6')]
    const crawls = await frozen([
      hop('0', '1'),
      ...chain,
      hop('x', 'y'),
      hop('y', 'x'),
      hop('other', '6'),
      hop('also', '2'),
    ])
    const asked = ['0', '1', '6', 'x', 'other', 'also']
    const found = await picturesOfUrls(
      db(),
      crawls,
      asked.map((path) => shaOf(at(path))),
    )
    expect(asked.map((path) => found.get(shaOf(at(path)).toString('hex'))?.reason)).toEqual([
      'not_fetched',
      null,
      null,
      'not_fetched',
      null,
      null,
    ])
    expect(found.get(shaOf(at('1')).toString('hex'))?.picture).toEqual(digestOf('6'))
  })

  test('is what the first crawl in the order of the spec has that asked for it', async () => {
    const [found, first, second] = await frozen(
      [picture('x', { capture: null, state: 'found' })],
      [picture('x', { body: 'first' })],
      [picture('x', { body: 'second' })],
    )
    expect(await ask([found as number, second as number, first as number], 'x')).toEqual([hex('second'), null, true])
  })
})
