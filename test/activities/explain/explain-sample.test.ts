import { expect, test } from 'vitest'
import { explainSample, type SampleQuestion } from '../../../activities/explain/explain-sample.ts'
import { aNormaliseFact, SAFE } from '../../support/facts.ts'

const KEPT = { stage: 'select', reason: null, rules: [] }

function aQuestion(changes: Partial<SampleQuestion> = {}): SampleQuestion {
  return {
    facts: { normalise: aNormaliseFact({ name: 'a' }), safety: SAFE, reserved: false, abuseList: null },
    limits: {
      image: { min_side: 200, max_ratio: 3, min_bytes: 100 },
      nsfw: { porn: 0.85, hentai: 0.9, sexy: 1 },
      heedsMining: true,
    },
    nearLimit: 31,
    choice: { tag: 'cs', max_same_text: 2, wanted: 12, target: 10 },
    places: { text_place: 1, host_place: 3, host_cap: 4, target_place: 5, final_place: 5 },
    stored: [KEPT],
    ...changes,
  }
}

const told = (question: SampleQuestion) =>
  explainSample(question).map(({ stage, rule, value, limit, pass }) => [stage, rule, value, limit, pass])

test('a kept sample shows every rule, with its places and caps', () => {
  expect(told(aQuestion()).slice(-7)).toEqual([
    ['judge', 'nsfw', 0, 1, true],
    ['near', 'near_duplicate', null, 31, true],
    ['preselect', 'same_text', 1, 2, true],
    ['preselect', 'host_quota', 3, 4, true],
    ['preselect', 'over_target', 5, 12, true],
    ['select', 'no_text', true, true, true],
    ['select', 'not_reached', 5, 10, true],
  ])
})

test('rules behind the stage that dropped it are not told', () => {
  const small = aQuestion({
    facts: { ...aQuestion().facts, normalise: aNormaliseFact({ name: 'a', side: 90 }) },
  })
  expect(told(small).map(([stage]) => stage)).not.toContain('near')
  const near = { rule: 'near_duplicate', what: 'near_image.pdq', value: 12, limit: 31, of: 'ab' }
  const copy = aQuestion({ stored: [{ stage: 'near', reason: 'near_duplicate', rules: [near] }] })
  expect(told(copy).at(-1)).toEqual(['near', 'near_duplicate', 12, 31, false])
})

test('a sample over its host quota ends with place and cap', () => {
  const places = { text_place: 1, host_place: 5, host_cap: 4, target_place: null, final_place: null }
  expect(told(aQuestion({ places, stored: [] })).at(-1)).toEqual(['preselect', 'host_quota', 5, 4, false])
})

test('a sample without any text says so, and has no place', () => {
  const places = { ...aQuestion().places, final_place: null }
  const stored = [{ stage: 'select', reason: 'no_text', rules: [] }]
  expect(told(aQuestion({ places, stored })).at(-1)).toEqual(['select', 'no_text', false, true, false])
})

test('a sample that the models have not seen yet has no last verdict', () => {
  expect(told(aQuestion({ stored: [] })).at(-1)).toEqual(['preselect', 'over_target', 5, 12, true])
})
