import zlib from 'node:zlib'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { aSection, frontierOf, startCrawl } from '../../../support/crawl.ts'
import { useCrawledWeb } from '../../../support/crawled-web.ts'
import { crawlToEnd } from '../../../support/crawler.ts'
import { useTestDatabase } from '../../../support/database.ts'
import { type Answer, html } from '../../../support/example-web.ts'

const database = useTestDatabase()
const SITE = 'http://mapped.example'
const NS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
const urlset = (...urls: string[]) =>
  `<urlset ${NS}>${urls.map((url) => `<url><loc>${url}</loc></url>`).join('')}</urlset>`

/** No page links to another, and the front page is no seed: what is found was named by a sitemap. */
const PAGES: Record<string, () => Answer> = {
  [`${SITE}/robots.txt`]: () => ({
    body: `User-agent: *\nDisallow: /private/\nSitemap: ${SITE}/named-by-robots.txt\n`,
  }),
  [`${SITE}/index.xml`]: () => ({
    body: `<sitemapindex ${NS}><sitemap><loc>${SITE}/packed.xml.gz</loc></sitemap><sitemap><loc>${SITE}/gone.xml</loc></sitemap></sitemapindex>`,
  }),
  [`${SITE}/packed.xml.gz`]: () => ({
    headers: { 'content-type': 'application/gzip' },
    body: zlib.gzipSync(urlset(`${SITE}/1`, `${SITE}/private/2`, 'http://other.example/')),
  }),
  // Larger than a page may be.
  [`${SITE}/named-by-robots.txt`]: () => ({
    headers: { 'content-type': 'text/plain' },
    body: `${'\n'.repeat(2 << 20)}${SITE}/3\n`,
  }),
  [`${SITE}/1`]: () => html('jedna'),
  [`${SITE}/3`]: () => html('tři'),
}

const crawled = useCrawledWeb('maps', database, (url) => PAGES[url]?.())

test('a crawl from a sitemap alone takes the pages that it and robots.txt name, within the scope and the rules', async () => {
  const { runtime } = crawled
  const crawl = await startCrawl(runtime.db, aSection([`sitemap:${SITE}/index.xml`], { limits: { max_body_mib: 1 } }))
  expect(await crawlToEnd(runtime, crawl.id)).toBe('finished')
  const rows = await frontierOf(runtime.db, crawl.crawl_no)
  const kindOf = (row: (typeof rows)[number]) => (row.page ? 'page' : row.sitemap ? 'sitemap' : 'robots')
  const asked = rows.filter(({ url }) => !url.includes('/.well-known/'))
  expect(asked.map((row) => [kindOf(row), row.url.slice(SITE.length), row.depth, row.state, row.reason])).toEqual([
    ['page', '/1', 1, 'done', null],
    ['page', '/3', 1, 'done', null],
    ['sitemap', '/gone.xml', 0, 'done', 'http_error'],
    ['sitemap', '/index.xml', 0, 'done', null],
    ['sitemap', '/named-by-robots.txt', 0, 'done', null],
    ['sitemap', '/packed.xml.gz', 0, 'done', null],
    ['page', '/private/2', 1, 'excluded', 'robots_disallowed'],
    ['robots', '/robots.txt', 0, 'done', null],
  ])
  const seeds = await sql<{ declared: string }>`
    SELECT f.declared FROM frontier f WHERE f.crawl_no = ${crawl.crawl_no} AND f.seed AND f.sitemap`.execute(runtime.db)
  expect(seeds.rows).toEqual([{ declared: 'cs' }])
})
