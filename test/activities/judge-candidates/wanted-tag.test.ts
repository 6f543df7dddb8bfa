import { expect, test } from 'vitest'
import { wantedTag } from '../../../activities/judge-candidates/wanted-tag.ts'

const by = (declaredElement: string | null) => ({ declaredElement, declaredPage: null, declaredSeed: null })
const UNDECLARED = by(null)

test('without a declaration the wanted tag is the first that the spec lists for group and script', () => {
  expect(wantedTag('sr', 'Latn', ['cs', 'sr', 'bs', 'hr'], UNDECLARED)).toBe('bs')
  expect(wantedTag('sr', 'Cyrl', ['cs', 'bs', 'sr'], UNDECLARED)).toBe('sr')
})

test('there is none for a script or a language that the spec does not list', () => {
  expect(wantedTag('sr', 'Latn', ['cs', 'sr'], UNDECLARED)).toBeNull()
  expect(wantedTag('hu', 'Latn', ['cs', 'sr-Latn'], UNDECLARED)).toBeNull()
})

test('a declaration says which member of the group it is', () => {
  expect(wantedTag('sr', 'Latn', ['bs', 'hr'], by('hr-HR'))).toBe('hr')
  expect(wantedTag('sr', 'Latn', ['bs', 'sr-Latn'], by('hr'))).toBeNull()
})

test('a declaration of another group does not count', () => {
  expect(wantedTag('sr', 'Latn', ['bs', 'hr'], by('cs'))).toBe('bs')
})

test('a member that is declared by its own name goes before its macrolanguage', () => {
  expect(wantedTag('no', 'Latn', ['no', 'nb'], by('nb'))).toBe('nb')
  expect(wantedTag('no', 'Latn', ['nb', 'no'], by('no'))).toBe('no')
})

test('the likely script of the declaration chooses between tags that share their letters', () => {
  expect(wantedTag('zh', 'Hani', ['zh', 'zh-Hant'], by('zh-TW'))).toBe('zh-Hant')
  expect(wantedTag('zh', 'Hani', ['zh-Hant', 'zh'], by('zh-CN'))).toBe('zh')
  expect(wantedTag('zh', 'Hani', ['zh'], by('zh-TW'))).toBe('zh')
})
