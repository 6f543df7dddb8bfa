import type { LanguageDetectors } from '../../infra/detectors.ts'
import type { TextFact } from '../../schema/contracts/facts.ts'
import { baseLanguage, groupMembers } from './language-groups.ts'
import { findPersonalData } from './personal-data.ts'
import { repairText } from './repair-text.ts'
import { dominantScript, scriptFamily, scriptShares, splitByScript } from './scripts.ts'
import { textType } from './text-type.ts'

/** Raise when any field of the fact changes for any text; golden cases notice. */
export const TEXT_REV = 2

const WORDS = new Intl.Segmenter('en', { granularity: 'word' })

/** Languages that write every noun with a capital. */
const CAPITALISES_NOUNS = new Set(['de', 'lb'])

const UNKNOWN = { lang: 'und', score: 0 }

/** Numbers and symbols say nothing of the language, and mislead. */
const NOT_LANGUAGE = /[\p{N}\p{S}_]+/gu

/**
 * All that is known of one native text by itself. `languages` are the base languages or tags for which eld's score is
 * kept (the spec's and its contrast); one that eld does not know is absent from `eld_scores`.
 */
export function describeText(raw: string, detectors: LanguageDetectors, languages: readonly string[]): TextFact {
  const text = repairText(raw)
  const { letters, shares } = scriptShares(text)
  const { script, share } = dominantScript(shares)
  const asked = askedText(text, script)
  const eld = detectors.eld(asked)
  const cld3 = asked === '' ? UNKNOWN : detectors.cld3(asked)
  return {
    text,
    type: textType({
      text,
      letters,
      capitalisesNouns: CAPITALISES_NOUNS.has(eld.lang) || CAPITALISES_NOUNS.has(cld3.lang),
    }),
    script,
    script_share: share,
    letters,
    words: countWords(text),
    pii: findPersonalData(text),
    eld: { lang: eld.lang, score: eld.score },
    cld3: { lang: cld3.lang, score: cld3.score },
    eld_scores: scoresFor(languages, eld.scores, detectors),
  }
}

/** The part that detectors are asked about: the words in the text's own script, without addresses. */
function askedText(text: string, script: string): string {
  const words = text.split(' ').filter((word) => !isAddress(word))
  const plain = words.join(' ').replace(NOT_LANGUAGE, ' ')
  const own = splitByScript(plain).find(({ family }) => family === scriptFamily(script))
  return own?.text.trim() ?? ''
}

function isAddress(word: string): boolean {
  return word.includes('://') || word.includes('@') || /^www\./i.test(word)
}

/** By ICU's word breaks, which know the scripts without spaces; the locale is fixed, the ICU version is in the identity. */
function countWords(text: string): number {
  let count = 0
  for (const { isWordLike } of WORDS.segment(text)) if (isWordLike === true) count++
  return count
}

/** The best score within each language's group, so that Serbian is not judged by Croatian's lead. */
function scoresFor(
  languages: readonly string[],
  scores: Readonly<Record<string, number>>,
  detectors: LanguageDetectors,
): Record<string, number> {
  const bases = [...new Set(languages.map(baseLanguage))].toSorted()
  return Object.fromEntries(
    bases.flatMap((base) => {
      const members = groupMembers(base).filter((member) => detectors.eldKnows(member))
      return members.length === 0 ? [] : [[base, Math.max(...members.map((member) => scores[member] ?? 0))]]
    }),
  )
}
