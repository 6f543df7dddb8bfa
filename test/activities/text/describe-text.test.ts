import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { describeText, TEXT_REV } from '../../../activities/text/describe-text.ts'
import { loadDetectors } from '../../../infra/detectors.ts'
import { expectGolden, goldenInputs } from '../golden-cases.ts'

const CASES = new URL('./cases/', import.meta.url)
const LANGUAGES = ['ar', 'cs', 'en', 'hu', 'ko', 'ru', 'sr', 'sr-Latn', 'so', 'th', 'vi']
const detectors = await loadDetectors()

describe('describeText', () => {
  test.each(goldenInputs(CASES, '.input.json'))('describes the texts of %s as recorded', (name) => {
    const texts = JSON.parse(readFileSync(new URL(name, CASES), 'utf8')) as string[]
    const facts = texts.map((text) => ({ raw: text, ...describeText(text, detectors, LANGUAGES) }))
    expectGolden(new URL(name.replace('.input', ''), CASES), TEXT_REV, facts)
  })

  test('leaves a language out of the scores that eld does not know', () => {
    const { eld_scores } = describeText('Mbwa mkubwa', detectors, ['sw', 'en'])
    expect(Object.keys(eld_scores)).toEqual(['en'])
  })

  test('is done with long hostile texts in one pass', () => {
    const hostile = [
      '@'.repeat(10_000),
      'IMG_' + '1'.repeat(10_000) + '!',
      'a | '.repeat(2_500),
      '1 '.repeat(5_000),
      '&'.repeat(10_000),
    ]
    expect(hostile.map((text) => describeText(text, detectors, ['en']).type)).toEqual([
      'other',
      'description',
      'seo',
      'other',
      'other',
    ])
  })
})
