import { describe, expect, test } from 'vitest'
import {
  hostWeights,
  leadingLanguage,
  pageWeights,
  shareOf,
} from '../../../activities/judge-candidates/page-evidence.ts'
import { aPageIn } from './language-builders.ts'

const anything = () => true

describe('pageWeights', () => {
  test('counts cld3 half beside eld, and fully for a language that eld does not know', () => {
    const shares = [
      { lang: 'cs', eld: 0.6, cld3: 0.2, both: 0.1 },
      { lang: 'mk', eld: null, cld3: 0.5, both: null },
    ]
    expect(pageWeights(aPageIn({}, { shares, evidence: 100 }))).toEqual([
      { group: 'cs', letters: 65 },
      { group: 'mk', letters: 50 },
    ])
  })
})

describe('equal weights', () => {
  test('stand in the order of their codes, whatever order they came in', () => {
    const page = (codes: string[]) => aPageIn(Object.fromEntries(codes.map((code) => [code, 0.5])), { evidence: 100 })
    const expected = [
      { group: 'cs', letters: 50 },
      { group: 'sk', letters: 50 },
    ]
    for (const codes of [
      ['cs', 'sk'],
      ['sk', 'cs'],
    ])
      expect([pageWeights(page(codes)), hostWeights([page(codes)])]).toEqual([expected, expected])
  })
})

describe('hostWeights', () => {
  test('sums the pages in any order to the same weights', () => {
    const pages = [0.1, 0.33, 0.77].map((share) => aPageIn({ cs: share, en: 1 - share }, { evidence: 100 }))
    expect(hostWeights(pages)).toEqual([
      { group: 'en', letters: 180 },
      { group: 'cs', letters: 120 },
    ])
    expect(hostWeights(pages.toReversed())).toEqual(hostWeights(pages))
  })
})

describe('leadingLanguage', () => {
  test('names the language that leads by the factor asked for', () => {
    const weights = [
      { group: 'cs', letters: 200 },
      { group: 'sk', letters: 100 },
    ]
    expect(leadingLanguage(weights, 1.4, anything)).toBe('cs')
    expect(leadingLanguage(weights, 5, anything)).toBeNull()
    expect(leadingLanguage(weights, 5, (group) => group === 'sk')).toBe('sk')
  })

  test('says nothing on thin evidence or a small part of the whole', () => {
    expect(leadingLanguage([{ group: 'cs', letters: 59 }], 1.4, anything)).toBeNull()
    expect(leadingLanguage([{ group: 'ja', letters: 20 }], 1.4, anything)).toBe('ja')
    const menu = [
      { group: 'en', letters: 2000 },
      { group: 'cs', letters: 100 },
    ]
    expect(leadingLanguage(menu, 1.4, (group) => group === 'cs')).toBeNull()
  })
})

describe('shareOf', () => {
  test('is the part of all letters', () => {
    expect(
      shareOf(
        ['en'],
        [
          { group: 'en', letters: 1 },
          { group: 'cs', letters: 3 },
        ],
      ),
    ).toBe(0.25)
    expect(shareOf(['en'], [])).toBe(0)
  })
})
