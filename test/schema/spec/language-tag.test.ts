import { expect, test } from 'vitest'
import { minimiseTag, scriptOfTag } from '../../../schema/spec/language-tag.ts'

const CASES: readonly [string, string | null][] = [
  ['sr', 'sr'],
  ['sr-Cyrl', 'sr'],
  ['sr-RS', 'sr'],
  ['sr-Cyrl-RS', 'sr'],
  ['SR-latn', 'sr-Latn'],
  ['sr-Latn-RS', 'sr-Latn'],
  ['sr-ME', 'sr-ME'],
  ['cs-CZ', 'cs'],
  ['en-Latn-GB', 'en-GB'],
  ['pt-BR', 'pt'],
  ['pt-PT', 'pt-PT'],
  ['uz-Cyrl', 'uz-Cyrl'],
  ['zh-Hans-CN', 'zh'],
  ['zh-TW', 'zh-Hant'],
  ['zh-Hant', 'zh-Hant'],
  ['pa-PK', 'pa-Arab'],
  ['iw', 'he'],
  ['sh', 'sr-Latn'],
  ['ca-valencia', 'ca-valencia'],
  ['de-DE-1996', 'de-1996'],
  ['und', 'und'],
  ['und-Latn', null],
  ['de-u-co-phonebk', null],
  ['en-x-mine', null],
  ['x-mine', null],
  ['serbian', null],
  ['qaa', null],
  ['qaa-Latn', 'qaa-Latn'],
  ['sr_Latn', null],
  ['', null],
  ['a', null],
]

test.each(CASES)('%s is %s', (tag, minimal) => {
  expect(minimiseTag(tag)).toBe(minimal)
})

test('the script of a tag is written or likely', () => {
  expect(['sr', 'sr-Latn', 'th', 'ko', 'zh-Hant', 'not a tag'].map(scriptOfTag)).toEqual([
    'Cyrl',
    'Latn',
    'Thai',
    'Kore',
    'Hant',
    'Zyyy',
  ])
})
