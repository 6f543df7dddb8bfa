import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CrawlRecord, getCrawl, setCrawlState } from '../../../schema/queries/crawls.ts'
import { freezeCrawl } from '../../../schema/queries/freeze.ts'
import { claimUrls, insertFound, type UrlOutcome, writeOutcomes } from '../../../schema/queries/frontier.ts'
import { releaseShard } from '../../../schema/queries/leases.ts'
import { aFound, aSection, expireLease, frontierOf, mustAcquire, shaOf, startCrawl } from '../../support/crawl.ts'
import { useTestDatabase } from '../../support/database.ts'
import { type ExampleWeb, html, serveWeb } from '../../support/example-web.ts'
import { useMella } from '../../support/mella.ts'
import { useTestNamespace } from '../../support/temporal.ts'

const SEED = 'http://a.example/'

const database = useTestDatabase()
const namespace = useTestNamespace()
const mella = useMella('numbers', database, namespace)
let web: ExampleWeb

beforeAll(async () => {
  web = await serveWeb((url) =>
    url === SEED ? html(`<p>${TEXT}</p><img src="/p.png" alt="Pohled na most">`) : undefined,
  )
  mella.reach(web.port)
})

afterAll(() => web[Symbol.asyncDispose]())

const TEXT =
  'Na náměstí stojí stará radnice s věží, ze které je vidět celé údolí. Každou sobotu se tu konají trhy a lidé přicházejí z okolních vesnic, aby koupili ovoce, zeleninu a čerstvý chléb.'

/** A paused crawl: its seed is done, one URL timed out, one has a 503 and waits, one is not asked for yet. */
async function aPausedCrawl(): Promise<CrawlRecord> {
  const db = database.as('writer')
  const crawl = await startCrawl(db, aSection([SEED]), 1)
  const lease = await mustAcquire(db, crawl.crawl_no, 0, 'test')
  const found = ['late', 'busy', 'next'].map((name) =>
    aFound(`http://b.example/${name}.png`, { kind: 'picture', siteNo: null }),
  )
  await db.transaction().execute((tx) => insertFound(tx, crawl.crawl_no, found))
  for (const host of ['a.example', 'b.example']) await claimUrls(db, lease, host, 10)
  const common = { asPicture: true, reason: null, detail: null, attempts: 1, waitMs: 0, captureId: null }
  const outcomes: UrlOutcome[] = [
    { ...common, sha: shaOf(SEED), state: 'done' },
    {
      ...common,
      sha: shaOf('http://b.example/late.png'),
      state: 'failed',
      reason: 'timeout',
      detail: 'ETIMEDOUT: no answer',
      attempts: 3,
      errorClass: 'timeout',
    },
    {
      ...common,
      sha: shaOf('http://b.example/busy.png'),
      state: 'retry',
      reason: 'http_error',
      detail: '503',
      waitMs: 3_600_000,
      errorClass: 'overloaded',
    },
  ]
  await db.transaction().execute((tx) => writeOutcomes(tx, crawl.crawl_no, outcomes))
  await releaseShard(db, lease)
  await setCrawlState(db, crawl.crawl_no, { paused: true })
  return (await getCrawl(db, crawl.id)) as CrawlRecord
}

const stateOf = async (crawl: CrawlRecord, name: string) =>
  (await frontierOf(database.as('auditor'), crawl.crawl_no)).find((row) => row.url.endsWith(`/${name}.png`))?.state

test('crawl show has progress, errors by class and hosts by state', async () => {
  const crawl = await aPausedCrawl()
  const shown = await mella.json('crawl', 'show', crawl.id)
  expect(shown).toMatchObject({
    state: 'running',
    paused: true,
    progress: { done: 2, total: 4, in_flight: 0 },
    errors: [
      { class: 'overloaded', waiting: 1, given_up: 0 },
      { class: 'timeout', waiting: 0, given_up: 1 },
    ],
    hosts: [
      { state: 'waiting', hosts: 1 },
      { state: 'done', hosts: 1 },
    ],
  })
  const { stdout } = await mella.run('crawl', 'show', crawl.id)
  expect(stdout).toMatch(/^progress 50 %, 2 of 4 URLs, 0 in flight, /m)
})

test('crawl resume --dry-run says what is done, tried and waited for, and changes nothing', async () => {
  const crawl = await aPausedCrawl()
  const before = await frontierOf(database.as('auditor'), crawl.crawl_no)
  const plan = (await mella.json('crawl', 'resume', crawl.id, '--dry-run')) as {
    done: number
    rows: { action: string; class: string | null; host: string; count: number; first_at: string | null }[]
  }
  expect(plan.done).toBe(1)
  expect(plan.rows.map((row) => [row.action, row.class, row.host, row.count, row.first_at !== null])).toEqual([
    ['tried again', 'timeout', 'b.example', 1, false],
    ['waits', null, 'b.example', 1, false],
    ['waits', 'overloaded', 'b.example', 1, true],
  ])
  const { stdout } = await mella.run('crawl', 'resume', crawl.id, '--dry-run')
  expect(stdout).toContain('failed, will be tried again: 1 URLs')
  expect(await frontierOf(database.as('auditor'), crawl.crawl_no)).toEqual(before)
  expect(await getCrawl(database.as('auditor'), crawl.id)).toMatchObject({ paused: true })
})

test('crawl retry counts with --dry-run, puts back without, and leaves a paused crawl paused', async () => {
  const crawl = await aPausedCrawl()
  const choice = ['crawl', 'retry', crawl.id, '--class', 'timeout,5xx', '--host', 'b.example']
  expect(await mella.json(...choice, '--dry-run')).toMatchObject({ urls: 2, put_back: false })
  expect(await stateOf(crawl, 'late')).toBe('failed')
  expect(await mella.json(...choice)).toMatchObject({ urls: 2, put_back: true })
  expect(await stateOf(crawl, 'late')).toBe('pending')
  expect(await stateOf(crawl, 'busy')).toBe('pending')
  expect(await getCrawl(database.as('auditor'), crawl.id)).toMatchObject({ paused: true })
})

test('crawl retry takes a URL for its host, and says when the crawl has no such host', async () => {
  const crawl = await aPausedCrawl()
  const choice = ['crawl', 'retry', crawl.id, '--dry-run', '--host']
  expect(await mella.json(...choice, 'http://B.example/late.png')).toMatchObject({ urls: 2 })
  expect(await mella.run(...choice, 'nobody.example')).toMatchObject({
    code: 4,
    stderr: expect.stringContaining(`host nobody.example: crawl ${crawl.id} has none of this name`),
  })
})

test('crawl show says when a running crawl is left alone', async () => {
  const crawl = await aPausedCrawl()
  const db = database.as('writer')
  const isLeft = async () => (await mella.run('crawl', 'show', crawl.id)).stdout.includes('no worker is at it')
  expect(await isLeft()).toBe(false)
  await setCrawlState(db, crawl.crawl_no, { state: 'running', paused: false })
  expect(await isLeft()).toBe(true)
  const lease = await mustAcquire(db, crawl.crawl_no, 0, 'worker')
  expect([await isLeft(), (await mella.json('crawl', 'show', crawl.id))['shards_in_work']]).toEqual([false, 1])
  await expireLease(db, lease)
  expect([await isLeft(), (await mella.json('crawl', 'show', crawl.id))['shards_in_work']]).toEqual([true, 0])
})

test('crawl retry runs a partial crawl on', async () => {
  const crawl = await aPausedCrawl()
  await setCrawlState(database.as('writer'), crawl.crawl_no, { state: 'partial', paused: false })
  await mella.json('crawl', 'retry', crawl.id, '--class', 'timeout')
  expect(await getCrawl(database.as('auditor'), crawl.id)).toMatchObject({ state: 'running' })
  const workflow = namespace.client.workflow.getHandle(`crawl/${crawl.id}`)
  expect((await workflow.describe()).status.name).toBe('RUNNING')
  await workflow.terminate()
})

test('crawl retry refuses a frozen crawl, a class that there is not, and a choice of nothing', async () => {
  const crawl = await aPausedCrawl()
  expect(await mella.run('crawl', 'retry', crawl.id, '--class', 'tiemout')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('class tiemout: there is none, did you mean timeout?'),
  })
  expect(await mella.run('crawl', 'retry', crawl.id)).toMatchObject({ code: 2 })
  expect(await mella.run('crawl', 'retry', 'nope-1', '--class', 'dns')).toMatchObject({ code: 4 })
  await freezeCrawl(database.as('writer'), crawl.crawl_no)
  await setCrawlState(database.as('writer'), crawl.crawl_no, { state: 'frozen', paused: false })
  expect(await mella.run('crawl', 'retry', crawl.id, '--class', 'timeout')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`crawl ${crawl.id}: is frozen and never changes`),
  })
  expect(await stateOf(crawl, 'late')).toBe('failed')
})

test('crawl explain tells every attempt and when the next one is', async () => {
  const crawl = await aPausedCrawl()
  const explain = (name: string) => mella.json('crawl', 'explain', `http://b.example/${name}.png`, '--crawl', crawl.id)
  expect(await explain('late')).toMatchObject({
    history: [{ outcome: 'failed', attempt: 3, class: 'timeout', detail: 'ETIMEDOUT: no answer' }],
  })
  const busy = (await explain('busy')) as { history: { next_at: string }[]; next_attempt_at: string }
  expect(busy.history.map(({ next_at }) => next_at)).toEqual([busy.next_attempt_at])
})

test('crawl probe reports of the sites and makes no crawl', async () => {
  const spec = mella.writeSpec(
    `dataset: probe
version: 1.0.0
date: 2026-01-01
languages: [cs]
card: { title: Probe, licence: CC0-1.0 }
crawl:
  seeds: { cs: ['${SEED}'] }
  politeness: { delay_ms: 0, user_agent: 'test-bot (+https://test.example/bot)' }
`,
  )
  const { code, stdout } = await mella.run('crawl', 'probe', spec, '--pages', '5', '--json')
  expect(code).toBe(0)
  const { sites } = JSON.parse(stdout) as { sites: { estimate: unknown }[] }
  expect(sites).toMatchObject([
    {
      site: 'a.example',
      robots: { verdict: 'allow_all' },
      pages: { asked: 1, read: 1 },
      languages: [{ lang: 'cs', pages: 1 }],
      pictures: { shown: 1, with_text: 1 },
      estimate: { pages: 1, exact: true, pictures: 1 },
    },
  ])
  const { rows } = await sql`SELECT id FROM crawl WHERE dataset = 'probe'`.execute(database.as('auditor'))
  expect(rows).toEqual([])
  expect(await mella.run('crawl', 'probe', spec, '--pages', 'many')).toMatchObject({ code: 2 })
})
