import { expect, test } from 'vitest'
import { judgeSample } from '../../../activities/judge-samples/judge-sample.ts'
import type { NormaliseFact } from '../../../schema/contracts/facts.ts'
import { aNormaliseFact, SAFE } from '../../support/facts.ts'

const limits = { image: { min_side: 1, max_ratio: 99, min_bytes: 0 }, nsfw: { porn: 1, hentai: 1, sexy: 1 } }

/** What drops a picture in which a decoder found this term. */
function fired(term: string | null, heedsMining = true): unknown[] {
  const normalise = { ...aNormaliseFact({ name: 'a' }), data_mining: term } as NormaliseFact
  const facts = { normalise, safety: SAFE, reserved: false, abuseList: null }
  return judgeSample(facts, { ...limits, heedsMining }).filter((rule) => rule.fired)
}

test('a term that forbids mining drops a picture that the crawl let through', () => {
  const value = 'DMI-PROHIBITED-GENAIMLTRAINING'
  expect(fired(value)).toEqual([{ rule: 'opted_out', what: 'data_mining', value, limit: null, fired: true }])
})

test('other terms, none, and crawls that do not honour it drop nothing', () => {
  expect([fired('DMI-ALLOWED'), fired(null), fired('DMI-PROHIBITED', false)]).toEqual([[], [], []])
})
