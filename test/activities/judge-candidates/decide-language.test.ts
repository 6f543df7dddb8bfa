import { describe, expect, test } from 'vitest'
import { decideLanguage, decidePageTag } from '../../../activities/judge-candidates/decide-language.ts'
import { aPageIn, aQuestion, aText, NOWHERE } from './language-builders.ts'

const decide = (overrides: Parameters<typeof aQuestion>[0]) => decideLanguage(aQuestion(overrides))

describe('decideLanguage', () => {
  test("gives a text its page's language, whatever is declared", () => {
    expect(decide({ declaredPage: 'hu', declaredElement: 'hu', declaredSeed: 'vi' })).toEqual({
      kind: 'tag',
      tag: 'cs',
      script: 'Latn',
      evidence: 'page',
    })
  })

  test('takes the script from the text: declared sr-Latn and Cyrillic letters are sr', () => {
    const cyrillic = aText({ sr: 0.8, ru: 0.7 }, { script: 'Cyrl' })
    const page = aPageIn({ sr: 1 })
    expect(decide({ text: cyrillic, page, declaredPage: 'sr-Latn', declaredElement: 'sr-Latn' })).toMatchObject({
      tag: 'sr',
    })
    expect(decide({ text: aText({ sr: 0.8 }), page, declaredPage: 'sr', declaredElement: 'sr' })).toMatchObject({
      tag: 'sr-Latn',
    })
  })

  test('leaves out a page language that is not written in the script of the text', () => {
    const thai = aText({ th: 0.9 }, { script: 'Thai', cld3: { lang: 'th', score: 1 } })
    expect(decide({ text: thai, page: aPageIn({ cs: 1 }) })).toEqual({
      kind: 'tag',
      tag: 'th',
      script: 'Thai',
      evidence: 'script',
    })
    const latin = aText({ cs: 0.5 }, { cld3: { lang: 'la', score: 1 } })
    expect(decide({ text: latin, page: aPageIn({ ru: 1 }) })).toEqual({
      kind: 'other',
      reason: 'text_script',
      lang: 'und',
    })
  })

  test('refuses a text that a contrast language fits better', () => {
    expect(decide({ text: aText({ en: 0.78, cs: 0.5 }) })).toEqual({
      kind: 'other',
      reason: 'text_contrast',
      lang: 'en',
    })
    expect(decide({ text: aText({ en: 0.78, cs: 0.5 }), contrast: [] })).toEqual({
      kind: 'other',
      reason: 'text_language',
      lang: 'en',
    })
  })

  test('keeps a short text that only scores, and no detector, take for the contrast language', () => {
    const text = aText(
      { en: 0.51, cs: 0.5 },
      { letters: 6, eld: { lang: 'sl', score: 0.7 }, cld3: { lang: 'no', score: 0.3 } },
    )
    expect(decide({ text })).toMatchObject({ tag: 'cs' })
    expect(decide({ text, page: aPageIn({ en: 0.8, cs: 0.2 }) })).toMatchObject({ reason: 'text_contrast' })
  })

  test('does not compare with a contrast language that is written in another script', () => {
    const text = aText({ en: 0.9, ru: 0.5 }, { script: 'Cyrl' })
    expect(decide({ text, page: aPageIn({ ru: 1 }) })).toMatchObject({ tag: 'ru' })
  })

  test('refuses a text for which nothing speaks where most is in the contrast language', () => {
    const text = aText(
      { en: 0, cs: 0 },
      { letters: 4, eld: { lang: 'und', score: 0 }, cld3: { lang: 'mt', score: 0.6 } },
    )
    expect(decide({ text, page: aPageIn({ en: 0.8, cs: 0.2 }) })).toMatchObject({ reason: 'text_contrast' })
    expect(decide({ text, page: aPageIn({ en: 0.3, cs: 0.7 }) })).toMatchObject({ tag: 'cs' })
  })

  test.each(['Latn', 'Cyrl', 'Grek', 'Armn', 'Geor'])(
    'says nothing of a single letter of the alphabet %s',
    (script) => {
      const text = aText({ cs: 0.8, el: 0.8, hy: 0.8, ka: 0.8, ru: 0.8 }, { script, letters: 1 })
      const page = aPageIn({ cs: 0.2, el: 0.2, hy: 0.2, ka: 0.2, ru: 0.2 }, { evidence: 5000 })
      const wanted = ['cs', 'ru', 'el', 'hy', 'ka']
      expect(decide({ text, page, wanted })).toEqual({ kind: 'other', reason: 'text_undetermined', lang: 'und' })
    },
  )

  test('takes a single character for a word where characters are words', () => {
    const text = aText({ zh: 0.8 }, { script: 'Hani', letters: 1 })
    expect(decide({ text, page: aPageIn({ zh: 1 }), wanted: ['zh'] })).toMatchObject({ tag: 'zh' })
  })

  test.each(['en', 'ms', 'sw'])('keeps a text with marks on its letters from the contrast language %s', (contrast) => {
    const scores = { [contrast]: 0.8, cs: 0.5 }
    const by = { contrast: [contrast] }
    expect(decide({ text: aText(scores), ...by })).toMatchObject({ reason: 'text_contrast', lang: contrast })
    const marked = aText(scores, { text: 'Čamac na reci', eld: { lang: 'sl', score: 0.8 } })
    expect(decide({ text: marked, ...by })).toMatchObject({ tag: 'cs' })
  })

  test('keeps a text with letters that English has not', () => {
    expect(decide({ text: aText({ en: 0.6, cs: 0.5 }, { text: 'Jablko, odrůda Granny Smith.' }) })).toMatchObject({
      tag: 'cs',
    })
  })

  test('does not expect a contrast language, however much of the page is in it', () => {
    const text = aText({ cs: 0.5, en: 0.4 }, { letters: 8, eld: { lang: 'und', score: 0 } })
    const host = [{ group: 'cs', letters: 50_000 }]
    expect(decide({ text, page: aPageIn({ en: 1 }), host })).toMatchObject({ tag: 'cs', evidence: 'host' })
  })

  test('passes over the markup of a language that is not written in the script of the text', () => {
    expect(decide({ declaredElement: 'ru', declaredPage: 'cs' })).toMatchObject({ tag: 'cs', evidence: 'page' })
  })

  test('takes detectors that name two members of a group for agreed', () => {
    const text = aText({ hr: 0.8 }, { eld: { lang: 'hr', score: 0.8 }, cld3: { lang: 'bs', score: 0.8 } })
    expect(decide({ text, page: NOWHERE })).toMatchObject({ tag: 'sr-Latn', evidence: 'text' })
  })

  test.each(['eld', 'cld3'])(
    'takes it from %s alone that a text beside an unknown language is in the contrast one',
    (by) => {
      const page = aPageIn({}, { shares: [{ lang: 'so', eld: null, cld3: 0.9, both: null }] })
      const labels = {
        eld: { lang: 'fil', score: 0.7 },
        cld3: { lang: 'so', score: 0.9 },
        [by]: { lang: 'en', score: 0.8 },
      }
      expect(decide({ text: aText({ en: 0.4 }, labels), page, wanted: ['so'] })).toMatchObject({
        reason: 'text_contrast',
      })
    },
  )

  test('knows nothing of a text on a page of the contrast language that is in neither', () => {
    const text = aText({ cs: 0.5 }, { letters: 5, eld: { lang: 'und', score: 0 } })
    expect(decide({ text, page: aPageIn({ en: 1 }) })).toMatchObject({ reason: 'text_undetermined' })
  })

  test('asks the host where the page has too few words', () => {
    const page = aPageIn({ ca: 1 }, { letters: 28, evidence: 28 })
    const host = [
      { group: 'cs', letters: 5000 },
      { group: 'sk', letters: 300 },
    ]
    expect(decide({ page, host })).toMatchObject({ tag: 'cs', evidence: 'host' })
    const mixed = [
      { group: 'cs', letters: 5000 },
      { group: 'sk', letters: 3000 },
    ]
    const text = aText({ cs: 0.8 }, { cld3: { lang: 'sk', score: 1 } })
    expect(decide({ page, host: mixed, text })).toEqual({ kind: 'other', reason: 'text_undetermined', lang: 'und' })
  })

  test('takes what is declared where neither page nor host speaks, behind the script gate', () => {
    expect(decide({ page: NOWHERE, declaredElement: 'cs', declaredPage: 'cs' })).toMatchObject({
      tag: 'cs',
      evidence: 'declared',
    })
    expect(decide({ page: NOWHERE, declaredSeed: 'cs' })).toMatchObject({ tag: 'cs', evidence: 'declared' })
    const cyrillic = aText({ ru: 0.8 }, { script: 'Cyrl', cld3: { lang: 'bg', score: 0.9 } })
    expect(decide({ text: cyrillic, page: NOWHERE, declaredSeed: 'cs' })).toMatchObject({ reason: 'text_undetermined' })
  })

  test('does not take the seed for an element that says unknown, nor its page', () => {
    const text = aText({ cs: 0.8 }, { cld3: { lang: 'sk', score: 1 } })
    expect(decide({ text, page: NOWHERE, declaredElement: null, declaredPage: 'cs' })).toMatchObject({
      reason: 'text_undetermined',
    })
  })

  test("takes the element's own markup before its page", () => {
    const text = aText({ hu: 0.7, cs: 0.7 }, { letters: 8, cld3: { lang: 'und', score: 0 } })
    expect(decide({ text, declaredElement: 'hu', declaredPage: 'cs' })).toMatchObject({ tag: 'hu', evidence: 'markup' })
  })

  test('lets a longer text on which detectors agree speak against its page', () => {
    const text = aText({ hu: 0.8, cs: 0.4 })
    expect(decide({ text })).toMatchObject({ tag: 'hu', evidence: 'text' })
    expect(decide({ text: { ...text, letters: 12 } })).toMatchObject({ tag: 'cs', evidence: 'page' })
    expect(decide({ text: aText({ hu: 0.8, cs: 0.795 }) })).toMatchObject({ tag: 'cs', evidence: 'page' })
  })

  test('asks for more of a text alone on a page in another script', () => {
    const text = aText({ hu: 0.8 }, { letters: 12 })
    expect(decide({ text, page: aPageIn({ ru: 1 }) })).toMatchObject({ reason: 'text_script' })
    expect(decide({ text: { ...text, letters: 20 }, page: aPageIn({ ru: 1 }) })).toMatchObject({
      tag: 'hu',
      evidence: 'text',
    })
    expect(decide({ text, page: NOWHERE })).toMatchObject({ tag: 'hu', evidence: 'text' })
  })

  test('says und where detectors disagree and nobody declares', () => {
    const text = aText({ cs: 0.7 }, { cld3: { lang: 'sk', score: 0.9 } })
    expect(decide({ text, page: NOWHERE })).toEqual({ kind: 'other', reason: 'text_undetermined', lang: 'und' })
    expect(decide({ text: aText({}, { letters: 1 }) })).toEqual({
      kind: 'other',
      reason: 'text_undetermined',
      lang: 'und',
    })
  })

  test('resolves hr, bs and sr to the member that the spec lists', () => {
    const text = aText({ sr: 0.8 }, { eld: { lang: 'hr', score: 0.8 }, cld3: { lang: 'bs', score: 0.6 } })
    const page = aPageIn({ sr: 1 })
    expect(decide({ text, page })).toMatchObject({ tag: 'sr-Latn' })
    expect(decide({ text, page, wanted: ['hr'] })).toMatchObject({ tag: 'hr' })
    expect(decide({ text, page, wanted: ['sr-Latn', 'hr'], declaredPage: 'hr', declaredElement: 'hr' })).toMatchObject({
      tag: 'hr',
    })
    expect(decide({ text, page, declaredPage: 'hr', declaredElement: 'hr' })).toEqual({
      kind: 'other',
      reason: 'text_language',
      lang: 'sr',
    })
  })

  test('takes a macrolanguage for any of its members', () => {
    const text = aText({ no: 0.8 })
    expect(
      decide({ text, page: aPageIn({ no: 1 }), wanted: ['nb'], declaredPage: 'no', declaredElement: 'no' }),
    ).toMatchObject({ tag: 'nb' })
  })

  test('tells zh-Hans from zh-Hant by declaration only', () => {
    const text = aText({ zh: 0.8 }, { script: 'Hani', letters: 6 })
    const wanted = ['zh', 'zh-Hant']
    expect(decide({ text, page: aPageIn({ zh: 1 }), wanted, declaredSeed: 'zh-TW' })).toMatchObject({ tag: 'zh-Hant' })
    expect(decide({ text, page: aPageIn({ zh: 1 }), wanted })).toMatchObject({ tag: 'zh' })
  })

  test('names the script of Japanese as one', () => {
    const text = aText({ ja: 0.8 }, { script: 'Hira' })
    expect(decide({ text, page: aPageIn({ ja: 1 }), wanted: ['ja'] })).toEqual({
      kind: 'tag',
      tag: 'ja',
      script: 'Jpan',
      evidence: 'page',
    })
  })

  test('asks for the declaration first, or for the text alone, when the spec says so', () => {
    const declared = { declaredElement: 'hu', declaredPage: 'hu' }
    const text = aText({ cs: 0.7, hu: 0.7 }, { letters: 10 })
    expect(decide({ text, ...declared, prior: 'declared' })).toMatchObject({ tag: 'hu', evidence: 'declared' })
    expect(decide({ text, ...declared, prior: 'text' })).toMatchObject({ tag: 'cs', evidence: 'text' })
  })

  test('judges a language that eld does not know by what cld3 says', () => {
    const page = aPageIn({}, { shares: [{ lang: 'so', eld: null, cld3: 0.9, both: null }] })
    const somali = aText({ en: 0.4 }, { eld: { lang: 'fil', score: 0.7 }, cld3: { lang: 'so', score: 0.9 } })
    expect(decide({ text: somali, page, wanted: ['so'] })).toMatchObject({ tag: 'so', evidence: 'page' })
    const english = aText({ en: 0.8 })
    expect(decide({ text: english, page, wanted: ['so'] })).toMatchObject({ reason: 'text_contrast' })
  })
})

describe('decidePageTag', () => {
  const page = (overrides: Parameters<typeof aQuestion>[0]) => decidePageTag(aQuestion(overrides))

  test("gives the page's language in the page's script", () => {
    const scripts = [
      { script: 'Latn', share: 0.55 },
      { script: 'Cyrl', share: 0.45 },
    ]
    expect(page({ page: aPageIn({ en: 0.5, sr: 0.5 }, { scripts }) })).toEqual({
      kind: 'tag',
      tag: 'sr',
      script: 'Cyrl',
      evidence: 'page',
    })
    expect(page({ page: aPageIn({ sr: 1 }) })).toMatchObject({ tag: 'sr-Latn' })
  })

  test('names the script that most of the page has, of equal ones the first by code', () => {
    const shares = (latin: number, cyrillic: number) => [
      { script: 'Latn', share: latin },
      { script: 'Cyrl', share: cyrillic },
    ]
    const scriptOf = (scripts: { script: string; share: number }[]) => {
      const decision = page({ page: aPageIn({ sr: 1 }, { scripts }), contrast: [] })
      return decision.kind === 'tag' ? decision.script : decision.reason
    }
    expect([shares(0.6, 0.4), shares(0.4, 0.6), shares(0.5, 0.5), shares(0.5, 0.5).toReversed()].map(scriptOf)).toEqual(
      ['Latn', 'Cyrl', 'Cyrl', 'Cyrl'],
    )
  })

  test('takes a page that is partly in a contrast language for the other one', () => {
    expect(page({ page: aPageIn({ en: 0.8, cs: 0.2 }) })).toMatchObject({ tag: 'cs', evidence: 'page' })
  })

  test('calls a page that is in a contrast language so, even on a native host', () => {
    const host = [{ group: 'cs', letters: 5000 }]
    expect(page({ page: aPageIn({ en: 1 }), host, declaredPage: 'cs' })).toEqual({
      kind: 'other',
      reason: 'text_contrast',
      lang: 'en',
    })
  })

  test('has no tag for a page without a letter of the script that its language is written in', () => {
    const declared = { declaredElement: 'ru', declaredPage: 'ru', prior: 'declared' as const }
    expect(page({ page: aPageIn({ cs: 1 }), ...declared })).toEqual({
      kind: 'other',
      reason: 'text_script',
      lang: 'ru',
    })
  })

  test('says und for a page that says nothing', () => {
    expect(page({ page: NOWHERE })).toEqual({ kind: 'other', reason: 'text_undetermined', lang: 'und' })
  })
})
