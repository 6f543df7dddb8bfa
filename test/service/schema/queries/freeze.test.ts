import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { freezeCrawl } from '../../../../schema/queries/freeze.ts'
import { frozenCrawls } from '../../../../schema/queries/frozen-crawls.ts'
import { aCapturedCrawl, addCaptures, type CapturedUrl } from '../../../support/captured-crawl.ts'
import { shaOf } from '../../../support/crawl.ts'
import { useTestDatabase } from '../../../support/database.ts'

const database = useTestDatabase()
const db = () => database.as('writer')

const PAGE: CapturedUrl = { url: 'http://a.example/page' }
const PICTURE: CapturedUrl = { url: 'http://a.example/1.jpg', kind: 'picture' }
const ROBOTS: CapturedUrl = { url: 'http://a.example/robots.txt', kind: 'robots' }
const ALL = [PAGE, PICTURE, ROBOTS]

const freeze = async (urls: readonly CapturedUrl[]) => freezeCrawl(db(), (await aCapturedCrawl(db(), urls)).crawl_no)
const digestOfCrawl = async (urls: readonly CapturedUrl[]) => (await freeze(urls)).digest.toString('hex')
const changed = (change: Partial<CapturedUrl>) => [{ ...PAGE, ...change }, PICTURE, ROBOTS]

describe('a frozen crawl', () => {
  test('counts what it holds: every URL that was had, pages and pictures', async () => {
    const missing: CapturedUrl = { url: 'http://a.example/gone', capture: null, state: 'failed', reason: 'timeout' }
    expect(await freeze([...ALL, missing])).toMatchObject({ entries: 3, pages: 1, pictures: 1 })
  })

  test('has the same digest whatever the order and the time in which its URLs came', async () => {
    const later = ALL.toReversed().map((one) => ({ ...one, capture: { fetchedAt: new Date('2027-01-01T00:00:00Z') } }))
    expect(await digestOfCrawl(later)).toBe(await digestOfCrawl(ALL))
  })

  test.each<[string, CapturedUrl[]]>([
    ['another status', changed({ capture: { status: 404 } })],
    ['another body', changed({ body: 'other' })],
    ['no body', changed({ capture: { bodySha: null } })],
    ['another opt-out signal', changed({ capture: { signals: [{ where: 'header', value: 'noai' }] } })],
    ['a page more', [...ALL, { url: 'http://a.example/more' }]],
    ['a page less', [PICTURE, ROBOTS]],
  ])('has another digest for %s', async (_, urls) => {
    expect(await digestOfCrawl(urls)).not.toBe(await digestOfCrawl(ALL))
  })

  test('has another digest for another URL, wherever its digest puts it', async () => {
    const body = `body of ${PAGE.url}`
    const digests = [await digestOfCrawl(ALL)]
    for (let no = 0; no < 8; no += 1)
      digests.push(await digestOfCrawl(changed({ url: `http://a.example/${no}`, body })))
    expect(new Set(digests).size).toBe(9)
  })

  test('is frozen alone, and once by two that freeze it at the same time', async () => {
    const [crawl, other] = [await aCapturedCrawl(db(), ALL), await aCapturedCrawl(db(), ALL)]
    const [first, second] = await Promise.all([1, 2].map(() => freezeCrawl(db(), crawl.crawl_no)))
    expect(second).toEqual(first)
    const entriesOf = async (no: number) =>
      (await db().selectFrom('frozen_capture').select('url_sha').where('crawl_no', '=', no).execute()).length
    expect([await entriesOf(crawl.crawl_no), await entriesOf(other.crawl_no)]).toEqual([3, 0])
  })

  test('never changes again, whatever the frontier does', async () => {
    const crawl = await aCapturedCrawl(db(), ALL)
    const first = await freezeCrawl(db(), crawl.crawl_no)
    await addCaptures(db(), crawl.crawl_no, [{ url: 'http://a.example/late' }, { ...PAGE, body: 'changed' }])
    expect(await freezeCrawl(db(), crawl.crawl_no)).toEqual(first)
    const rows = await db().selectFrom('frozen_capture').selectAll().where('crawl_no', '=', crawl.crawl_no).execute()
    expect(rows).toHaveLength(3)
  })

  test('holds one entry a URL: its last outcome', async () => {
    const crawl = await aCapturedCrawl(db(), [{ ...PAGE, capture: { status: 503 } }, PICTURE, ROBOTS])
    await addCaptures(db(), crawl.crawl_no, [PAGE])
    const { digest, entries } = await freezeCrawl(db(), crawl.crawl_no)
    expect([entries, digest.toString('hex')]).toEqual([3, await digestOfCrawl(ALL)])
  })

  test('is digested to its end, however long it is', async () => {
    const long = async (last: number) => {
      const { crawl_no: no } = await aCapturedCrawl(db(), [PAGE])
      const many = sql`generate_series(1, 5000) AS n, LATERAL sha256(int4send(n)) AS sha`
      await sql`INSERT INTO url (sha, url) SELECT sha, 'http://a.example/' || n FROM ${many} ON CONFLICT DO NOTHING`.execute(
        db(),
      )
      await sql`WITH c AS (
          INSERT INTO capture (crawl_no, url_sha, kind, status, body_bytes, signals, reserved, fetched_at)
          SELECT ${no}::int, sha, 'page', CASE WHEN row_number() OVER (ORDER BY sha DESC) = 1 THEN ${last}::int ELSE 200 END, 0, '[]', false, now()
          FROM ${many} RETURNING capture_id, url_sha)
        INSERT INTO frontier (crawl_no, url_sha, shard, host, page, picture, depth, state, capture_id)
        SELECT ${no}::int, url_sha, 0, 'a.example', true, false, 1, 'done', capture_id FROM c`.execute(db())
      return freezeCrawl(db(), no)
    }
    const [one, other] = [await long(200), await long(404)]
    expect([one.entries, one.digest.equals(other.digest)]).toEqual([5_001, false])
  })
})

test('frozen crawls are found in the order asked, others are left out', async () => {
  const [first, second, open] = [
    await aCapturedCrawl(db(), [PAGE]),
    await aCapturedCrawl(db(), [PICTURE]),
    await aCapturedCrawl(db(), ALL),
  ]
  const digests = []
  for (const crawl of [first, second]) digests.push((await freezeCrawl(db(), crawl.crawl_no)).digest.toString('hex'))
  expect(await frozenCrawls(db(), [second.id, open.id, 'nothing', first.id])).toEqual([
    { id: second.id, crawl_no: second.crawl_no, digest: digests[1] },
    { id: first.id, crawl_no: first.crawl_no, digest: digests[0] },
  ])
  expect(await frozenCrawls(db(), [])).toEqual([])
})

test('what was frozen is where its URL says', async () => {
  const crawl = await aCapturedCrawl(db(), ALL)
  await freezeCrawl(db(), crawl.crawl_no)
  const rows = await db()
    .selectFrom('frozen_capture as z')
    .innerJoin('capture as c', 'c.capture_id', 'z.capture_id')
    .select(['z.url_sha', 'c.url_sha as of'])
    .where('z.crawl_no', '=', crawl.crawl_no)
    .orderBy('z.url_sha')
    .execute()
  expect(rows).toEqual(
    ALL.map(({ url }) => shaOf(url))
      .sort((a, b) => Buffer.compare(a, b))
      .map((sha) => ({ url_sha: sha, of: sha })),
  )
})
