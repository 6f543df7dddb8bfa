import zlib from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Runtime } from '../../../../workers/runtime.ts'
import { openTestRuntime } from '../../../support/crawler.ts'
import { useTestDatabase } from '../../../support/database.ts'
import { type Answer, aPicture, html, png } from '../../../support/example-web.ts'
import { makeTestHome, removeTestHome } from '../../../support/home.ts'
import {
  crawlSites,
  endlessly,
  type End,
  type Hostility,
  type HostileCrawl,
  serveHostile,
} from '../../../support/hostile-web.ts'
import type { TestSite } from '../../../support/web-site.ts'

const database = useTestDatabase()
const to = (location: string, status = 302): Answer => ({ status, headers: { location } })
const xml = (body: string | Buffer): Answer => ({ headers: { 'content-type': 'application/xml' }, body })
const urlset = (inside: string, before = '') =>
  xml(
    `<?xml version="1.0"?>${before}<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xi="http://www.w3.org/2001/XInclude">${inside}</urlset>`,
  )
const LOC = (url: string) => `<url><loc>${url}</loc></url>`
const LAUGHS = `<!DOCTYPE urlset [<!ENTITY a0 "ha">${Array.from({ length: 9 }, (_, no) => `<!ENTITY a${no + 1} "${`&a${no};`.repeat(10)}">`).join('')}]>`

/** Files of sites, and where URLs have to end; the page `/` of each leads to `/bad`, `/bad.png` and `/twin`. */
const ROWS: Record<string, { files: Record<string, Hostility>; ends: Record<string, End | undefined> }> = {
  ring: {
    files: { '/bad': to('/other'), '/other': to('/bad') },
    ends: { '/bad': ['done', null], '/other': ['done', null] },
  },
  itself: { files: { '/bad': to('/bad') }, ends: { '/bad': ['failed', 'too_many_redirects'] } },
  chain: {
    files: Object.fromEntries(Array.from({ length: 20 }, (_, no) => [no === 0 ? '/bad' : `/${no}`, to(`/${no + 1}`)])),
    ends: { '/4': ['done', null], '/5': ['failed', 'too_many_redirects'], '/6': undefined },
  },
  'to-file': { files: { '/bad': to('file:///etc/passwd') }, ends: { '/bad': ['failed', 'bad_url'] } },
  'to-script': { files: { '/bad': to('javascript:alert(1)') }, ends: { '/bad': ['failed', 'bad_url'] } },
  'to-user': {
    files: { '/bad': to('http://user:word@to-user.example/twin') },
    ends: { '/bad': ['failed', 'bad_url'] },
  },
  'page-inside': {
    files: { '/bad': to('http://169.254.169.254/latest/meta-data/') },
    ends: { '/bad': ['failed', 'redirect_out_of_scope'] },
  },
  'picture-inside': {
    files: { '/bad.png': to('http://169.254.169.254/key.png') },
    ends: { '/bad.png': ['done', null] },
  },
  'odd-spelling': { files: { '/bad.png': to('http://0xa9fea9fe/key.png') }, ends: { '/bad.png': ['done', null] } },
  'mapped-inside': {
    files: { '/bad.png': to('http://[::ffff:10.1.2.3]/key.png') },
    ends: { '/bad.png': ['done', null] },
  },
  'named-inside': {
    files: { '/bad.png': to('http://inside.test/key.png') },
    ends: { '/bad.png': ['done', null] },
  },
  'meta-refresh': {
    files: {
      '/bad': html(
        '<meta http-equiv="refresh" content="0;url=file:///etc/passwd"><meta http-equiv="refresh" content="0;url=http://192.168.0.1/">',
      ),
    },
    ends: { '/bad': ['done', null] },
  },
  'odd-links': {
    files: {
      '/bad': html(
        '<a href="file:///etc/passwd">x</a><a href="data:text/html,x">x</a><a href="http:\\\\10.0.0.1\\x">x</a><a href="//[::1">x</a><img src="blob:http://odd-links.example/1" alt="x"><img src="/..%2f..%2fetc%2fpasswd.png" alt="x">',
      ),
      '/..%2f..%2fetc%2fpasswd.png': png(Buffer.from('no picture')),
    },
    ends: { '/bad': ['done', null], '/..%2F..%2Fetc%2Fpasswd.png': ['done', 'http_error'] },
  },
  'robots-endless': {
    files: {
      '/robots.txt': (socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n')
        endlessly(socket, 'User-agent: *\nDisallow: /bad\n'.repeat(5000))
      },
    },
    ends: { '/bad': ['excluded', 'robots_disallowed'] },
  },
  'robots-large': {
    files: {
      '/robots.txt': {
        body: `User-agent: *\nDisallow: /bad\n${'# as long as it is\n'.repeat(160_000)}Disallow: /twin\n`,
      },
    },
    ends: { '/bad': ['excluded', 'robots_disallowed'], '/twin': ['done', null] },
  },
  'robots-declared': {
    files: {
      '/robots.txt': (socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n')
        socket.write('User-agent: *\nDisallow: /bad\n'.repeat(20_000))
      },
    },
    ends: { '/bad': ['excluded', 'robots_disallowed'] },
  },
  'robots-ring': {
    files: { '/robots.txt': to('/robots.txt') },
    ends: { '/': ['excluded', 'robots_unreachable'], '/twin': undefined },
  },
  'robots-inside': {
    files: { '/robots.txt': to('http://169.254.169.254/robots.txt') },
    ends: { '/': ['excluded', 'robots_unreachable'], '/twin': undefined },
  },
  'robots-binary': {
    files: {
      '/robots.txt': { body: Buffer.concat([Buffer.alloc(300_000), Buffer.from('\nUser-agent: *\nDisallow: /bad\n')]) },
    },
    ends: { '/bad': ['excluded', 'robots_disallowed'] },
  },
  laughs: {
    files: { '/map.xml': urlset(LOC('http://laughs.example/&a9;'), LAUGHS) },
    ends: { '/map.xml': ['done', null] },
  },
  'outer-entity': {
    files: {
      '/map.xml': urlset(LOC('&x;'), '<!DOCTYPE urlset [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
    },
    ends: { '/map.xml': ['done', null] },
  },
  xinclude: {
    files: {
      '/map.xml': urlset(
        `<xi:include href="file:///etc/passwd" parse="text"/>${LOC('http://xinclude.example/listed')}`,
      ),
      '/listed': html('x'),
    },
    ends: { '/map.xml': ['done', null], '/listed': ['done', null] },
  },
  'map-bomb': {
    files: { '/map.xml': xml(zlib.gzipSync(Buffer.alloc(100 << 20, ' '))) },
    ends: { '/map.xml': ['done', null] },
  },
  'map-of-itself': {
    files: {
      '/map.xml': xml(
        `<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap><loc>http://map-of-itself.example/map.xml</loc></sitemap></sitemapindex>`,
      ),
    },
    ends: { '/map.xml': ['done', null] },
  },
  'map-to-inside': {
    files: { '/map.xml': urlset(LOC('http://192.168.0.1/') + LOC('file:///etc/passwd')) },
    ends: { '/map.xml': ['done', null] },
  },
}

let home = ''
let site: TestSite
let runtime: Runtime
let crawled: HostileCrawl

beforeAll(async () => {
  home = makeTestHome('ways')
  const files: Record<string, Hostility> = {}
  for (const [name, row] of Object.entries(ROWS)) {
    files[`${name}.example/`] = html(
      '<a href="/bad">x</a><a href="/twin">x</a><img src="/bad.png" alt="Most"><img src="/twin.png" alt="Les">',
    )
    files[`${name}.example/twin.png`] = png(await aPicture(1))
    files[`${name}.example/robots.txt`] = row.files['/map.xml']
      ? { body: `Sitemap: http://${name}.example/map.xml\n` }
      : { status: 404 }
    for (const [path, file] of Object.entries(row.files)) files[`${name}.example${path}`] = file
  }
  site = await serveHostile(files)
  runtime = await openTestRuntime(home, database.url, site.port, {
    concurrency: 64,
    resolve: [
      { pattern: '*.example', host: '127.0.0.1', port: site.port },
      { pattern: 'inside.test', host: '10.0.0.1', port: 80 },
    ],
  })
  const seeds = Object.keys(ROWS).map((name) => `http://${name}.example/`)
  crawled = await crawlSites(runtime, seeds, { limits: { max_body_mib: 2, seconds_per_page: 5 } })
})

afterAll(async () => {
  await runtime[Symbol.asyncDispose]()
  await site[Symbol.asyncDispose]()
  await removeTestHome(home)
})

test.each(Object.entries(ROWS))('%s ends in its verdict, and its twin is crawled', (name, { ends }) => {
  const twins: Record<string, End> = { '/twin': ['done', null], '/twin.png': ['done', null] }
  const expected = '/twin' in ends ? ends : { ...ends, ...twins }
  const found = Object.keys(expected).map((path) => [path, crawled.ends[`${name}.example${path}`]])
  expect(Object.fromEntries(found)).toEqual(expected)
})

test('no address that leads inside is asked, for robots.txt neither, and each says so', () => {
  const inside = Object.entries(crawled.ends).filter(([url]) => !/^[a-z-]+\.example\//.test(url))
  expect(Object.fromEntries(inside)).toEqual({
    '169.254.169.254/key.png': ['excluded', 'address_blocked'],
    '[::ffff:a01:203]/key.png': ['excluded', 'address_blocked'],
    'inside.test/key.png': ['excluded', 'address_blocked'],
  })
})

test('sitemaps say why nothing was read from them', () => {
  const said = ['laughs', 'outer-entity', 'map-bomb'].map((name) => crawled.details[`${name}.example/map.xml`])
  expect(said).toEqual(['doctype', 'doctype', 'too_large'])
})
