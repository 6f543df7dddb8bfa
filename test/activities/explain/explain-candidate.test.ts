import { expect, test } from 'vitest'
import { explainCandidate } from '../../../activities/explain/explain-candidate.ts'
import type { CandidateInput } from '../../../activities/judge-candidates/judge-candidate.ts'
import { candidateRules } from '../../../activities/judge-candidates/judge-candidates.activity.ts'
import { aTextFact } from '../../support/facts.ts'
import { aSpec } from '../../support/spec.ts'

const RULES = candidateRules(aSpec('filters: { boilerplate: { count: 6, share: 0.5 }, text: { min_chars: 5 } }\n'))

function anInput(text: string, changes: Partial<CandidateInput> = {}): CandidateInput {
  return {
    candidate: {
      position: 0,
      image_url: 'http://a.example/1.jpg',
      other_urls: [],
      texts: [{ text, source: 'alt', lang: null }],
      decorative: false,
      context: { title: null, heading: null, before: null, after: null },
      licence: null,
      lang: null,
    },
    fetchReason: null,
    pageReserved: false,
    texts: [aTextFact(text)],
    page: {
      eld: { lang: 'cs', score: 1 },
      cld3: { lang: 'cs', score: 1 },
      shares: [{ lang: 'cs', eld: 1, cld3: 1, both: 1 }],
      scripts: [{ script: 'Latn', share: 1 }],
      letters: 1_000,
      evidence: 1_000,
      declared: 'cs',
    },
    declaredPage: 'cs',
    declaredSeed: 'cs',
    frequencies: [null],
    hostPages: 10,
    host: [],
    ...changes,
  }
}

const dropped = (input: CandidateInput) => {
  const { rules, texts } = explainCandidate(input, RULES)
  return [...rules, ...texts.flatMap((text) => text.rules)].filter(({ pass }) => !pass)
}

test('a text that is kept passes every rule', () => {
  const explained = explainCandidate(anInput('Starý mlýn u řeky'), RULES)
  expect([explained.verdict.reason, explained.texts[0]?.reason]).toEqual([null, null])
  expect(dropped(anInput('Starý mlýn u řeky'))).toEqual([])
})

test('a short text shows its length and the limit', () => {
  expect(dropped(anInput('Mlýn'))).toEqual([
    { stage: 'text', rule: 'text_too_short', what: 'text.min_chars', value: 4, limit: 5, pass: false, margin: -1 },
  ])
})

test('boilerplate shows each of its conditions, and only drops when all are met', () => {
  const often = anInput('Zpět na úvod', { frequencies: [{ uses: 8, pages: 6, pictures: 1 }] })
  expect(dropped(often).map(({ rule, what, value, limit, margin }) => [rule, what, value, limit, margin])).toEqual([
    ['boilerplate', 'texts that are boilerplate', 1, null, null],
    ['text_boilerplate', 'boilerplate.count', 8, 6, -2],
    ['text_boilerplate', 'boilerplate.pages', 6, 3, -3],
    ['text_boilerplate', 'boilerplate.share', 6, 5, -1],
  ])
  const seldom = anInput('Zpět na úvod', { frequencies: [{ uses: 8, pages: 4, pictures: 1 }] })
  expect(dropped(seldom)).toEqual([])
})

test('a text below the floor of the survey has no count', () => {
  const { texts } = explainCandidate(anInput('Starý mlýn u řeky'), RULES)
  const counts = texts[0]?.rules.filter(({ rule }) => rule === 'text_boilerplate').map(({ value }) => value)
  expect(counts).toEqual([null, null, null])
})

test('a picture that was not had names the reason of the crawl', () => {
  expect(dropped(anInput('Starý mlýn u řeky', { fetchReason: 'http_error' }))).toEqual([
    {
      stage: 'fetch',
      rule: 'http_error',
      what: 'picture',
      value: 'http_error',
      limit: null,
      pass: false,
      margin: null,
    },
  ])
})

test('a page that reserves itself is said, also beside another reason', () => {
  const found = dropped(anInput('Starý mlýn u řeky', { fetchReason: 'not_fetched', pageReserved: true }))
  expect(found.map(({ rule }) => rule)).toEqual(['not_fetched', 'opted_out'])
})

test('a picture that was not asked for because its page reserves it has that for its reason', () => {
  const reasons = (fetchReason: string) =>
    explainCandidate(anInput('Starý mlýn u řeky', { fetchReason, pageReserved: true }), RULES).verdict.rules
  expect(reasons('not_fetched')).toEqual(['opted_out', 'not_fetched'])
  expect(reasons('http_error')).toEqual(['http_error', 'opted_out'])
  expect(reasons('opted_out')).toEqual(['opted_out'])
})
