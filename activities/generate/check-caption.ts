import type { TextFact } from '../../schema/contracts/facts.ts'
import { GENERATION_REASONS, type GenerationReason } from '../../schema/contracts/reasons.ts'
import { foreignWords, isWrongLanguage } from './check-text.ts'
import { hasLoop } from './repetition.ts'
import { splitSentences } from './sentences.ts'
import { wordsOf } from './words.ts'

/** Share of words in another script from which a text is not in the language's script; names and codes stay below. */
const MAX_FOREIGN_SHARE = 0.5

/**
 * Every reason why a text that was written, not translated, is not used: a pivot caption (language: the pivot) or a
 * grounded thick caption (language: the target). In the order of GENERATION_REASONS; empty when it passes. Pure.
 */
export function checkCaption(text: string, language: string, fact: TextFact): GenerationReason[] {
  const fired = new Set<GenerationReason>()
  const words = wordsOf(text).length
  if (words === 0) return ['empty']
  if (foreignWords(text, language).length / words > MAX_FOREIGN_SHARE) fired.add('wrong_script')
  if (isWrongLanguage(fact, language)) fired.add('wrong_language')
  const sentences = splitSentences(text, language).map((sentence) => sentence.text)
  if (hasLoop(text, sentences)) fired.add('repetition')
  return GENERATION_REASONS.filter((reason) => fired.has(reason))
}
