import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { extractPage } from '../../../activities/extract/extract-page.ts'
import type { Candidate, NativeText } from '../../../schema/contracts/candidate.ts'

/** Pages whose pictures have ids, and the names that Chromium computes for these (`bench/accessible-names.ts --record`). */
const PAGES = new URL('./names/', import.meta.url)

interface Recorded {
  chromium: string
  pictures: { id: string; tag: string; role: string | null; name: string }[]
}

/** Where extraction has something else on purpose: what it has instead, null for no picture at all, and why. */
const BY_DESIGN: Record<string, [name: string | null, why: string]> = {
  'alt-blank-title': ['Title vedle prázdného alt', 'a text that is there is kept'],
  'none-alt': ['Szöveg, bár a szerep none', 'a role does not hide a text'],
  'presentation-alt': ['Szöveg, bár a szerep presentation', 'a role does not hide a text'],
  'aria-hidden': ['Rejtett a felolvasó elől', 'a hidden picture has been described all the same'],
  'under-aria-hidden': ['Rejtett elem alatt', 'a hidden picture has been described all the same'],
  hidden: ['Hidden', 'a hidden picture has been described all the same'],
  'display-none': ['Display none alatt', 'a hidden picture has been described all the same'],
  invisible: ['Láthatatlan', 'a hidden picture has been described all the same'],
  details: ['Csukott részletek', 'a hidden picture has been described all the same'],
  dialog: ['Csukott párbeszéd', 'a hidden picture has been described all the same'],
  'linked-empty': ['Csak a linknek van neve', 'the link speaks for the picture that is all it holds'],
  'linked-title': ['A link címe', 'the link speaks for the picture that is all it holds'],
  't-svg': [null, 'a drawing in the page has no file'],
  'svg-inline': [null, 'a drawing in the page has no file'],
  'role-img-text': [null, 'there is no picture'],
  data: [null, 'data: addresses are never fetched'],
  'object-page': [null, 'the object is a page'],
  area: [null, 'an area names a part of a picture'],
  'input-upper': ['Nút chữ hoa', 'the type is no matter of case'],
  'input-value': ['', 'the value is what a form sends'],
  video: ['Đoạn phim', "Chromium's is its own word for a film that does not play"],
  'video-title': ['Phim có title', "Chromium's is its own word for a film that does not play"],
  'video-figure': ['', "Chromium's is its own word for a film that does not play"],
  'video-silent': ['', "Chromium's is its own word for a film that does not play"],
}

describe.each(readdirSync(PAGES).filter((name) => name.endsWith('.html')))('pictures of %s', (page) => {
  const body = readFileSync(new URL(page, PAGES))
  const recorded = JSON.parse(readFileSync(new URL(page.replace('.html', '.names.json'), PAGES), 'utf8')) as Recorded
  const found = extractPage({
    url: `https://site.example/${page}`,
    body,
    contentType: 'text/html',
    contentLanguage: null,
  })
  const candidates = found.ok ? found.page.candidates : []

  test.each(recorded.pictures)('$id has the name that Chromium computes, or another on purpose', ({ id, name }) => {
    const candidate = pictureOf(candidates, id)
    const mine = candidate === undefined ? null : nameOf(candidate)
    const expected = BY_DESIGN[id]?.[0]
    if (expected === undefined) expect(mine ?? '').toBe(normal(name))
    else {
      expect(mine).toBe(expected)
      expect(mine ?? '', 'no longer a difference').not.toBe(normal(name))
    }
  })

  test('no picture is found that has neither an id in the page nor one as its file name', () => {
    const ids = recorded.pictures.map(({ id }) => id)
    const others = candidates.filter((candidate) => !ids.some((id) => pictureOf([candidate], id) !== undefined))
    expect(others.flatMap(({ image_url }) => image_url)).toEqual([])
  })
})

test('directions are kept with the texts, and resolved where markup leaves them to the text', () => {
  const body = readFileSync(new URL('rtl.html', PAGES))
  const found = extractPage({ url: 'https://site.example/', body, contentType: null, contentLanguage: null })
  const candidates = found.ok ? found.page.candidates : []
  const dirOf = (id: string) => pictureOf(candidates, id)?.texts.map(({ dir, lang }): unknown => [dir, lang])
  expect(dirOf('rtl')).toEqual([['rtl', 'ar']])
  expect(dirOf('rtl-figure')).toEqual([['rtl', 'ar']])
  expect(dirOf('ltr')).toEqual([['ltr', 'en']])
  expect(dirOf('auto')).toEqual([['rtl', 'ar']])
  expect(dirOf('thai')).toEqual([['ltr', 'th']])
})

/** Each element's picture has its id as file name, before a query or behind other files of the same element. */
function pictureOf(candidates: readonly Candidate[], id: string): Candidate | undefined {
  return candidates.find(({ image_url, other_urls }) =>
    [image_url, ...other_urls].some((url) => new URL(url).pathname.split('/').at(-1) === `${id}.png`),
  )
}

function nameOf({ texts }: Candidate): string {
  const isName = ({ source }: NativeText) => source === 'aria' || source === 'alt' || source === 'title'
  return texts.find(isName)?.text ?? ''
}

const normal = (name: string) => name.normalize('NFC').replace(/\s+/g, ' ').trim()
