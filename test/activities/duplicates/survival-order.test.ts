import { expect, test } from 'vitest'
import { type SurvivalTraits, compareForSurvival } from '../../../activities/duplicates/survival-order.ts'

const aPicture = (changes: Partial<SurvivalTraits> = {}): SurvivalTraits => ({
  width: 100,
  height: 100,
  hasNativeText: false,
  sha256: 'b',
  ...changes,
})

test('puts more pixels first, then native text, then the lesser digest', () => {
  const large = aPicture({ width: 50, height: 201, sha256: 'z' })
  const told = aPicture({ hasNativeText: true, sha256: 'c' })
  const first = aPicture({ sha256: 'a' })
  const last = aPicture()
  expect([last, first, told, large].toSorted(compareForSurvival)).toEqual([large, told, first, last])
  expect([first, large, last, told].toSorted(compareForSurvival)).toEqual([large, told, first, last])
})

test('compares digests by code units, not by locale', () => {
  expect(compareForSurvival(aPicture({ sha256: 'a1' }), aPicture({ sha256: 'a0' }))).toBeGreaterThan(0)
  expect(compareForSurvival(aPicture(), aPicture())).toBe(0)
})
