import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { detectPageLanguage, PAGE_LANGUAGE_REV } from '../../../activities/page-language/page-language.ts'
import { loadDetectors } from '../../../infra/detectors.ts'
import { expectGolden, goldenInputs } from '../golden-cases.ts'

const CASES = new URL('./cases/', import.meta.url)
const detectors = await loadDetectors()

describe('detectPageLanguage', () => {
  test.each(goldenInputs(CASES, '.txt'))('finds the languages of %s as recorded', (name) => {
    const fact = detectPageLanguage(readFileSync(new URL(name, CASES), 'utf8'), null, detectors)
    expectGolden(new URL(name.replace('.txt', '.json'), CASES), PAGE_LANGUAGE_REV, fact)
  })

  test('counts a word that comes again once', () => {
    const once = detectPageLanguage('Želva na kameni', null, detectors)
    const often = detectPageLanguage('Želva na kameni\n'.repeat(50), null, detectors)
    expect(often.evidence).toBe(once.evidence)
    expect(often.letters).toBe(50 * once.letters)
  })

  test('looks at a bounded number of pieces however long the page is', () => {
    let asked = 0
    const counting = { ...detectors, eld: (text: string) => (asked++, detectors.eld(text)) }
    const words = Array.from({ length: 20_000 }, (_, index) => `slovo${index.toString(36)}`)
    detectPageLanguage(words.join(' '), null, counting)
    expect(asked).toBeLessThanOrEqual(33)
  })

  test('asks detectors about one script at a time', () => {
    const asked: string[] = []
    const listening = { ...detectors, eld: (text: string) => (asked.push(text), detectors.eld(text)) }
    detectPageLanguage('กบสีเขียว Frog', 'th', listening)
    expect(asked).toEqual(['กบสีเขียว', 'Frog'])
  })
})
