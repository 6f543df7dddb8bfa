import { describe, expect, test } from 'vitest'
import {
  isWrittenIn,
  languageOfScript,
  likelyScript,
  namedScript,
  scriptsOfTag,
} from '../../../activities/judge-candidates/language-scripts.ts'

describe('isWrittenIn', () => {
  test('holds for the likely script, the parts of a mixed one, and a second one in use', () => {
    const pairs: [string, string][] = [
      ['cs', 'Latn'],
      ['ko', 'Hang'],
      ['ja', 'Kana'],
      ['zh', 'Hani'],
      ['sr', 'Latn'],
      ['sr', 'Cyrl'],
      ['uz', 'Cyrl'],
    ]
    expect(pairs.filter(([group, script]) => !isWrittenIn(group, script))).toEqual([])
  })

  test('does not hold for another script or for what is no language', () => {
    expect([
      isWrittenIn('cs', 'Cyrl'),
      isWrittenIn('ru', 'Latn'),
      isWrittenIn('und', 'Latn'),
      isWrittenIn('th', 'Zyyy'),
    ]).toEqual([false, false, false, false])
  })
})

describe('languageOfScript', () => {
  test('names the language that a script is written for', () => {
    const scripts = ['Thai', 'Hang', 'Kana', 'Hira', 'Grek', 'Armn', 'Geor', 'Guru', 'Khmr', 'Taml']
    expect(scripts.map(languageOfScript)).toEqual(['th', 'ko', 'ja', 'ja', 'el', 'hy', 'ka', 'pa', 'km', 'ta'])
  })

  test.each('Zyyy Latn Cyrl Arab Deva Beng Ethi Hani Hebr Mymr Tibt Bopo Mong Tfng Syrc Cans'.split(' '))(
    'names none for %s, which several languages share',
    (script) => {
      expect(languageOfScript(script)).toBeNull()
    },
  )
})

describe('scripts of a tag', () => {
  test('are those of its script subtag, else of its likely script', () => {
    expect(['sr', 'sr-Latn', 'zh-TW', 'ja', 'und', 'no language'].map(scriptsOfTag)).toEqual([
      ['Cyrl'],
      ['Latn'],
      ['Hani', 'Bopo'],
      ['Hani', 'Hira', 'Kana'],
      [],
      [],
    ])
    expect(likelyScript('zh-TW')).toBe('Hant')
  })

  test('have one name where a language mixes them', () => {
    expect([namedScript('ja', 'Hira'), namedScript('ko', 'Hang'), namedScript('sr-Latn', 'Latn')]).toEqual([
      'Jpan',
      'Hang',
      'Latn',
    ])
  })
})
