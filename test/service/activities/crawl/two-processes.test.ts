import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { SectionChanges } from '../../../support/crawl.ts'
import { aSection, frontierOf, startCrawl } from '../../../support/crawl.ts'
import type { CrawlOrder } from '../../../support/crawl-process.ts'
import { useTestDatabase } from '../../../support/database.ts'
import { makeTestHome, removeTestHome } from '../../../support/home.ts'
import { serve, type TestSite } from '../../../support/web-site.ts'

const PROCESS = fileURLToPath(new URL('../../../support/crawl-process.ts', import.meta.url))
/** Each a domain of its own, so that shards of both processes have some of them. */
const NAMES = 10

const database = useTestDatabase()

let home = ''
let site: TestSite
let processes: ChildProcess[] = []
/** What the server of the shared address saw: when each request came in, and how many were open at most. */
let asked: { url: string; at: number }[] = []
let open = 0
let mostOpen = 0
let answerAfterMs = 0
let onRequest: (count: number) => void = () => {}

beforeAll(async () => {
  home = makeTestHome('two-processes')
  site = await serve((request, response) => {
    asked.push({ url: `http://${request.headers.host}${request.url}`, at: performance.now() })
    open += 1
    mostOpen = Math.max(mostOpen, open)
    response.once('close', () => (open -= 1))
    onRequest(asked.length)
    setTimeout(() => {
      response.writeHead(request.url === '/robots.txt' ? 404 : 200, { 'content-type': 'text/html' }).end()
    }, answerAfterMs)
  })
})

beforeEach(() => {
  asked = []
  mostOpen = 0
  answerAfterMs = 0
  onRequest = () => {}
})

afterEach(async () => {
  await Promise.all(processes.map(ended))
  processes = []
})

afterAll(async () => {
  for (const one of processes) one.kill('SIGKILL')
  await site[Symbol.asyncDispose]()
  await removeTestHome(home)
})

const names = (prefix: string) => Array.from({ length: NAMES }, (_, no) => `${prefix}-${no}.example`)

/** Starts a crawl of two pages of each host, in two processes. */
async function crawl(hosts: string[], politeness: SectionChanges['politeness']) {
  const seeds = hosts.flatMap((host) => [`http://${host}/`, `http://${host}/more`])
  const section = aSection(seeds, { politeness: { honour: ['robots'], ...politeness } })
  const { id, crawl_no: crawlNo } = await startCrawl(database.as('writer'), section)
  processes = ([0, 1] as const).map((parity) => crawlIn(id, parity))
  return crawlNo
}

function crawlIn(crawlId: string, parity: 0 | 1): ChildProcess {
  const order: CrawlOrder = {
    home,
    databaseUrl: database.url,
    settings: {
      concurrency: 32,
      resolve: [{ pattern: '*.example', host: '127.0.0.1', port: site.port }],
    },
    crawlId,
    parity,
  }
  return spawn(process.execPath, [PROCESS, JSON.stringify(order)], { stdio: 'ignore' })
}

function ended(one: ChildProcess): Promise<void> {
  if (one.exitCode !== null || one.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => one.once('exit', () => resolve()))
}

/** Hosts in the shards that a process holds now. */
async function hostsOf(one: ChildProcess | undefined): Promise<string[]> {
  const { rows } = await sql<{ host: string }>`
    SELECT h.host FROM shard_lease l JOIN crawl_host h USING (crawl_no, shard)
    WHERE split_part(l.owner, '/', 2) = ${String(one?.pid)} AND l.until > now()`.execute(database.as('auditor'))
  return rows.map(({ host }) => host)
}

/** Resolves at the first request from that one on at which both processes hold shards, with their hosts. */
function bothAt(count: number): Promise<string[][]> {
  return new Promise((resolve) => {
    onRequest = (now) => {
      if (now < count) return
      void Promise.all(processes.map(hostsOf)).then((hosts) => {
        if (hosts.every((some) => some.length > 0)) resolve(hosts)
      })
    }
  })
}

async function allDone(crawlNo: number): Promise<void> {
  await Promise.all(processes.map(ended))
  const states = (await frontierOf(database.as('auditor'), crawlNo)).map(({ state }) => state)
  expect(new Set(states)).toEqual(new Set(['done']))
}

/** Milliseconds between the starts of two requests, as the server saw them. */
const gaps = () => asked.slice(1).map(({ at }, index) => at - (asked[index]?.at ?? 0))
const twice = () =>
  [...Map.groupBy(asked, ({ url }) => url)].filter(([, times]) => times.length > 1).map(([url]) => url)

test('names of one address in the shards of two processes get its delay as one, also when one of them freezes and wakes', async () => {
  const crawlNo = await crawl(names('d'), { delay_ms: 400, per_host: 1, per_address: 1 })
  await bothAt(8)
  processes[0]?.kill('SIGSTOP')
  // Past its leases, of shards and of the address.
  setTimeout(() => processes[0]?.kill('SIGCONT'), 8_000)
  await allDone(crawlNo)
  expect(new Set(asked.map(({ url }) => url)).size).toBe(3 * NAMES)
  // A lower bound only: on a busy machine a start may be seen late, and the next one in time.
  expect(gaps().filter((gap) => gap < 250)).toEqual([])
})

test('a process that dies leaves its own shards to the other, and no more requests are open at their address than before', async () => {
  answerAfterMs = 150
  const crawlNo = await crawl(names('s'), { per_host: 1, per_address: 2 })
  const [lost] = await bothAt(8)
  processes[0]?.kill('SIGKILL')
  await allDone(crawlNo)
  expect(new Set(asked.map(({ url }) => url)).size).toBe(3 * NAMES)
  expect(mostOpen).toBe(2)
  expect(twice().filter((url) => !lost?.includes(new URL(url).host))).toEqual([])
})
