import { readFileSync } from 'node:fs'
import https from 'node:https'
import type net from 'node:net'
import path from 'node:path'
import tls from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CrawlDeps } from '../../../../activities/crawl/create-shard-crawler.ts'
import { parseResolveMap } from '../../../../infra/resolve-map.ts'
import { crawlDeps } from '../../../../workers/roles/crawl-deps.ts'
import type { Runtime } from '../../../../workers/runtime.ts'
import { aSection, frontierOf, startCrawl } from '../../../support/crawl.ts'
import { crawlToEnd, openTestRuntime } from '../../../support/crawler.ts'
import { useTestDatabase } from '../../../support/database.ts'
import { aPicture, html } from '../../../support/example-web.ts'
import { makeTestHome, removeTestHome } from '../../../support/home.ts'
import { serveHostile } from '../../../support/hostile-web.ts'
import { aFetcher, type TestFetcher } from '../../../support/web-fetcher.ts'
import type { TestSite } from '../../../support/web-site.ts'

const database = useTestDatabase()
const pem = (name: string) => readFileSync(path.join('test', 'infra', 'tls', name), 'utf8')
const contextOf = (certificate: string) => tls.createSecureContext({ key: pem('site.key.pem'), cert: pem(certificate) })
/** The certificate that each name answers with; `site.example` stands in the good one. */
const CERTIFICATES: Record<string, string> = { 'expired.example': 'expired.pem', 'other.example': 'site.pem' }

let home = ''
let site: TestSite
let secure: https.Server
let runtime: Runtime
let fetcher: TestFetcher

beforeAll(async () => {
  home = makeTestHome('tls')
  const picture = await aPicture(1)
  secure = https.createServer(
    {
      key: pem('site.key.pem'),
      cert: pem('site.pem'),
      SNICallback: (name, answer) => answer(null, contextOf(CERTIFICATES[name] ?? 'site.pem')),
    },
    (_request, response) => response.writeHead(200, { 'content-type': 'image/png' }).end(picture),
  )
  await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve))
  const { port } = secure.address() as net.AddressInfo
  const images = ['site', 'expired', 'other'].map((name) => `<img src="https://${name}.example/p.png" alt="Most">`)
  site = await serveHostile({ 'plain.example/': html(images.join('')) })
  runtime = await openTestRuntime(home, database.url, site.port)
  const names = ['site', 'expired', 'other'].map((name) => `${name}.example=127.0.0.1:${port}`)
  fetcher = aFetcher({
    ca: pem('authority.pem'),
    resolve: parseResolveMap([...names, `plain.example=127.0.0.1:${site.port}`].join(',')),
  })
})

afterAll(async () => {
  await fetcher[Symbol.asyncDispose]()
  await runtime[Symbol.asyncDispose]()
  await site[Symbol.asyncDispose]()
  secure.closeAllConnections()
  await new Promise((resolve) => secure.close(resolve))
  await removeTestHome(home)
})

test('pictures behind a certificate that is expired or of another name are not taken, and the one behind a good one is', async () => {
  const section = aSection(['http://plain.example/'], {
    limits: { give_up_hours: 20 / 3600 },
    politeness: { per_host: 4, per_address: 16, honour: [] },
  })
  const crawl = await startCrawl(runtime.db, section)
  const deps: CrawlDeps = {
    ...crawlDeps(runtime),
    fetchOnce: (request) => fetcher.fetchOnce(request),
    addressOf: (url) => fetcher.addressOf(url),
  }
  expect(await crawlToEnd(runtime, crawl.id, undefined, deps)).toBe('finished')
  const ends = await frontierOf(database.as('auditor'), crawl.crawl_no)
  expect(ends.map(({ url, state, reason }) => [url, state, reason])).toEqual([
    ['http://plain.example/', 'done', null],
    ['https://expired.example/p.png', 'failed', 'tls_failed'],
    ['https://other.example/p.png', 'failed', 'tls_failed'],
    ['https://site.example/p.png', 'done', null],
  ])
})
