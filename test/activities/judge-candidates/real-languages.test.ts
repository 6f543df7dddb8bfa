import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { decideLanguage } from '../../../activities/judge-candidates/decide-language.ts'
import { detectPageLanguage } from '../../../activities/page-language/page-language.ts'
import { describeText } from '../../../activities/text/describe-text.ts'
import { loadDetectors } from '../../../infra/detectors.ts'
import { aQuestion } from './language-builders.ts'

const PAGES = new URL('../page-language/cases/', import.meta.url)
const WANTED = ['bg', 'el', 'fa', 'hi', 'ja', 'sr', 'sr-Latn', 'tr', 'uk']
const detectors = await loadDetectors()

function decideOn(pageName: string, caption: string) {
  const page = detectPageLanguage(readFileSync(new URL(pageName, PAGES), 'utf8'), null, detectors)
  const text = describeText(caption, detectors, [...WANTED, 'en'])
  return decideLanguage(aQuestion({ text, page, wanted: WANTED }))
}

describe('decideLanguage with real detectors and nothing declared', () => {
  test.each([
    ['bulgarian.txt', 'Котка.', 'bg', 'Cyrl'],
    ['greek.txt', 'Πελαργός.', 'el', 'Grek'],
    ['hindi.txt', 'सारस', 'hi', 'Deva'],
    ['japanese.txt', '猫', 'ja', 'Jpan'],
    ['persian.txt', 'گربه', 'fa', 'Arab'],
    ['serbian-latin.txt', 'Sova.', 'sr-Latn', 'Latn'],
    ['turkish.txt', 'Kedi.', 'tr', 'Latn'],
    ['ukrainian.txt', 'Кіт.', 'uk', 'Cyrl'],
  ])('takes a one-word caption on %s for its language', (pageName, caption, tag, script) => {
    expect(decideOn(pageName, caption)).toEqual({ kind: 'tag', tag, script, evidence: 'page' })
  })

  test.each(['serbian-latin.txt', 'turkish.txt'])('leaves an English caption on %s out', (pageName) => {
    expect(decideOn(pageName, 'A stork standing on the roof of a house')).toEqual({
      kind: 'other',
      reason: 'text_contrast',
      lang: 'en',
    })
  })

  test('leaves a Latin caption on a Cyrillic page out', () => {
    expect(decideOn('ukrainian.txt', 'A stork standing on the roof of a house')).toMatchObject({
      kind: 'other',
      lang: 'en',
    })
    expect(decideOn('ukrainian.txt', 'Photo')).toMatchObject({ kind: 'other' })
  })
})
