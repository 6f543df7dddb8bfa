import { describe, expect, test } from 'vitest'
import { judgeSample, type SampleFacts, type SampleLimits } from '../../../activities/judge-samples/judge-sample.ts'
import { aNormaliseFact, SAFE } from '../../support/facts.ts'

const LIMITS: SampleLimits = {
  image: { min_side: 200, max_ratio: 3, min_bytes: 5000 },
  nsfw: { porn: 0.85, hentai: 0.9, sexy: 0.95 },
  heedsMining: true,
}

interface Picture {
  width?: number
  height?: number
  bytes?: number
}

function factsOf(picture: Picture = {}, changes: Partial<SampleFacts> = {}): SampleFacts {
  const normalise = { ...aNormaliseFact({ name: 'mill' }), ...picture }
  return { normalise, safety: SAFE, reserved: false, abuseList: null, ...changes }
}

const fired = (facts: SampleFacts) => judgeSample(facts, LIMITS).filter((result) => result.fired)
const scored = (scores: Partial<typeof SAFE>) => factsOf({}, { safety: { ...SAFE, ...scores } })

describe('judgeSample', () => {
  test('asks every rule in the order of the reasons, with what was read and what is allowed', () => {
    expect(judgeSample(factsOf({ width: 800, height: 600 }), LIMITS)).toEqual([
      { rule: 'opted_out', what: 'reserved', value: false, limit: false, fired: false },
      { rule: 'known_abuse', what: 'known_abuse', value: null, limit: null, fired: false },
      { rule: 'too_small', what: 'min_side', value: 600, limit: 200, fired: false },
      { rule: 'ratio', what: 'max_ratio', value: 1.3333, limit: 3, fired: false },
      { rule: 'too_few_bytes', what: 'min_bytes', value: 9000, limit: 5000, fired: false },
      { rule: 'nsfw', what: 'nsfw.porn', value: 0.02, limit: 0.85, fired: false },
      { rule: 'nsfw', what: 'nsfw.hentai', value: 0.01, limit: 0.9, fired: false },
      { rule: 'nsfw', what: 'nsfw.sexy', value: 0, limit: 0.95, fired: false },
    ])
  })

  test('drops a picture that is reserved, and one on an abuse list, which it names', () => {
    expect(fired(factsOf({}, { reserved: true }))).toEqual([
      { rule: 'opted_out', what: 'reserved', value: true, limit: false, fired: true },
    ])
    expect(fired(factsOf({}, { abuseList: 'list.csv' }))).toEqual([
      { rule: 'known_abuse', what: 'known_abuse', value: 'list.csv', limit: null, fired: true },
    ])
  })

  test('keeps sizes at the limit and drops those past it, by the shorter side whichever it is', () => {
    expect(fired(factsOf({ width: 200, height: 600, bytes: 5000 }))).toEqual([])
    expect(fired(factsOf({ width: 600, height: 200 }))).toEqual([])
    expect(fired(factsOf({ width: 199, height: 500 })).map(({ rule, value }) => [rule, value])).toEqual([
      ['too_small', 199],
    ])
    expect(fired(factsOf({ width: 500, height: 199 })).map(({ rule, value }) => [rule, value])).toEqual([
      ['too_small', 199],
    ])
    expect(fired(factsOf({ width: 601, height: 200 })).map(({ rule, value }) => [rule, value])).toEqual([
      ['ratio', 3.005],
    ])
    expect(fired(factsOf({ bytes: 4999 })).map(({ rule, value }) => [rule, value])).toEqual([['too_few_bytes', 4999]])
  })

  test('keeps scores at the limit and drops each that is over its own', () => {
    expect(fired(scored({ porn: 0.85, hentai: 0.9, sexy: 0.95 }))).toEqual([])
    for (const [what, value] of [
      ['porn', 0.8501],
      ['hentai', 0.9001],
      ['sexy', 0.9501],
    ] as const)
      expect(fired(scored({ [what]: value }))).toEqual([
        { rule: 'nsfw', what: `nsfw.${what}`, value, limit: LIMITS.nsfw?.[what], fired: true },
      ])
  })

  test('names the first reason before the others when several fire', () => {
    const facts = { ...factsOf({ width: 900, height: 100, bytes: 10 }), ...scored({ porn: 0.99 }) }
    const small = { ...facts, normalise: factsOf({ width: 900, height: 100, bytes: 10 }).normalise, reserved: true }
    expect(fired(small).map(({ rule }) => rule)).toEqual(['opted_out', 'too_small', 'ratio', 'too_few_bytes', 'nsfw'])
  })

  test('gives the reason of a picture that could not be opened before all others, and asks no size or score of it', () => {
    const facts = factsOf({}, { normalise: { ok: false, reason: 'undecodable' }, safety: null, reserved: true })
    expect(judgeSample(facts, LIMITS).map(({ rule, fired: isDropped }) => [rule, isDropped])).toEqual([
      ['undecodable', true],
      ['opted_out', true],
      ['known_abuse', false],
    ])
  })
})
