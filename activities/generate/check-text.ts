import type { TextFact } from '../../schema/contracts/facts.ts'
import { inScriptOf } from './scripts.ts'
import { wordsOf } from './words.ts'

/** Languages that detectors cannot tell apart and that count as one: the standards of Serbo-Croatian, and of Norwegian. */
const GROUPS: readonly (readonly string[])[] = [
  ['bs', 'cnr', 'hr', 'sh', 'sr'],
  ['nb', 'nn', 'no'],
  ['id', 'ms'],
]

/** Letters under which a detector that disagrees proves nothing. */
const MIN_LETTERS_FOR_DETECTORS = 30

/**
 * Whether detectors read a text as another language than `target`: none of them says the target and at least one says
 * something else. On a short text they are wrong too often (Spanish read as Catalan): there only both saying
 * the language it was translated from counts.
 */
export function isWrongLanguage(fact: TextFact, target: string, pivot: string | null = null): boolean {
  const labels = [fact.eld.lang, fact.cld3.lang].map((label) => label.split('-')[0] ?? 'und')
  const known = labels.filter((label) => label !== 'und')
  if (known.length === 0 || known.some((label) => isSameLanguage(label, target))) return false
  if (fact.letters >= MIN_LETTERS_FOR_DETECTORS) return true
  return pivot !== null && labels.every((label) => isSameLanguage(label, pivot))
}

function isSameLanguage(a: string, b: string): boolean {
  const [one, other] = [a.split('-')[0] ?? '', b.split('-')[0] ?? '']
  return one === other || GROUPS.some((group) => group.includes(one) && group.includes(other))
}

/** Words with a letter that does not belong to the language's scripts, as written. */
export function foreignWords(text: string, language: string): string[] {
  return wordsOf(text)
    .map((word) => word.text)
    .filter((word) => /\p{L}/u.test(word) && !inScriptOf(language, word))
}
