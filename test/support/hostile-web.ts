import type http from 'node:http'
import type net from 'node:net'
import { type Kysely, sql } from 'kysely'
import type { Database } from '../../schema/tables/database.ts'
import type { CrawlSection } from '../../schema/contracts/spec.ts'
import type { Runtime } from '../../workers/runtime.ts'
import { type SectionChanges, aSection, startCrawl } from './crawl.ts'
import { crawlToEnd } from './crawler.ts'
import { type Answer, html } from './example-web.ts'
import { serve, type TestSite } from './web-site.ts'

/** An answer, or what writes bytes of its own to the socket. */
export type Hostility = Answer | ((socket: net.Socket, request: http.IncomingMessage) => void)

/** How a URL of the frontier stands. */
export type End = [state: string, reason: string | null]

/** What was learnt of the crawl of some sites. */
export interface HostileCrawl {
  runtime: Runtime
  crawlNo: number
  section: CrawlSection
  ends: Record<string, End>
  details: Record<string, string | null>
}

/**
 * Sites by name behind one port of loopback: `files` by URL without scheme. A file that is not there is a 404, but each
 * site has the page `/twin`, which is what a crawler came for.
 */
export function serveHostile(files: Record<string, Hostility>): Promise<TestSite> {
  return serve((request, response) => {
    const url = `${request.headers.host}${request.url}`
    const found = files[url] ?? (request.url === '/twin' ? html('Dvojče') : { status: 404, body: 'not here' })
    if (typeof found === 'function') {
      request.socket.on('error', () => {}) // the crawler hangs up, as it should
      found(request.socket, request)
      return
    }
    const body = Buffer.from(found.body ?? '')
    response.writeHead(found.status ?? 200, { 'content-length': String(body.length), ...found.headers })
    response.end(body)
  })
}

/** Crawls from one seed a site, and says where each URL ended. */
export async function crawlSites(runtime: Runtime, seeds: string[], changes: SectionChanges): Promise<HostileCrawl> {
  const section = aSection(seeds, {
    ...changes,
    politeness: { per_host: 8, per_address: 64, honour: ['robots', 'noai'], ...changes.politeness },
  })
  // A crawl of its own for each file of tests, whatever the section says.
  const crawl = await startCrawl(runtime.db, section)
  const kind = await crawlToEnd(runtime, crawl.id)
  if (kind !== 'finished') throw new Error(`crawl ended as ${kind}`)
  const rows = await frontierRows(runtime.db, crawl.crawl_no)
  return {
    runtime,
    crawlNo: crawl.crawl_no,
    section,
    ends: Object.fromEntries(rows.map((row) => [nameOf(row.url), [row.state, row.reason]])),
    details: Object.fromEntries(rows.map((row) => [nameOf(row.url), row.detail])),
  }
}

const nameOf = (url: string) => url.replace(/^http:\/\//, '')

async function frontierRows(db: Kysely<Database>, crawlNo: number) {
  const rows = await sql<{ url: string; state: string; reason: string | null; detail: string | null }>`
    SELECT u.url, f.state, f.reason, f.detail FROM frontier f JOIN url u ON u.sha = f.url_sha
    WHERE f.crawl_no = ${crawlNo} ORDER BY u.url COLLATE "C"`.execute(db)
  return rows.rows
}

/** Writes a piece again and again, as fast as the socket takes it or every `everyMs`, until the other side is gone. */
export function endlessly(socket: net.Socket, piece: string | Buffer, everyMs = 0): void {
  if (everyMs > 0) {
    const timer = setInterval(() => socket.write(piece), everyMs)
    socket.on('close', () => clearInterval(timer))
    return
  }
  const more = () => {
    while (!socket.destroyed && socket.write(piece));
  }
  socket.on('drain', more)
  more()
}
