import { expect, test } from 'vitest'
import { describeRule } from '../../../activities/explain/describe-explanation.ts'
import { marginOf, ruleLine } from '../../../activities/explain/rule-line.ts'

test('a margin is the distance from the limit, negative on the side that drops', () => {
  expect(marginOf(300, 200, true)).toBe(100)
  expect(marginOf(90, 200, false)).toBe(-110)
  expect(marginOf(0.9, 0.85, false)).toBe(-0.05)
  expect(marginOf(31, 31, false)).toBe(0)
})

test('what is no number has no margin', () => {
  expect([marginOf('cs', 'cs, sr', true), marginOf(true, false, false), marginOf(null, 31, true)]).toEqual([
    null,
    null,
    null,
  ])
})

test('a rule is one line for people, with the picture that was kept in its place', () => {
  const near = {
    stage: 'near',
    rule: 'near_duplicate',
    what: 'near_image.pdq',
    value: 12,
    limit: 31,
    pass: false,
  } as const
  expect(describeRule(ruleLine({ ...near, of: 'ab' }))).toBe(
    '  drop near_duplicate: near_image.pdq 12, limit 31, margin -19, of ab',
  )
  expect(describeRule(ruleLine({ ...near, value: null, pass: true }))).toBe(
    '  pass near_duplicate: near_image.pdq none, limit 31',
  )
})
