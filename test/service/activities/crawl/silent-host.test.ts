import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { countHosts } from '../../../../schema/queries/crawl-counts.ts'
import { planReopening, putBack } from '../../../../schema/queries/resume-crawl.ts'
import { historyOfUrl } from '../../../../schema/queries/url-history.ts'
import type { Runtime } from '../../../../workers/runtime.ts'
import { aSection, frontierOf, startCrawl } from '../../../support/crawl.ts'
import { crawlToEnd, openTestRuntime } from '../../../support/crawler.ts'
import { useTestDatabase } from '../../../support/database.ts'
import { aPicture, html } from '../../../support/example-web.ts'
import { makeTestHome, removeTestHome } from '../../../support/home.ts'
import { serve, type TestSite } from '../../../support/web-site.ts'

const database = useTestDatabase()
const PICTURES = 12
/** Twelve seconds: the deadline of a host that answered once. */
const SECTION = aSection(['http://main.example/'], {
  limits: { seconds_per_page: 5, give_up_hours: 12 / 3600 },
  politeness: { per_host: 2, per_address: 16, honour: ['robots', 'noai'] },
})

let home = ''
let site: TestSite
let runtime: Runtime
let crawlNo = 0
let crawlId = ''
/** Requests by host, in the order of arrival; a host in `down` cuts each connection. */
const asked = new Map<string, string[]>()
const down = new Set<string>()

beforeAll(async () => {
  home = makeTestHome('silent')
  const picture = await aPicture(1)
  site = await serve((request, response) => {
    const host = request.headers.host ?? ''
    const paths = asked.get(host) ?? []
    asked.set(host, [...paths, request.url ?? ''])
    if (down.has(host)) {
      request.socket.destroy()
      return
    }
    // Both fall silent after their robots.txt and three pictures; `away` comes back.
    if (host !== 'main.example' && paths.length === 3) {
      down.add(host)
      if (host === 'away.example') setTimeout(() => down.delete(host), 4_000)
    }
    const pictureTag = (name: string) =>
      Array.from(
        { length: PICTURES },
        (_, no) => `<img src="http://${name}.example/${no}.png" alt="Obraz ${no}">`,
      ).join('')
    if (request.url === '/robots.txt') response.writeHead(404).end()
    else if (host === 'main.example') {
      const page = html(['dead', 'gone', 'away'].map(pictureTag).join(''))
      response.writeHead(200, page.headers).end(page.body)
    } else response.writeHead(200, { 'content-type': 'image/png' }).end(picture)
  })
  runtime = await openTestRuntime(home, database.url, site.port, {
    concurrency: 16,
    // Nobody listens on port 9 of loopback.
    resolve: [
      { pattern: 'dead.example', host: '127.0.0.1', port: 9 },
      { pattern: '*.example', host: '127.0.0.1', port: site.port },
    ],
  })
  const crawl = await startCrawl(runtime.db, SECTION)
  crawlNo = crawl.crawl_no
  crawlId = crawl.id
  expect(await crawlToEnd(runtime, crawl.id)).toBe('finished')
})

afterAll(async () => {
  await runtime[Symbol.asyncDispose]()
  await site[Symbol.asyncDispose]()
  await removeTestHome(home)
})

async function endsOf(host: string): Promise<Record<string, number>> {
  const rows = (await frontierOf(database.as('auditor'), crawlNo)).filter((row) =>
    row.url.startsWith(`http://${host}/`),
  )
  const ends: Record<string, number> = {}
  for (const { state, reason } of rows) ends[`${state} ${reason}`] = (ends[`${state} ${reason}`] ?? 0) + 1
  return ends
}

test('a host that comes back within its deadline loses nothing', async () => {
  expect(await endsOf('away.example')).toEqual({ 'done null': PICTURES + 1 })
})

test('a host that answered and stays silent is given up by the deadline, all its URLs with a reason that names it', async () => {
  const ends = await endsOf('gone.example')
  expect(ends['done null']).toBeLessThanOrEqual(5)
  expect((ends['done null'] ?? 0) + (ends['failed host_down'] ?? 0)).toBe(PICTURES + 1)
  const { rows } = await sql<{ detail: string; class: string; attempts: number }>`
    SELECT DISTINCT detail, class FROM frontier WHERE crawl_no = ${crawlNo} AND host = 'gone.example' AND state = 'failed'`.execute(
    runtime.db,
  )
  expect(rows).toMatchObject([{ class: 'reset' }])
  expect(rows[0]?.detail).toMatch(/^host gone\.example: .*reset.*; silent for \d+ s, the deadline of give_up_hours$/)
})

test('the URLs of a host that never answered were not asked for, with a reason that names it', async () => {
  expect(await endsOf('dead.example')).toEqual({ 'excluded robots_unreachable': PICTURES })
  const { rows } = await sql<{ detail: string; class: string }>`
    SELECT DISTINCT detail, class FROM frontier WHERE crawl_no = ${crawlNo} AND host = 'dead.example'`.execute(
    runtime.db,
  )
  expect(rows).toMatchObject([
    { class: 'refused', detail: expect.stringMatching(/^host dead\.example: robots\.txt refused/) },
  ])
})

test('a suspended host is not asked for its pictures, only whether it is there again', () => {
  const after = (asked.get('gone.example') ?? []).slice(4)
  const pictures = after.filter((path) => path !== '/robots.txt')
  // Those of the batch that was under way when it fell silent.
  expect(pictures.length).toBeLessThanOrEqual(PICTURES)
  expect(after.slice(after.indexOf('/robots.txt')).every((path) => path === '/robots.txt')).toBe(true)
})

test('the hosts that were given up are shown with what they last did', async () => {
  const { failing } = await countHosts(runtime.db, crawlNo)
  expect(Object.fromEntries(failing.map(({ host, state }) => [host, state]))).toEqual({
    'dead.example': 'given up',
    'gone.example': 'given up',
  })
})

test('what is put back of a host that was given up is asked for again, and had when it answers', async () => {
  down.delete('gone.example')
  const plan = await planReopening(runtime.db, crawlNo)
  expect(plan.rows.map((row) => [row.action, row.class, row.reason, row.host])).toEqual([
    ['tried again', 'refused', 'robots_unreachable', 'dead.example'],
    ['tried again', 'reset', 'host_down', 'gone.example'],
  ])
  await putBack(runtime.db, crawlNo, { classes: ['reset'], host: 'gone.example' })
  expect(await crawlToEnd(runtime, crawlId)).toBe('finished')
  expect(await endsOf('gone.example')).toEqual({ 'done null': PICTURES + 1 })
})

test('the history of a URL has what became of each attempt, in the order of time', async () => {
  const { rows } = await sql<{ url_sha: Buffer }>`
    SELECT url_sha FROM crawl_attempt WHERE crawl_no = ${crawlNo} AND outcome = 'put_back' ORDER BY attempt_no LIMIT 1`.execute(
    runtime.db,
  )
  const history = await historyOfUrl(runtime.db, crawlNo, rows[0]?.url_sha as Buffer)
  const outcomes = history.map(({ outcome }) => outcome)
  expect(outcomes.slice(-3)).toEqual(['given_up', 'put_back', 'answered'])
  expect(history.at(-1)?.status).toBe(200)
  expect(history.at(-3)?.detail).toMatch(/^host gone\.example: /)
})
