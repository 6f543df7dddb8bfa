import { describe, expect, it } from 'vitest'
import { checkCaption } from '../../../activities/generate/check-caption.ts'
import { aTextFact } from './builders.ts'

describe('checks of a written caption', () => {
  const check = (text: string, language: string, detected: string) =>
    checkCaption(text, language, aTextFact(text, detected))

  it('let a good one pass, with a foreign name in it', () => {
    expect(check('Красная лодка Aurora стоит у берега тихого озера.', 'ru', 'ru')).toEqual([])
  })

  it('find one without words', () => {
    expect(check('…', 'en', 'und')).toEqual(['empty'])
  })

  it('find one in another script and language', () => {
    expect(check('A red boat lies on the shore of a quiet lake.', 'ru', 'en')).toEqual([
      'wrong_script',
      'wrong_language',
    ])
  })

  it('find a loop', () => {
    expect(check('A boat. A boat. A boat. A boat. A boat. A boat.', 'en', 'en')).toEqual(['repetition'])
  })
})
