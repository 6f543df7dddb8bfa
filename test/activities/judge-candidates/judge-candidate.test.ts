import { describe, expect, test } from 'vitest'
import { type CandidateInput, judgeCandidate } from '../../../activities/judge-candidates/judge-candidate.ts'
import { candidateRules } from '../../../activities/judge-candidates/judge-candidates.activity.ts'
import type { NativeText } from '../../../schema/contracts/candidate.ts'
import type { TextFact } from '../../../schema/contracts/facts.ts'
import { aTextFact, CZECH_PAGE } from '../../support/facts.ts'
import { aSpec } from '../../support/spec.ts'
import { aPageIn } from './language-builders.ts'

const RULES = candidateRules(
  aSpec('filters: { text: { min_chars: 4, max_chars: 12 }, boilerplate: { count: 6, share: 0.5 } }\n'),
)

interface Given extends Partial<Omit<CandidateInput, 'candidate' | 'texts'>> {
  facts?: TextFact[]
  markup?: Partial<NativeText>[]
  decorative?: boolean
}

const CZECH = aTextFact('Starý mlýn')
const HUNGARIAN: TextFact = {
  ...aTextFact('Egy régi vízimalom a folyó partján'),
  eld: { lang: 'hu', score: 0.9 },
  cld3: { lang: 'hu', score: 0.9 },
  eld_scores: { hu: 0.9, cs: 0.1, en: 0.1 },
}

function judge({ facts = [CZECH], markup = [], decorative = false, ...changes }: Given, rules = RULES) {
  const candidate = {
    position: 0,
    image_url: 'http://a.example/img-1.jpg',
    other_urls: [],
    texts: facts.map(({ text }, index): NativeText => ({ text, source: 'alt', lang: null, ...markup[index] })),
    decorative,
    context: { title: null, heading: null, before: null, after: null },
    licence: null,
    lang: null,
  }
  return judgeCandidate(
    {
      candidate,
      fetchReason: null,
      pageReserved: false,
      texts: facts,
      page: CZECH_PAGE,
      declaredPage: 'cs',
      declaredSeed: 'cs',
      frequencies: facts.map(() => null),
      hostPages: 10,
      host: [],
      ...changes,
    },
    rules,
  )
}

const reasonOf = (fact: Partial<TextFact>, rules = RULES) =>
  judge({ facts: [{ ...CZECH, ...fact }] }, rules).texts[0]?.reason

describe('judgeCandidate', () => {
  test('keeps the first good text, with its own tag and script', () => {
    expect(judge({ facts: [{ ...CZECH, text: 'x' }, CZECH], markup: [{}, { source: 'title' }] })).toEqual({
      tag: 'cs',
      script: 'Latn',
      reason: null,
      rules: [],
      kept: 1,
      texts: [
        { text: 'x', source: 'alt', type: 'description', tag: 'cs', script: 'Latn', reason: 'text_too_short' },
        { text: 'Starý mlýn', source: 'title', type: 'description', tag: 'cs', script: 'Latn', reason: null },
      ],
    })
  })

  test('makes a sample of the language of its page from a picture none of whose texts is kept', () => {
    expect(judge({ facts: [] })).toEqual({ tag: 'cs', script: 'Latn', reason: null, rules: [], kept: null, texts: [] })
    expect(judge({ facts: [{ ...CZECH, text: 'x' }] })).toMatchObject({ tag: 'cs', reason: null, kept: null })
  })

  test('drops a picture without a text on a page of no wanted language', () => {
    expect(
      judge({ facts: [], page: aPageIn({}, { letters: 0, evidence: 0 }), declaredPage: null, declaredSeed: 'und' }),
    ).toEqual({
      tag: 'und',
      script: 'Zzzz',
      reason: 'language_not_wanted',
      rules: ['language_not_wanted'],
      kept: null,
      texts: [],
    })
  })

  test('keeps all rules that fire, the first is the reason', () => {
    const { reason, rules } = judge({ facts: [], decorative: true, pageReserved: true, fetchReason: 'http_error' })
    expect([reason, rules]).toEqual(['http_error', ['http_error', 'opted_out', 'decorative']])
  })

  test('says once that a picture and its page are reserved', () => {
    expect(judge({ pageReserved: true, fetchReason: 'opted_out' }).rules).toEqual(['opted_out'])
    expect(judge({ pageReserved: true }).rules).toEqual(['opted_out'])
  })

  test('drops a decorative picture', () => {
    expect(judge({ facts: [], decorative: true }).reason).toBe('decorative')
  })

  test('drops a picture whose only text is boilerplate, and keeps one that has another', () => {
    const often = { uses: 8, pages: 6, pictures: 1 }
    expect(judge({ frequencies: [often] })).toMatchObject({
      reason: 'boilerplate',
      kept: null,
      texts: [{ reason: 'text_boilerplate' }],
    })
    const both = judge({ facts: [CZECH, aTextFact('Most')], frequencies: [often, null] })
    expect(both).toMatchObject({ reason: null, kept: 1, texts: [{ reason: 'text_boilerplate' }, { reason: null }] })
  })

  test('leaves a second text of another wanted language beside the first', () => {
    const rules = candidateRules({ ...aSpec(), languages: ['cs', 'hu'] })
    const judged = judge({ facts: [CZECH, HUNGARIAN, CZECH], markup: [{}, { lang: 'hu' }] }, rules)
    expect(judged.texts.map(({ tag, reason }) => [tag, reason])).toEqual([
      ['cs', null],
      ['hu', 'text_language'],
      ['cs', null],
    ])
    expect([judged.tag, judged.kept]).toEqual(['cs', 0])
  })

  test('leaves a text in another language its own reason', () => {
    const rules = candidateRules({ ...aSpec(), languages: ['cs', 'hu'] })
    const judged = judge({ facts: [CZECH, { ...HUNGARIAN, pii: ['email'] }], markup: [{}, { lang: 'hu' }] }, rules)
    expect(judged.texts.map(({ tag, reason }) => [tag, reason])).toEqual([
      ['cs', null],
      ['hu', 'text_pii'],
    ])
  })

  test('takes tag and script from the kept text, not from the page', () => {
    const russian: TextFact = {
      ...aTextFact('Старая мельница у большой реки'),
      script: 'Cyrl',
      eld: { lang: 'ru', score: 0.9 },
      cld3: { lang: 'ru', score: 0.9 },
      eld_scores: { ru: 0.9 },
    }
    const rules = candidateRules({ ...aSpec(), languages: ['cs', 'ru'] })
    expect(judge({ facts: [russian] }, rules)).toMatchObject({ tag: 'ru', script: 'Cyrl', kept: 0 })
  })

  test('takes a text for what its page, host, seed list and markup say, in the order of the spec', () => {
    const short = {
      ...HUNGARIAN,
      letters: 6,
      text: 'Malom',
      eld: { lang: 'und', score: 0 },
      cld3: { lang: 'und', score: 0 },
    }
    const silent = {
      page: aPageIn({}, { letters: 0, evidence: 0 }),
      declaredPage: null,
      declaredSeed: 'und',
      facts: [short],
    }
    const tagOf = (given: Given) =>
      judge({ ...silent, ...given }, candidateRules({ ...aSpec(), languages: ['cs', 'hu'] })).texts[0]?.tag
    expect(tagOf({})).toBe('und')
    expect(tagOf({ markup: [{ lang: 'hu' }] })).toBe('hu')
    expect(tagOf({ declaredSeed: 'hu' })).toBe('hu')
    expect(tagOf({ host: [{ group: 'hu', letters: 5000 }] })).toBe('hu')
  })
})

describe('the rules on one text', () => {
  test('each drop it with their own reason, in their order', () => {
    expect(reasonOf({})).toBeNull()
    expect(reasonOf({ text: '' })).toBe('text_empty')
    expect(reasonOf({ text: 'img 1' })).toBe('text_file_name')
    expect(reasonOf({ type: 'filename' })).toBe('text_file_name')
    expect(reasonOf({ type: 'seo' })).toBe('text_seo')
    expect(reasonOf({ pii: ['email'] })).toBe('text_pii')
    expect(reasonOf({ type: 'seo', pii: ['email'], text: 'x' })).toBe('text_seo')
    expect(reasonOf({ pii: ['phone'], text: 'x' })).toBe('text_pii')
  })

  test('keep lengths in characters at the limits and drop those past them', () => {
    expect(reasonOf({ text: 'mlýn' })).toBeNull()
    expect(reasonOf({ text: 'mlý' })).toBe('text_too_short')
    expect(reasonOf({ text: 'mlýn u řeky!' })).toBeNull()
    expect(reasonOf({ text: 'mlýn u řeky 😀' })).toBe('text_too_long')
    expect(reasonOf({ text: 'mlýn u řek😀' })).toBeNull()
  })

  test('drop the types that the spec does not take, and no other', () => {
    const rules = candidateRules(aSpec('filters: { drop_types: [credit] }\n'))
    expect(reasonOf({ type: 'credit' }, rules)).toBe('text_type')
    expect(reasonOf({ type: 'seo' }, rules)).toBeNull()
    expect(reasonOf({ type: 'credit' })).toBeNull()
  })

  test("are those of the text's language when the spec overrides them", () => {
    const rules = candidateRules(aSpec('overrides: { cs: { filters: { text: { min_chars: 20 } } } }\n'))
    expect(reasonOf({}, rules)).toBe('text_too_short')
  })

  test('refuse a text in a contrast language, unless the spec has none', () => {
    const english: Partial<TextFact> = {
      text: 'An old mill',
      eld: { lang: 'en', score: 0.9 },
      cld3: { lang: 'en', score: 0.9 },
      eld_scores: { en: 0.9, cs: 0.2 },
    }
    expect(reasonOf(english)).toBe('text_contrast')
    expect(
      reasonOf({ ...english, letters: 9 }, candidateRules(aSpec('filters: { language: { contrast: [] } }\n'))),
    ).toBeNull()
  })
})
