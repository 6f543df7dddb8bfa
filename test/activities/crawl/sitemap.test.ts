import zlib from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { readSitemap } from '../../../activities/crawl/sitemap.ts'

const HERE = 'https://site.example/sitemap.xml'
const read = (text: string | Uint8Array) => readSitemap(typeof text === 'string' ? Buffer.from(text) : text, HERE)
const urlset = (inner: string, head = '<?xml version="1.0" encoding="UTF-8"?>') =>
  `${head}\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${inner}</urlset>`
const found = (...urls: string[]) => ({ kind: 'urls', urls, truncated: false })

describe('sitemap', () => {
  it('reads pages in order, canonical, each once, without those of pictures', async () => {
    const text = urlset(`
      <url><loc> https://site.example/a#x </loc><lastmod>2026-01-01</lastmod>
        <image:image xmlns:image="i"><image:loc>https://site.example/a.png</image:loc></image:image></url>
      <url><loc>https://site.example/b?x=1&amp;y=2</loc></url>
      <url><loc><![CDATA[https://site.example/c?x&y]]></loc></url>
      <url><loc>https://site.example/a</loc></url>
      <url><loc>/relative</loc></url>
      <url><loc>mailto:x@site.example</loc></url>`)
    expect(await read(text)).toEqual(
      found(
        'https://site.example/a',
        'https://site.example/b?x=1&y=2',
        'https://site.example/c?x&y',
        'https://site.example/relative',
      ),
    )
  })

  it('reads an index, with a prefix on every name too', async () => {
    const text =
      '<s:sitemapindex xmlns:s="x"><s:sitemap><s:loc>https://site.example/1.xml</s:loc></s:sitemap></s:sitemapindex>'
    expect(await read(text)).toEqual({ kind: 'index', urls: ['https://site.example/1.xml'], truncated: false })
  })

  it('reads a list of lines', async () => {
    expect(await read('https://site.example/a\r\n\nnot a url\n  https://site.example/b')).toEqual(
      found('https://site.example/a', 'https://site.example/b'),
    )
  })

  it('unpacks gzip, and says when it is broken or too much', async () => {
    expect(await read(zlib.gzipSync(urlset('<url><loc>/a</loc></url>')))).toEqual(found('https://site.example/a'))
    expect(await read(zlib.gzipSync(urlset('')).subarray(0, 30))).toEqual({ kind: 'invalid', reason: 'broken_gzip' })
    expect(await read(Buffer.alloc(50 * 1024 * 1024 + 1, ' '))).toEqual({ kind: 'invalid', reason: 'too_large' })
    const bomb = zlib.gzipSync(Buffer.alloc(51 * 1024 * 1024))
    expect(await read(bomb)).toEqual({ kind: 'invalid', reason: 'too_large' })
  })

  it.each([
    ['utf-16', Buffer.from(`\ufeff${urlset('<url><loc>/\u017e</loc></url>', '')}`, 'utf16le')],
    [
      'a declared single-byte encoding',
      Buffer.from(urlset('<url><loc>/\u00be</loc></url>', '<?xml version="1.0" encoding="iso-8859-2"?>'), 'latin1'),
    ],
    [
      'utf-16, high byte first',
      Buffer.from(`\ufeff${urlset('<url><loc>/\u017e</loc></url>', '')}`, 'utf16le').swap16(),
    ],
    ['utf-8 with a mark', Buffer.from(`\ufeff${urlset('<url><loc>/\u017e</loc></url>', '')}`)],
  ])('reads %s', async (_name, bytes) => {
    expect(await read(bytes)).toEqual(found('https://site.example/%C5%BE'))
  })

  it('reads letters of several bytes wherever a chunk ends', async () => {
    for (const before of [0, 1]) {
      const text = `${' '.repeat(before)}${urlset(`<url><loc>/${'\u017e'.repeat(300)}</loc></url>`.repeat(250))}`
      expect(await read(text)).toEqual(found(`https://site.example/${'%C5%BE'.repeat(300)}`))
    }
  })

  it('passes over the ampersands that sites forget to escape, also where a chunk ends', async () => {
    const entries = Array.from({ length: 3000 }, (_, i) => `<url><loc>/p?a=${i}&b=${i}&amp;c=&#x41;</loc></url>`)
    const result = await read(urlset(entries.join('')))
    expect(result).toEqual(found(...entries.map((_, i) => `https://site.example/p?a=${i}&b=${i}&c=A`)))
  })

  it.each(['<url><loc>/b', '<url><loc>/b</lo', '<url><loc>/b</loc></url'])(
    'keeps what came whole from a file cut after %s',
    async (end) => {
      const text = `<urlset><url><loc>/a</loc></url>${end}`
      const whole = end.includes('</loc>') ? ['https://site.example/b'] : []
      expect(await read(text)).toEqual(found('https://site.example/a', ...whole))
    },
  )

  it.each([
    ['<!DOCTYPE urlset [<!ENTITY a "aaaa">]><urlset><url><loc>/a</loc></url></urlset>', 'doctype'],
    ['<!DOCTYPE urlset SYSTEM "file:///etc/passwd"><urlset><url><loc>/a</loc></url></urlset>', 'doctype'],
    ['<html><body><url><loc>/a</loc></url></body></html>', 'not_a_sitemap'],
    ['nothing here', 'not_a_sitemap'],
    ['', 'not_a_sitemap'],
  ])('refuses %s', async (text, reason) => {
    expect(await read(text)).toEqual({ kind: 'invalid', reason })
  })

  it('knows no entities but those of XML', async () => {
    expect(await read(urlset('<url><loc>/a&nbsp;b</loc></url>'))).toEqual(found('https://site.example/a&nbsp;b'))
  })

  it('ends at 50,000 URLs and says so', async () => {
    const result = await read(Array.from({ length: 50_001 }, (_, i) => `https://site.example/${i}`).join('\n'))
    expect(result).toMatchObject({ kind: 'urls', truncated: true })
    expect('urls' in result && result.urls).toHaveLength(50_000)
    const xml = await read(urlset(Array.from({ length: 50_002 }, (_, i) => `<url><loc>/${i}</loc></url>`).join('')))
    expect(xml).toMatchObject({ kind: 'urls', truncated: true })
  })

  it('reads on after faults, though not after a thousand', async () => {
    const faults = (count: number) =>
      urlset(`<url><loc>/a</loc></url>${'<x>&#0;</x>'.repeat(count)}<url><loc>/b</loc></url>`)
    expect(await read(faults(20))).toEqual(found('https://site.example/a', 'https://site.example/b'))
    expect(await read(faults(2000))).toEqual(found('https://site.example/a'))
  })

  it('gives up on elements nested without end', async () => {
    expect(await read(urlset(`<url><loc>/a</loc></url>${'<x>'.repeat(100_000)}`))).toEqual(
      found('https://site.example/a'),
    )
  })
})
