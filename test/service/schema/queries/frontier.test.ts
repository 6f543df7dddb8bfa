import { type Kysely, sql, type Transaction } from 'kysely'
import { describe, expect, test } from 'vitest'
import { closeDepths } from '../../../../schema/queries/close-depths.ts'
import {
  claimUrls,
  dueHosts,
  type FoundUrl,
  insertFound,
  nextDueMs,
  noteAddresses,
  writeOutcomes,
} from '../../../../schema/queries/frontier.ts'
import type { Lease } from '../../../../schema/queries/leases.ts'
import type { Database } from '../../../../schema/tables/database.ts'
import { aFound, aSection, frontierOf, mustAcquire, shaOf, startCrawl } from '../../../support/crawl.ts'
import { useTestDatabase } from '../../../support/database.ts'

const database = useTestDatabase()
const SEED = 'http://a.example/'
const urlsOf = (count: number, host = 'a.example') =>
  Array.from({ length: count }, (_, index) => `http://${host}/page-${index}`)

interface Crawl {
  db: Kysely<Database>
  lease: Lease
}

async function aCrawl(): Promise<Crawl> {
  const db = database.as('writer')
  const { crawl_no } = await startCrawl(db, aSection([SEED], { scope: 'domain' }), 1)
  return { db, lease: await mustAcquire(db, crawl_no, 0, 'owner') }
}

const find = ({ db, lease }: Crawl, found: FoundUrl[]) =>
  db.transaction().execute((tx) => insertFound(tx, lease.crawlNo, found))

const close = ({ db, lease }: Crawl, pagesPerHost: number, depth = 5) =>
  db.transaction().execute((tx) => closeDepths(tx, lease, { pagesPerHost, depth }))

/** Claims everything due on a host and ends it. */
async function finish({ db, lease }: Crawl, state: 'done' | 'failed' | 'excluded' = 'done', host = 'a.example') {
  const rows = await claimUrls(db, lease, host, 1000)
  await db.transaction().execute((tx) =>
    writeOutcomes(
      tx,
      lease.crawlNo,
      rows.map((row) => ({
        sha: row.url_sha,
        asPicture: row.picture,
        state,
        reason: null,
        detail: null,
        attempts: 1,
        waitMs: 0,
        captureId: null,
      })),
    ),
  )
  return rows
}

/** A captured answer of a URL: what a commit writes beside its outcome. */
async function answer({ db, lease }: Crawl, url: string, capture: { kind: string; status: number; to?: string }) {
  const { rows } = await sql<{ capture_id: string }>`
    INSERT INTO capture (crawl_no, url_sha, kind, status, body_bytes, reserved, redirect_sha, fetched_at)
    VALUES (${lease.crawlNo}, ${shaOf(url)}, ${capture.kind}, ${capture.status}, 0, false,
      ${capture.to === undefined ? null : shaOf(capture.to)}, now()) RETURNING capture_id`.execute(db)
  return rows[0]?.capture_id ?? null
}

async function end(crawl: Crawl, url: string, asPicture: boolean, captureId: string | null) {
  const outcome = { sha: shaOf(url), asPicture, state: 'done' as const, reason: null, detail: null, attempts: 1 }
  await crawl.db
    .transaction()
    .execute((tx) => writeOutcomes(tx, crawl.lease.crawlNo, [{ ...outcome, waitMs: 0, captureId }]))
}

const admittedOf = async ({ db, lease }: Crawl) =>
  (await frontierOf(db, lease.crawlNo)).filter((row) => row.admitted && row.depth > 0).map((row) => row.url)

const rowOf = async ({ db, lease }: Crawl, url: string) =>
  (await frontierOf(db, lease.crawlNo)).find((row) => row.url === url)

/** The first of these URLs in the order of their digests. */
const firstByDigest = (urls: string[], count: number) =>
  urls
    .toSorted((a, b) => Buffer.compare(shaOf(a), shaOf(b)))
    .slice(0, count)
    .toSorted()

test('what a depth found waits until the depth is over', async () => {
  const crawl = await aCrawl()
  await find(
    crawl,
    urlsOf(3).map((url) => aFound(url)),
  )
  expect(await close(crawl, 10)).toEqual({ admitted: 0, closed: 0 })
  expect(await finish(crawl)).toHaveLength(1)
  expect(await close(crawl, 10)).toEqual({ admitted: 3, closed: 0 })
  expect((await finish(crawl)).map((row) => row.url).toSorted()).toEqual(urlsOf(3))
})

test('a depth is not over while one of its URLs is leased or waits for its next try', async () => {
  const crawl = await aCrawl()
  await find(crawl, [aFound(`${SEED}next`)])
  await claimUrls(crawl.db, crawl.lease, 'a.example', 1)
  expect(await close(crawl, 10)).toEqual({ admitted: 0, closed: 0 })
  await crawl.db.transaction().execute((tx) =>
    writeOutcomes(tx, crawl.lease.crawlNo, [
      {
        sha: shaOf(SEED),
        asPicture: false,
        state: 'retry',
        reason: 'timeout',
        detail: null,
        attempts: 1,
        waitMs: 60_000,
        captureId: null,
      },
    ]),
  )
  expect(await close(crawl, 10)).toEqual({ admitted: 0, closed: 0 })
  expect(await claimUrls(crawl.db, crawl.lease, 'a.example', 10)).toEqual([])
})

test('a depth is admitted in the order of digests until the budget of each host is spent', async () => {
  const crawl = await aCrawl()
  const [one, two] = [urlsOf(20), urlsOf(3, 'b.a.example')]
  await find(
    crawl,
    [...one, ...two].map((url) => aFound(url)),
  )
  await finish(crawl)
  // The seed has spent one of five on its own host.
  expect(await close(crawl, 5)).toEqual({ admitted: 7, closed: 0 })
  expect(await admittedOf(crawl)).toEqual([...firstByDigest(one, 4), ...two].toSorted())
})

test.each(['failed', 'excluded'] as const)(
  'admission spends the budget, also when the page is then %s',
  async (state) => {
    const crawl = await aCrawl()
    await find(
      crawl,
      urlsOf(2).map((url) => aFound(url)),
    )
    await finish(crawl)
    await close(crawl, 3)
    await finish(crawl, state)
    await find(crawl, [aFound(`${SEED}deeper`, { depth: 2 })])
    expect(await close(crawl, 3)).toEqual({ admitted: 0, closed: 1 })
    expect((await rowOf(crawl, `${SEED}deeper`))?.state).toBe('found')
  },
)

test('no depth beyond the limit is admitted', async () => {
  const crawl = await aCrawl()
  await find(crawl, [aFound(`${SEED}deep`)])
  await finish(crawl)
  expect(await close(crawl, 10, 0)).toEqual({ admitted: 0, closed: 1 })
})

test('a redirect keeps its depth, needs no admission and spends none of the budget', async () => {
  const crawl = await aCrawl()
  await find(crawl, [aFound(`${SEED}moved`, { depth: 0, redirects: 1 }), aFound(`${SEED}next`)])
  expect((await finish(crawl)).map((row) => row.url).toSorted()).toEqual([SEED, `${SEED}moved`])
  expect(await close(crawl, 2)).toEqual({ admitted: 1, closed: 0 })
  expect(await rowOf(crawl, `${SEED}moved`)).toMatchObject({ depth: 0, admitted: true, state: 'done' })
})

test('a linked page that a picture redirects to is still admitted with its depth', async () => {
  const crawl = await aCrawl()
  await find(crawl, [aFound(`${SEED}both`), aFound(`${SEED}both`, { kind: 'picture', siteNo: null, redirects: 1 })])
  expect(await rowOf(crawl, `${SEED}both`)).toMatchObject({ page: true, picture: true, admitted: false })
})

test('a sitemap is read at once, and its pages stand one depth below it', async () => {
  const crawl = await aCrawl()
  const sitemap = `${SEED}sitemap.xml`
  await find(crawl, [aFound(sitemap, { kind: 'sitemap', depth: 0 })])
  await finish(crawl)
  await find(crawl, [aFound(`${SEED}listed`, { depth: 1 })])
  expect(await rowOf(crawl, sitemap)).toMatchObject({ sitemap: true, page: false, admitted: false, state: 'done' })
  expect(await close(crawl, 10)).toEqual({ admitted: 1, closed: 0 })
})

test('depth 0 is not over while a sitemap of it is to be read', async () => {
  const crawl = await aCrawl()
  await finish(crawl)
  await find(crawl, [aFound(`${SEED}sitemap.xml`, { kind: 'sitemap', depth: 0 }), aFound(`${SEED}next`)])
  expect(await close(crawl, 10)).toEqual({ admitted: 0, closed: 0 })
})

test('fifty orders of arrival, in batches of any size, give one frontier and one admission', async () => {
  const found = [
    ...urlsOf(12).map((url) => aFound(url)),
    ...urlsOf(6).map((url) => aFound(url, { depth: 2 })),
    ...urlsOf(4, 'b.a.example').map((url) => aFound(url, { depth: 2 })),
    ...urlsOf(5).map((url) => aFound(url, { kind: 'picture', siteNo: null, depth: 0 })),
    aFound(`${SEED}moved`, { depth: 0, redirects: 2 }),
    aFound(`${SEED}moved`, { depth: 0, redirects: 1 }),
    aFound(`${SEED}moved`, { depth: 1 }),
    aFound(`${SEED}shown`, { kind: 'picture', siteNo: null, depth: 0, redirects: 1 }),
    aFound(`${SEED}shown`, { depth: 1 }),
    aFound(`${SEED}map.xml`, { kind: 'sitemap', depth: 0 }),
    aFound(`${SEED}map.xml`, { depth: 2 }),
  ]
  const outcomes = new Set<string>()
  const random = mulberry(7)
  for (let order = 0; order < 50; order += 1) {
    const crawl = await aCrawl()
    const shuffled = found.toSorted(() => random() - 0.5)
    while (shuffled.length > 0) await find(crawl, shuffled.splice(0, 1 + Math.floor(random() * 12)))
    const before = await frontierOf(crawl.db, crawl.lease.crawlNo)
    await finish(crawl)
    await finish(crawl, 'done', 'b.a.example')
    await close(crawl, 8)
    const redirects = await sql`SELECT encode(url_sha, 'hex') AS url, redirects FROM frontier
      WHERE crawl_no = ${crawl.lease.crawlNo} ORDER BY url_sha`.execute(crawl.db)
    outcomes.add(JSON.stringify([before, await admittedOf(crawl), redirects.rows]))
  }
  expect(outcomes.size).toBe(1)
})

test('a URL wanted as page and as picture is no page before it is admitted as one', async () => {
  const crawl = await aCrawl()
  const both = `${SEED}both`
  await find(crawl, [aFound(both), aFound(both, { kind: 'picture', siteNo: null, depth: 0 })])
  const claimed = await claimUrls(crawl.db, crawl.lease, 'a.example', 10)
  expect(claimed.find((row) => row.url === both)).toMatchObject({ page: false, picture: true })
})

test('what was fetched as a picture and is none is fetched again as a page, once its depth admits it', async () => {
  const crawl = await aCrawl()
  const [html, image] = [`${SEED}html`, `${SEED}image`]
  await find(
    crawl,
    [html, image].flatMap((url) => [aFound(url), aFound(url, { kind: 'picture', siteNo: null })]),
  )
  await claimUrls(crawl.db, crawl.lease, 'a.example', 10)
  await end(crawl, SEED, false, null)
  expect(await close(crawl, 10)).toEqual({ admitted: 0, closed: 0 })
  await end(crawl, html, true, await answer(crawl, html, { kind: 'other', status: 200 }))
  await end(crawl, image, true, await answer(crawl, image, { kind: 'picture', status: 200 }))
  expect(await close(crawl, 10)).toEqual({ admitted: 2, closed: 0 })
  expect(await rowOf(crawl, image)).toMatchObject({ admitted: true, state: 'done' })
  expect(await finish(crawl)).toMatchObject([{ url: html, page: true, picture: true }])
})

test('a site whose last pages were all fetched as pictures is over', async () => {
  const crawl = await aCrawl()
  const image = `${SEED}image`
  await find(crawl, [aFound(image), aFound(image, { kind: 'picture', siteNo: null })])
  await claimUrls(crawl.db, crawl.lease, 'a.example', 10)
  await end(crawl, SEED, false, null)
  await end(crawl, image, true, await answer(crawl, image, { kind: 'picture', status: 200 }))
  expect(await close(crawl, 10)).toEqual({ admitted: 1, closed: 1 })
})

test.each(['before it is fetched', 'while it is fetched', 'after it was fetched'])(
  'where a URL redirects to becomes a picture when the URL is wanted as one %s',
  async (when) => {
    const crawl = await aCrawl()
    const asPicture = aFound(SEED, { kind: 'picture', siteNo: null, depth: 0 })
    if (when.startsWith('before')) await find(crawl, [asPicture])
    const [row] = await claimUrls(crawl.db, crawl.lease, 'a.example', 1)
    if (when.startsWith('while')) await find(crawl, [asPicture])
    await end(
      crawl,
      SEED,
      row?.picture === true,
      await answer(crawl, SEED, { kind: 'other', status: 301, to: `${SEED}t` }),
    )
    if (when.startsWith('after')) await find(crawl, [asPicture])
    const again = await claimUrls(crawl.db, crawl.lease, 'a.example', 1)
    expect([row, ...again].at(-1)).toMatchObject({ url: SEED, page: true, picture: true })
  },
)

/** Rows of the frontier that a statement's scans bring up, in a transaction of its own. */
async function rowsRead({ db }: Crawl, work: (tx: Transaction<Database>) => Promise<unknown>): Promise<number> {
  return db.transaction().execute(async (tx) => {
    // What the session has not reported yet counts along.
    const soFar = async () => {
      const { rows } = await sql<{ read: number }>`
        SELECT (seq_tup_read + idx_tup_fetch)::int AS read FROM pg_stat_xact_user_tables WHERE relname = 'frontier'`.execute(
        tx,
      )
      return rows[0]?.read ?? 0
    }
    const before = await soFar()
    await work(tx)
    return (await soFar()) - before
  })
}

test('URLs are claimed and ended by their key, also in a new crawl that the planner knows nothing of', async () => {
  const crawl = await aCrawl()
  const urls = urlsOf(4000)
  await find(
    crawl,
    urls.map((url) => aFound(url, { kind: 'picture', siteNo: null, depth: 0 })),
  )
  expect(await rowsRead(crawl, (tx) => claimUrls(tx, crawl.lease, 'a.example', 32))).toBeLessThan(200)
  const outcome = { asPicture: true, state: 'done' as const, reason: null, detail: null, attempts: 1 }
  const ended = urls.slice(0, 100).map((url) => ({ ...outcome, sha: shaOf(url), waitMs: 0, captureId: null }))
  expect(await rowsRead(crawl, (tx) => writeOutcomes(tx, crawl.lease.crawlNo, ended))).toBeLessThan(300)
})

describe('a picture that a rule is known to refuse', () => {
  const refusal = { reason: 'robots_disallowed', detail: 'disallow: /private (line 2)' }
  const refused = aFound(`${SEED}private.png`, { kind: 'picture', siteNo: null, depth: 0, refusal })
  const ended = { state: 'excluded', reason: 'robots_disallowed', picture: true }

  test('ends where it begins, and is not given out', async () => {
    const crawl = await aCrawl()
    await find(crawl, [refused])
    expect(await rowOf(crawl, refused.url)).toMatchObject(ended)
    expect((await claimUrls(crawl.db, crawl.lease, 'a.example', 10)).map(({ url }) => url)).toEqual([SEED])
  })

  test('ends the same when it was found as a page before, or left out as a trap', async () => {
    const crawl = await aCrawl()
    await find(crawl, [aFound(refused.url)])
    await find(crawl, [refused])
    expect(await rowOf(crawl, refused.url)).toMatchObject({ ...ended, page: true })
    const trapped = aFound(`${SEED}private/private.png`)
    await find(crawl, [trapped])
    await sql`UPDATE frontier SET state = 'excluded', reason = 'crawl_trap' WHERE url_sha = ${trapped.sha}`.execute(
      crawl.db,
    )
    await find(crawl, [{ ...refused, sha: trapped.sha, url: trapped.url }])
    expect(await rowOf(crawl, trapped.url)).toMatchObject({ ...ended, page: true })
  })

  test('takes nothing from a URL that has its turn already', async () => {
    const crawl = await aCrawl()
    await find(crawl, [{ ...refused, sha: shaOf(SEED), url: SEED }])
    expect(await rowOf(crawl, SEED)).toMatchObject({ state: 'pending', reason: null, picture: true })
  })
})

/** A small seeded generator: the same fifty orders each time. */
function mulberry(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Some hosts with a picture each, all due. */
async function hostsAtHand(crawl: Crawl, count: number): Promise<string[]> {
  const hosts = Array.from({ length: count }, (_, no) => `h${no}.example`)
  await find(
    crawl,
    hosts.map((host) => aFound(`http://${host}/1.png`, { kind: 'picture', siteNo: null, host })),
  )
  return hosts
}

const dueIn = async ({ db, lease }: Crawl, limit: number, after = '', crowded: string[] = []) =>
  (await dueHosts(db, lease, { limit, after, crowded })).map(({ host }) => host)

test('hosts with work are given from the last one on, then from the beginning', async () => {
  const crawl = await aCrawl()
  const [h0, h1, h2] = await hostsAtHand(crawl, 3)
  const all = ['a.example', h0, h1, h2]
  expect(await dueIn(crawl, 10)).toEqual(all)
  expect(await dueIn(crawl, 10, h0)).toEqual([h1, h2, 'a.example', h0])
  expect(await dueIn(crawl, 2, h2)).toEqual(['a.example', h0])
})

test('hosts of an address that has enough to do are passed over, however many they are', async () => {
  const crawl = await aCrawl()
  const hosts = await hostsAtHand(crawl, 20)
  const located = hosts.map((host, no) => ({ host, address: no === 19 ? '192.0.2.2' : '192.0.2.1' }))
  await noteAddresses(crawl.db, crawl.lease.crawlNo, located)
  // One whose address is not known yet is not passed over.
  expect(await dueIn(crawl, 5, '', ['192.0.2.1'])).toEqual(['a.example', 'h19.example'])
})

test('a host is at hand again when its next URL is due, and not before', async () => {
  const crawl = await aCrawl()
  const { db, lease } = crawl
  expect(await nextDueMs(db, lease)).toBe(0)
  await claimUrls(db, lease, 'a.example', 10)
  expect([await dueIn(crawl, 10), await nextDueMs(db, lease)]).toEqual([[], null])
  await sql`UPDATE frontier SET state = 'retry', next_at = now() + interval '1 minute' WHERE crawl_no = ${lease.crawlNo}`.execute(
    db,
  )
  expect(await dueIn(crawl, 10)).toEqual([])
  expect(await nextDueMs(db, lease)).toBeGreaterThan(30_000)
})
