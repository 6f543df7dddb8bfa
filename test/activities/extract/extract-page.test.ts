import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { EXTRACT_REV, extractInputDigest, extractPage } from '../../../activities/extract/extract-page.ts'
import { MAX_DEPTH } from '../../../activities/extract/html-tree.ts'
import type { PageExtract, PageInput } from '../../../schema/contracts/candidate.ts'
import { expectGolden, goldenInputs } from '../golden-cases.ts'

const CASES = new URL('./cases/', import.meta.url)

function aPage(html: string, overrides: Partial<PageInput> = {}): PageInput {
  return {
    url: 'https://site.example/dir/page.html',
    body: new TextEncoder().encode(html),
    contentType: 'text/html; charset=utf-8',
    contentLanguage: null,
    ...overrides,
  }
}

function extracted(html: string, overrides: Partial<PageInput> = {}): PageExtract {
  const result = extractPage(aPage(html, overrides))
  if (!result.ok) throw new Error(result.reason)
  return result.page
}

describe('extractPage', () => {
  test.each(goldenInputs(CASES, '.html'))('reads %s as recorded', (name) => {
    const result = extractPage(aPage(readFileSync(new URL(name, CASES), 'utf8')))
    expectGolden(new URL(name.replace('.html', '.json'), CASES), EXTRACT_REV, result)
  })

  test('decodes the body by its declared encoding', () => {
    const body = Buffer.from([0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2])
    expect(extracted('', { body, contentType: 'text/html; charset=windows-1251' }).text).toBe('Привет')
  })

  test('takes the language of html, else of a meta, else of the header, and none from a list or an empty lang', () => {
    const meta = '<meta http-equiv=Content-Language content=cs>'
    expect(extracted(`<html lang=hu>${meta}`, { contentLanguage: 'ru' }).lang).toBe('hu')
    expect(extracted(meta, { contentLanguage: 'ru' }).lang).toBe('cs')
    expect(extracted('<img src=/a alt=x>', { contentLanguage: 'ru' })).toMatchObject({
      lang: 'ru',
      candidates: [{ lang: 'ru' }],
    })
    expect(extracted('', { contentLanguage: 'ru, en' }).lang).toBeNull()
    expect(extracted('<html lang=""><img src=/a alt=x>', { contentLanguage: 'ru' })).toMatchObject({
      lang: null,
      candidates: [{ lang: null }],
    })
  })

  test('reads what is served as XHTML with its elements closed in their own tag', () => {
    const html = '<title/><script src="a.js"/><p><a id="x"/>Text<br/><img src="/1.png" alt="a"/></p>'
    expect(extracted(html, { contentType: 'application/xhtml+xml' })).toMatchObject({
      title: null,
      text: 'Text\na',
      candidates: [{ position: 0 }],
    })
  })

  test('cuts texts and titles at their limits without halving a character', () => {
    const page = extracted(`<title>${'ř'.repeat(5000)}</title><img src=/a alt="${'a'.repeat(9_999)}😀">`)
    expect(page.title).toHaveLength(1000)
    expect(page.candidates[0]?.texts[0]?.text).toBe('a'.repeat(9_999))
  })

  test('gives well-formed text without NUL from JSON that has neither', () => {
    const json = JSON.stringify({ '@type': 'ImageObject', contentUrl: '/a', caption: 'a\0b\ud800c' })
    const page = extracted(`<script type="application/ld+json">${json}</script>`)
    expect(page.candidates[0]?.texts).toEqual([{ text: 'ab\ufffdc', source: 'schema', lang: null }])
  })

  test('reads what RDFa says of a picture, each text in the language of its own element', () => {
    const page = extracted(`<html lang=cs><figure vocab="https://schema.org/" typeof="ImageObject">
      <img property="contentUrl" src="/a.jpg"><p property="caption" lang="sk">Hrad nad riekou</p>
      <div property="author" typeof="Person"><b property="name">Autor</b></div></figure>
      <div typeof="schema:ImageObject"><link property="schema:contentUrl" href="/b.jpg"><meta property="schema:description" content="Popis"></div>`)
    expect(page.candidates.map(({ image_url, texts }) => [image_url, texts])).toEqual([
      ['https://site.example/a.jpg', [{ text: 'Hrad nad riekou', source: 'schema', lang: 'sk' }]],
      ['https://site.example/b.jpg', [{ text: 'Popis', source: 'schema', lang: 'cs' }]],
    ])
  })

  test('knows a picture of Open Graph by any of its addresses, and once', () => {
    const og = (detail: string, content: string) => `<meta property="og:image${detail}" content="${content}">`
    const page = extracted(
      og(':url', '/a.jpg') +
        og(':alt', 'první') +
        og('', '/b.jpg') +
        og(':secure_url', '/b2.jpg') +
        og(':alt', 'druhý'),
    )
    expect(page.candidates.map(({ image_url, texts }) => [image_url, texts[0]?.text])).toEqual([
      ['https://site.example/a.jpg', 'první'],
      ['https://site.example/b.jpg', 'druhý'],
    ])
  })

  test.each(
    (
      'data-src data-original data-lazy data-lazy-src data-full-src data-src-small data-src-medium data-src-large ' +
      'data-echo lazy-src data-of-unknown-make'
    ).split(' '),
  )('finds a picture in %s, before a placeholder and before a small src', (name) => {
    const urls = (src: string) => {
      const [candidate] = extracted(`<img src="${src}" ${name}="/velký.jpg" alt=a>`).candidates
      return [candidate?.image_url, ...(candidate?.other_urls ?? [])]
    }
    const large = 'https://site.example/velk%C3%BD.jpg'
    expect(urls('data:image/gif;base64,R0lGOD')).toEqual([large])
    if (name !== 'data-of-unknown-make')
      expect(urls('/malý.jpg')).toEqual([large, 'https://site.example/mal%C3%BD.jpg'])
  })

  test.each(['data-srcset', 'data-lazy-srcset', 'data-original-set', 'data-src-set', 'lazy-srcset'])(
    'takes the largest picture of %s, on an img and on a source',
    (name) => {
      const set = `${name}="/1.jpg 100w, /2.jpg 200w"`
      const best = (html: string) => extracted(html).candidates[0]?.image_url
      expect(best(`<img ${set} src="data:image/gif;base64,R0lGOD" alt=a>`)).toBe('https://site.example/2.jpg')
      expect(best(`<picture><source ${set}><img src="/0.jpg" alt=a></picture>`)).toBe('https://site.example/2.jpg')
    },
  )

  test('takes a file for a placeholder by its whole name, not by one word of it', () => {
    const best = (large: string) =>
      extracted(`<img srcset="${large} 800w, nebe.jpg 400w" alt=a>`).candidates[0]?.image_url.split('/').at(-1)
    for (const name of ['clear-sky.jpg', 'lazy-dog.jpg', 'fidget-spinner.png', 'loading-dock-at-night.jpg'])
      expect(best(name)).toBe(name)
    for (const name of ['spacer.gif', 'grey-placeholder.png', 'blank.png', 'lazy-loader.gif', 'pixel-1.gif'])
      expect(best(name)).toBe('nebe.jpg')
  })

  test('reads a background as a picture where the element says that it is one', () => {
    const background = (style: string) =>
      extracted(`<div role=img aria-label=Hrad style="${style}"></div>`).candidates.map(({ image_url }) => image_url)
    expect(background("background: #fff url('a(1).jpg') no-repeat")).toEqual(['https://site.example/dir/a(1).jpg'])
    expect(background('background-image:url( b.jpg )')).toEqual(['https://site.example/dir/b.jpg'])
    expect(background('background:linear-gradient(red, blue)')).toEqual([])
    expect(background('background:url(c.jpg')).toEqual([])
    expect(extracted('<div style="background:url(d.jpg)" aria-label=Hrad></div>').candidates).toEqual([])
  })

  test('a link with words of its own does not speak for its picture, nor does one around several', () => {
    const texts = (html: string) => extracted(html).candidates.flatMap((candidate) => candidate.texts)
    expect(texts('<a href=/x title=Název><img src=a.jpg> Slova</a>')).toEqual([])
    expect(texts('<a href=/x title=Název><img src=a.jpg><img src=b.jpg></a>')).toEqual([])
    expect(texts('<a href=/x title=Název><img src=a.jpg alt=Hrad></a>')).toEqual([
      { text: 'Hrad', source: 'alt', lang: null },
    ])
  })

  test('gives up on templates that are nested too deep', () => {
    const nested = '<template><div>'.repeat(MAX_DEPTH)
    expect(extractPage(aPage(nested))).toEqual({ ok: false, reason: 'html_too_complex' })
  })

  test('gives up on a page whose open formatting elements multiply', () => {
    const fonts = Array.from({ length: 1000 }, (_, index) => `<font a${index}>`).join('')
    expect(extractPage(aPage(`<p>${fonts}` + '<p>x'.repeat(1000)))).toEqual({ ok: false, reason: 'html_too_complex' })
  })

  test('gives up on a page that is nested too deep, and reads one that is nearly so', () => {
    expect(extractPage(aPage('<div>'.repeat(50_000)))).toEqual({ ok: false, reason: 'html_too_complex' })
    const deep = '<div>'.repeat(MAX_DEPTH - 10) + '<img src=/a alt=x>'
    expect(extracted(deep).candidates).toHaveLength(1)
  })

  test('reads pages of many pictures, labels, captions and twins within bounds', () => {
    const label = `<p id=l>${'dlouhý popisek '.repeat(1_000)}</p>`
    const figure = `<figure>${'<img src=/a.png aria-labelledby="l l l l l l l">'.repeat(6_000)}<figcaption>x</figcaption></figure>`
    const twins = '<img data-src=/b.png><noscript><img src=/b.png></noscript>'.repeat(1_000)
    const page = extracted(label + figure + twins)
    expect(page.candidates.map(({ image_url, texts }) => [image_url, texts[0]?.text.length])).toEqual([
      ['https://site.example/a.png', 2_000],
    ])
  })
})

describe('extractInputDigest', () => {
  test('covers body, URL, content type and content language, and nothing else', () => {
    const page = aPage('<p>a')
    const digest = extractInputDigest(page)
    expect(digest).toMatch(/^[0-9a-f]{64}$/)
    expect(extractInputDigest({ ...page, body: page.body.slice() })).toBe(digest)
    const others: Partial<PageInput>[] = [
      { body: new Uint8Array(1) },
      { url: 'https://a.example/' },
      { contentType: null },
      { contentLanguage: 'cs' },
    ]
    expect(new Set(others.map((other) => extractInputDigest({ ...page, ...other })).concat(digest)).size).toBe(5)
  })
})
