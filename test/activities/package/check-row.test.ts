import { describe, expect, it } from 'vitest'
import { rowProblems } from '../../../activities/package/check-row.ts'
import type { ReleaseRow } from '../../../schema/contracts/release-row.ts'
import { aRow, sha256 } from './a-row.ts'

const FRAME = { lang: 'sr-Latn', split: 'train', scoreNames: ['align', 'porn', 'sharpness'], images: 'bytes' as const }
const key = sha256('key 1')

const CASES: [string, Partial<ReleaseRow>, string][] = [
  ['of another language', { lang: 'sr' }, "lang is sr, the file's is sr-Latn"],
  ['of another split', { split: 'test' }, "split is test, the file's is train"],
  [
    'with a key that is no digest',
    { key: 'A.1', image: { bytes: null, path: null } },
    'key is not 64 lowercase hex digits',
  ],
  ['with an upper-case digest', { fetched_sha256: 'F'.repeat(64) }, 'fetched_sha256 is not 64 lowercase hex digits'],
  ['with a short pdq', { pdq: 'ff' }, 'pdq is not 64 lowercase hex digits'],
  ['that claims a text which is null', { in_thick: true }, 'in_thick is not whether its text is there'],
  ['that hides a text', { in_know: false }, 'in_know is not whether its text is there'],
  ['without any text', { in_know: false, in_ling: false, alt_text: null, caption_ling: null }, 'no text at all'],
  [
    'with NUL in its context',
    { context: { title: 'a\0', heading: null, before: null, after: null } },
    'title is not a well-formed string without NUL',
  ],
  [
    'with NUL in another text',
    { alt_others: [{ text: '\0', source: 'og', page_url: 'u' }] },
    'alt_others.text is not a well-formed string without NUL',
  ],
  [
    'with an image digest in upper case',
    { image_sha256: 'F'.repeat(64) },
    'image_sha256 is not 64 lowercase hex digits',
  ],
  ['wider than an int32', { width: 2 ** 31 }, 'width is not a positive int32'],
  ['with a negative zero', { scores: { porn: -0, sharpness: 1, align: 0 } }, 'score porn is not rounded to 4 decimals'],
  ['of no width', { width: 0 }, 'width is not a positive int32'],
  ['with half a pixel', { height: 1.5 }, 'height is not a positive int32'],
  ['with another set of scores', { scores: { porn: 0.5 } }, 'scores are porn, not align,porn,sharpness'],
  [
    'with an unrounded score',
    { scores: { porn: 0.12345, sharpness: 1, align: 0 } },
    'score porn is not rounded to 4 decimals',
  ],
  [
    'with a score that is not finite',
    { scores: { porn: Infinity, sharpness: 1, align: 0 } },
    'score porn is not rounded to 4 decimals',
  ],
  ['whose picture is not its digest', { image_sha256: sha256('other') }, 'image is not image_sha256'],
  ['without its picture', { image: null }, 'image has no bytes'],
  [
    'whose picture is named for another key',
    { image: { bytes: aRow().image!.bytes, path: 'x.png' } },
    'image path is not made of the key',
  ],
  ['with the leaf of another row', { leaf: '00' }, 'leaf is not that of the columns'],
]

describe('a release row', () => {
  it('keeps its contract', () => {
    expect(rowProblems(aRow(), FRAME)).toEqual([])
    expect(rowProblems(aRow({ image: null }), { ...FRAME, images: 'links' })).toEqual([])
  })

  it.each(CASES)('%s breaks it', (_, change, problem) => {
    const leaf = change.scores?.['porn'] === Infinity ? { leaf: '00' } : {}
    expect(rowProblems(aRow({ ...change, ...leaf }), FRAME)).toContain(problem)
  })

  it.each(
    `key leaf lang script split in_know in_ling in_thick alt_others context rights fetched_sha256 image_sha256
      width height scores`.split(/\s+/),
  )('without %s breaks it, and is looked at no further', (name) => {
    expect(rowProblems({ ...aRow(), [name]: null } as ReleaseRow, FRAME)).toEqual([`${name} is null`])
  })

  it('may lack everything else', () => {
    const change = {
      alt_text: null,
      in_know: false,
      alt_source: null,
      alt_type: null,
      caption_pivot: null,
      page_url: null,
      image_url: null,
      licence: null,
      pdq: null,
    }
    expect(rowProblems(aRow(change), FRAME)).toEqual([])
  })

  it('keeps it with a single text, whichever', () => {
    const nothing = { in_know: false, in_ling: false, in_thick: false, alt_text: null, caption_ling: null }
    const texts = [
      { in_know: true, alt_text: 'x' },
      { in_ling: true, caption_ling: 'x' },
      { in_thick: true, caption_thick: 'x' },
    ]
    for (const text of texts) expect(rowProblems(aRow({ ...nothing, ...text }), FRAME)).toEqual([])
  })

  it('may name its scores in any order', () => {
    const scores = { sharpness: 12, porn: 0.0001, align: null }
    expect(rowProblems(aRow({ scores }), { ...FRAME, scoreNames: FRAME.scoreNames.toReversed() })).toEqual([])
  })

  it('with a lone surrogate has no leaf', () => {
    const row = { ...aRow(), alt_text: '\ud800' }
    expect(rowProblems(row, FRAME)).toEqual([
      'alt_text is not a well-formed string without NUL',
      'no leaf: Lone surrogate is not allowed',
    ])
  })

  it('that carries a picture in a release of links breaks it', () => {
    expect(rowProblems(aRow({ key }), { ...FRAME, images: 'links' })).toEqual(['image is there, the spec says links'])
  })
})
