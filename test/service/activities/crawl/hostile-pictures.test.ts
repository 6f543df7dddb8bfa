import { sql } from 'kysely'
import zlib from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { IMAGE_DEFAULTS } from '../../../../schema/spec/spec-defaults.ts'
import type { Runtime } from '../../../../workers/runtime.ts'
import { aRaster, pngClaiming, sharpOf } from '../../../builders/pictures.ts'
import { openTestRuntime } from '../../../support/crawler.ts'
import { useTestDatabase } from '../../../support/database.ts'
import { html } from '../../../support/example-web.ts'
import { makeTestHome, removeTestHome } from '../../../support/home.ts'
import { crawlSites, type End, type Hostility, type HostileCrawl, serveHostile } from '../../../support/hostile-web.ts'
import type { TestSite } from '../../../support/web-site.ts'

const database = useTestDatabase()
const SVG = `<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><script>alert(1)</script><image xlink:href="file:///etc/passwd"/><text>&x;</text></svg>`
const raster = aRaster({ width: 64, height: 48 })

/** One bit a pixel, all zero: some ten kilobytes that claim 900 megapixels and keep the claim. */
function pixelBomb(side: number): Buffer {
  const whole = pngClaiming(side, side)
  const row = Buffer.alloc(Math.ceil(side / 8) + 1)
  const data = zlib.deflateSync(Buffer.alloc(row.length * side))
  const chunk = Buffer.alloc(12 + data.length)
  chunk.writeUInt32BE(data.length, 0)
  chunk.write('IDAT', 4, 'latin1')
  data.copy(chunk, 8)
  chunk.writeUInt32BE(zlib.crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length)
  return Buffer.concat([whole.subarray(0, 33), chunk, Buffer.from('0000000049454e44ae426082', 'hex')])
}

async function manyFrames(): Promise<Buffer> {
  const frames = 5_000
  const raw = { width: 2, height: 2 * frames, channels: 3, pageHeight: 2 } as const
  const data = Buffer.alloc(2 * 2 * 3 * frames, 7)
  for (let at = 0; at < data.length; at += 5) data[at] = at & 255
  const { default: sharp } = await import('sharp')
  return sharp(data, { raw }).gif({ loop: 0 }).toBuffer()
}

interface Row {
  type: string
  body: () => Buffer | Promise<Buffer>
  end: End
  /** What the step normalise finds in what was kept. */
  found?: string
}

const KEPT: End = ['done', null]
const NO_PICTURE: End = ['done', 'bad_media_type']
const jpeg = () => sharpOf(raster).jpeg().toBuffer()

/** Each is the picture `/bad` of a site of that name. */
const ROWS: Record<string, Row> = {
  'pixel-bomb': { type: 'image/png', body: () => pixelBomb(30_000), end: KEPT, found: 'too_many_pixels' },
  'below-default': { type: 'image/png', body: () => pixelBomb(16_383), end: KEPT, found: 'too_many_pixels' },
  'one-column': { type: 'image/png', body: () => pngClaiming(1, 900_000), end: KEPT, found: 'too_many_pixels' },
  'many-frames': { type: 'image/gif', body: manyFrames, end: KEPT, found: 'gif' },
  'cut-jpeg': {
    type: 'image/jpeg',
    body: async () => (await jpeg()).subarray(0, 700),
    end: KEPT,
    found: 'undecodable',
  },
  'svg-file': { type: 'image/svg+xml', body: () => Buffer.from(SVG), end: NO_PICTURE },
  'svg-as-png': { type: 'image/png', body: () => Buffer.from(SVG), end: NO_PICTURE },
  'pdf-as-jpeg': { type: 'image/jpeg', body: () => Buffer.from('%PDF-1.7\n1 0 obj'), end: NO_PICTURE },
  'tiff-as-jpeg': { type: 'image/jpeg', body: () => sharpOf(raster).tiff().toBuffer(), end: NO_PICTURE },
  'jxl-as-jpeg': { type: 'image/jpeg', body: () => Buffer.from('ff0afa1f0140', 'hex'), end: NO_PICTURE },
  'html-as-png': { type: 'image/png', body: () => Buffer.from('<html><script>alert(1)</script>'), end: NO_PICTURE },
  'gif-and-script': {
    type: 'image/gif',
    body: () => Buffer.from('GIF89a/*\x00\x00\x00*/=1;alert(1)//', 'latin1'),
    end: KEPT,
    found: 'undecodable',
  },
  'jpeg-and-zip': {
    type: 'image/jpeg',
    body: async () => Buffer.concat([await jpeg(), Buffer.from('PK\x03\x04evil.exe')]),
    end: KEPT,
    found: 'jpeg',
  },
  'png-as-html': { type: 'text/html', body: () => sharpOf(raster).png().toBuffer(), end: KEPT, found: 'png' },
  empty: { type: 'image/png', body: () => Buffer.alloc(0), end: NO_PICTURE },
}

let home = ''
let site: TestSite
let runtime: Runtime
let crawled: HostileCrawl

beforeAll(async () => {
  home = makeTestHome('pictures')
  const files: Record<string, Hostility> = {}
  for (const [name, { type, body }] of Object.entries(ROWS)) {
    files[`${name}.example/`] = html('<img src="/bad" alt="Most"><img src="/twin.png" alt="Hrad">')
    files[`${name}.example/bad`] = { headers: { 'content-type': type }, body: await body() }
    files[`${name}.example/twin.png`] = {
      headers: { 'content-type': 'image/png' },
      body: await sharpOf(raster).png().toBuffer(),
    }
  }
  site = await serveHostile(files)
  runtime = await openTestRuntime(home, database.url, site.port, { concurrency: 64 })
  const seeds = Object.keys(ROWS).map((name) => `http://${name}.example/`)
  crawled = await crawlSites(runtime, seeds, {})
})

afterAll(async () => {
  await runtime[Symbol.asyncDispose]()
  await site[Symbol.asyncDispose]()
  await removeTestHome(home)
})

test.each(Object.entries(ROWS))(
  '%s ends in its verdict, and its twin is kept and read',
  async (name, { end, found }) => {
    expect(crawled.ends[`${name}.example/bad`]).toEqual(end)
    expect(await readKept(`http://${name}.example/bad`)).toBe(found ?? null)
    expect(crawled.ends[`${name}.example/twin.png`]).toEqual(KEPT)
    expect(await readKept(`http://${name}.example/twin.png`)).toBe('png')
  },
)

/** What normalise finds in the picture that the crawl kept of a URL: its format or a reason; null when none was kept. */
async function readKept(url: string): Promise<string | null> {
  const rows = await sql<{ sha: Buffer }>`SELECT c.body_sha AS sha FROM capture c JOIN url u ON u.sha = c.url_sha
    WHERE c.crawl_no = ${crawled.crawlNo} AND u.url = ${url} AND c.kind = 'picture'`.execute(runtime.db)
  const [row] = rows.rows
  if (!row) return null
  const pictures = await runtime.pictures()
  const { fact, released } = await pictures.normalise(await runtime.store.get(row.sha), IMAGE_DEFAULTS)
  expect(released?.includes('evil.exe') ?? false).toBe(false)
  return fact.ok ? fact.format : fact.reason
}
