import { type Kysely, sql } from 'kysely'
import type { CrawlRecord } from '../../schema/queries/crawls.ts'
import { insertCaptures, type NewCapture } from '../../schema/queries/captures.ts'
import { insertFound } from '../../schema/queries/frontier.ts'
import type { Database } from '../../schema/tables/database.ts'
import type { FrontierState } from '../../schema/tables/crawl.table.ts'
import { aFound, aSection, shaOf, startCrawl } from './crawl.ts'
import { digestOf } from './facts.ts'

/** One URL of a crawl that has been there. `capture` null: it was never had. */
export interface CapturedUrl {
  url: string
  /** Of the answer; what the URL is wanted for follows it. */
  kind?: NewCapture['kind']
  body?: string
  /** Where it leads to, with status 301. */
  to?: string
  capture?: Partial<NewCapture> | null
  state?: FrontierState
  reason?: string
  /** The site that it belongs to; 1 is that of the first seed. */
  site?: number
}

/** A crawl of one site whose frontier holds these URLs with their captures, in this order of arrival. */
export async function aCapturedCrawl(
  db: Kysely<Database>,
  urls: readonly CapturedUrl[],
  seeds: Record<string, string[]> = { cs: ['http://a.example/seed'] },
): Promise<CrawlRecord> {
  const crawl = await startCrawl(db, { ...aSection([]), seeds }, 1)
  await addCaptures(db, crawl.crawl_no, urls)
  return crawl
}

/** What the crawl found and had since. */
export async function addCaptures(db: Kysely<Database>, crawlNo: number, urls: readonly CapturedUrl[]): Promise<void> {
  await db.transaction().execute(async (tx) => {
    for (const { url, kind = 'page', state = 'done', reason = null, site = 1, ...one } of urls) {
      await insertFound(tx, crawlNo, [aFound(url, { siteNo: site, kind: kind === 'picture' ? 'picture' : 'page' })])
      const ids = one.capture === null ? [] : await insertCaptures(tx, crawlNo, [aCapture(url, kind, one)])
      await sql`UPDATE frontier SET state = ${state}, reason = ${reason}, capture_id = ${ids[0] ?? null}
        WHERE crawl_no = ${crawlNo} AND url_sha = ${shaOf(url)}`.execute(tx)
    }
  })
}

function aCapture(
  url: string,
  kind: NewCapture['kind'],
  { body = `body of ${url}`, to, capture }: Omit<CapturedUrl, 'url'>,
): NewCapture {
  return {
    urlSha: shaOf(url),
    kind,
    status: to === undefined ? 200 : 301,
    bodySha: digestOf(body),
    bodyBytes: body.length,
    mediaType: null,
    contentLanguage: null,
    signals: [],
    reserved: false,
    abuse: null,
    redirectSha: to === undefined ? null : shaOf(to),
    extractInput: kind === 'page' ? digestOf(`extract ${body}`) : null,
    warc: { sha: digestOf('segment'), offset: 10, length: 20 },
    fetchedAt: new Date('2026-01-01T00:00:00Z'),
    ...capture,
  }
}
