import { describe, expect, test } from 'vitest'
import { buildRow, type RowSources } from '../../../activities/package/build-row.ts'
import type { Candidate, ExtractFact } from '../../../schema/contracts/candidate.ts'
import type { GeneratedText, NativeMember } from '../../../schema/queries/generations.ts'
import { aNormaliseFact, digestOf } from '../../support/facts.ts'

const text = (words: string, source = 'alt', reason: string | null = null) => ({
  text: words,
  source,
  type: 'description',
  tag: 'cs',
  reason,
})

function aMember(page_no: number, texts: NativeMember['texts'], changes: Partial<NativeMember> = {}): NativeMember {
  return {
    sample_no: 0,
    page_no,
    position: 1,
    page_url: `http://a.example/${page_no}`,
    image_url: `http://a.example/${page_no}.jpg`,
    image_capture: null,
    extract_input: digestOf(`page ${page_no}`),
    texts,
    kept_text: texts.length === 0 ? null : 0,
    ...changes,
  }
}

const generated = (task: GeneratedText['task'], words: string, reason: string | null = null): GeneratedText => ({
  sample_no: 0,
  task,
  text: words,
  detail: {},
  reason,
  requests: [],
})

/** What pages 0 to 2 hold: a picture at position 0 that is another, and ours at position 1. */
const EXTRACTS = new Map<string, ExtractFact>(
  [0, 1, 2].map((page) => [
    digestOf(`page ${page}`).toString('hex'),
    {
      ok: true,
      title: null,
      lang: 'cs',
      candidates: [0, 1].map((position): Candidate => ({
        position,
        image_url: '',
        other_urls: [],
        texts: [],
        decorative: false,
        context: { title: `title ${page}.${position}`, heading: 'h', before: 'b', after: 'a' },
        licence: page === 1 ? `licence ${position}` : null,
        lang: null,
      })),
    },
  ]),
)

const sourcesOf = (changes: Partial<RowSources>): RowSources => ({
  sample: {
    kept_no: 0,
    sample_no: 0,
    key: digestOf('key'),
    tag: 'cs',
    script: 'Latn',
    picture: digestOf('mill'),
    page_no: 0,
    position: 1,
    alt_sha: null,
  },
  split: 'train',
  members: [aMember(0, [])],
  extracts: EXTRACTS,
  normalise: aNormaliseFact({ name: 'mill' }),
  safety: { drawing: 0.1, hentai: 0.2, neutral: 0.3, porn: 0.4, sexy: 0.5 },
  generated: [],
  ...changes,
})

describe('buildRow', () => {
  test('has the native texts in the order of the pages, the first apart, each (text, page) once', () => {
    const members = [
      aMember(0, [text('x', 'alt', 'text_too_short')]),
      aMember(1, [text('dropped', 'alt', 'text_pii'), text('Starý mlýn', 'title'), text('Mlýn', 'figcaption')]),
      aMember(1, [text('Starý mlýn')], { position: 2 }),
      aMember(2, [text('Starý mlýn')]),
    ]
    const normalise = {
      ...aNormaliseFact({ name: 'mill' }),
      licence: 'of the picture',
      released: { sha256: 'ab', width: 300, height: 200, bytes: 9 },
    }
    expect(buildRow(sourcesOf({ members, normalise }))).toEqual({
      key: digestOf('key').toString('hex'),
      lang: 'cs',
      script: 'Latn',
      split: 'train',
      in_know: true,
      in_ling: false,
      in_thick: false,
      alt_text: 'Starý mlýn',
      alt_source: 'title',
      alt_type: 'description',
      alt_others: [
        { text: 'Mlýn', source: 'figcaption', page_url: 'http://a.example/1' },
        { text: 'Starý mlýn', source: 'alt', page_url: 'http://a.example/2' },
      ],
      context: { title: 'title 1.1', heading: 'h', before: 'b', after: 'a' },
      caption_pivot: null,
      caption_ling: null,
      caption_thick: null,
      page_url: 'http://a.example/1',
      image_url: 'http://a.example/1.jpg',
      licence: 'licence 1',
      rights: 'no_reservation',
      fetched_sha256: digestOf('mill').toString('hex'),
      image_sha256: 'ab',
      pdq: normalise.pdq,
      width: 300,
      height: 200,
      scores: { hentai: 0.2, porn: 0.4, sexy: 0.5 },
    })
  })

  test('has the texts that were generated and used, each in its own column', () => {
    const texts = [
      generated('caption', 'A mill.'),
      generated('translate', 'Mlýn.'),
      generated('thick', 'Mlýn u Tiché.'),
    ]
    expect(buildRow(sourcesOf({ generated: texts }))).toMatchObject({
      in_know: false,
      in_ling: true,
      in_thick: true,
      alt_text: null,
      alt_source: null,
      alt_type: null,
      alt_others: [],
      caption_pivot: 'A mill.',
      caption_ling: 'Mlýn.',
      caption_thick: 'Mlýn u Tiché.',
    })
  })

  test('has none of those that were refused', () => {
    const refused = [generated('translate', 'Mlýn.', 'untranslated'), generated('thick', 'Mlýn.', 'not_grounded')]
    const { in_ling, in_thick, caption_ling, caption_thick } = buildRow(sourcesOf({ generated: refused }))
    expect([in_ling, in_thick, caption_ling, caption_thick]).toEqual([false, false, null, null])
  })

  test('stands on its first page when no native text is kept', () => {
    const members = [aMember(0, [text('x', 'alt', 'text_too_short')]), aMember(1, [])]
    expect(buildRow(sourcesOf({ members }))).toMatchObject({
      page_url: 'http://a.example/0',
      image_url: 'http://a.example/0.jpg',
      context: { title: 'title 0.1' },
    })
  })

  test('takes the licence in the picture where the page gives none', () => {
    const normalise = { ...aNormaliseFact({ name: 'mill' }), licence: 'of the picture' }
    expect(buildRow(sourcesOf({ normalise })).licence).toBe('of the picture')
  })

  test('has nulls for what is not known: no page, no place on it, no scores', () => {
    const nothing = { title: null, heading: null, before: null, after: null }
    expect(buildRow(sourcesOf({ members: [], safety: null }))).toMatchObject({
      page_url: null,
      image_url: null,
      context: nothing,
      licence: null,
      scores: { hentai: null, porn: null, sexy: null },
    })
    expect(buildRow(sourcesOf({ members: [aMember(0, [], { position: 9 })] })).context).toEqual(nothing)
    const unread = new Map([[digestOf('page 0').toString('hex'), { ok: false, reason: 'html_too_complex' } as const]])
    expect(buildRow(sourcesOf({ extracts: unread })).context).toEqual(nothing)
  })
})
