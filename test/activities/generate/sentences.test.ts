import { describe, expect, it } from 'vitest'
import { splitSentences } from '../../../activities/generate/sentences.ts'

describe('sentences', () => {
  const split = (text: string, language: string) => splitSentences(text, language).map((sentence) => sentence.text)

  it('end at the full stop of their script', () => {
    expect(split('A dog runs. It barks! Why?', 'en')).toEqual(['A dog runs.', 'It barks!', 'Why?'])
    expect(split('هل هذا كلب؟ نعم. إنه يجري.', 'ar')).toEqual(['هل هذا كلب؟', 'نعم.', 'إنه يجري.'])
    expect(split('개가 달립니다. 짖습니다.', 'ko')).toEqual(['개가 달립니다.', '짖습니다.'])
    expect(split('狗在跑。它在叫！', 'zh')).toEqual(['狗在跑。', '它在叫！'])
    expect(split('कुत्ता दौड़ता है। वह भौंकता है।', 'hi')).toEqual(['कुत्ता दौड़ता है।', 'वह भौंकता है।'])
    expect(split('สุนัขวิ่ง มันเห่า', 'th')).toEqual(['สุนัขวิ่ง มันเห่า'])
  })

  it('keep closing quotation marks and brackets', () => {
    expect(split('He said “Stop!” Then he left. (Really.) Yes.', 'en')).toEqual([
      'He said “Stop!”',
      'Then he left.',
      '(Really.)',
      'Yes.',
    ])
  })

  it('do not end at abbreviations, initials, ordinals and inside numbers', () => {
    expect(split('Kostel sv. Víta z 14. století měří 3.5 km.', 'cs')).toEqual([
      'Kostel sv. Víta z 14. století měří 3.5 km.',
    ])
    expect(split('Dům č. 5 A. Nováka, Ing. Karel.', 'cs')).toEqual(['Dům č. 5 A. Nováka, Ing. Karel.'])
    expect(split('Built in 1990. The end.', 'en')).toEqual(['Built in 1990.', 'The end.'])
  })

  it('say where they stand', () => {
    expect(splitSentences('One here. Two there.', 'en')).toEqual([
      { text: 'One here.', start: 0, end: 9 },
      { text: 'Two there.', start: 10, end: 20 },
    ])
  })
})
