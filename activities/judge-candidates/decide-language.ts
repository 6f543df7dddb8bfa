import type { PageLanguageFact, TextFact } from '../../schema/contracts/facts.ts'
import { baseLanguage, groupMembers, languageGroup } from '../text/language-groups.ts'
import { declaredBases, declaredGroups, markedGroup, type Declarations } from './declared-languages.ts'
import { languageOfScript, scriptsOf, scriptsOfTag } from './language-scripts.ts'
import { leadingLanguage, pageWeights, type LanguageWeight } from './page-evidence.ts'

/** What a language decision stands on. */
export type LanguageEvidence = 'markup' | 'page' | 'host' | 'declared' | 'script' | 'text'

export type LanguageDecision =
  /** One of the wanted tags, as the spec writes it; `script` is the text's own (ISO 15924). */
  | { kind: 'tag'; tag: string; script: string; evidence: LanguageEvidence }
  /** `lang` is what the text is taken for, `und` when nothing is known. */
  | { kind: 'other'; reason: 'text_contrast' | 'text_language' | 'text_script' | 'text_undetermined'; lang: string }

export interface LanguageQuestion extends Declarations {
  text: TextFact
  page: PageLanguageFact
  /** `hostWeights` of all pages of the host; empty when unknown. */
  host: readonly LanguageWeight[]
  /** Tags of the spec. */
  wanted: readonly string[]
  /** Languages that are left in place on native pages, most often `en`. */
  contrast: readonly string[]
  /** Which evidence goes first; `text` uses nothing but the text. */
  prior: 'page' | 'declared' | 'text'
}

interface Guess {
  group: string
  evidence: LanguageEvidence
}

/** Both detectors must agree on at least this many letters to speak against the page. */
const MIN_LETTERS_AGAINST_PAGE = 20

/** ... and eld must score its language this much higher: its scores of near relatives differ in the third decimal. */
const MIN_LEAD_AGAINST_PAGE = 0.02

/** Both detectors must agree on at least this many letters to speak without any page. */
const MIN_LETTERS_ALONE = 8

/** Alphabets in which a single letter is no word. */
const ALPHABETS = new Set(['Latn', 'Cyrl', 'Grek', 'Armn', 'Geor'])

/** Languages written in plain ASCII: a letter with a mark on it speaks against them. */
const ASCII_LANGUAGES = new Set(['en', 'ms', 'sw'])

/**
 * The language of one text. The script comes from the text, never from a declaration: a language that is not written
 * in it is out. Of what is left the first counts: the element's own markup, the page's text, the host's, what page and
 * seed list declare; then the script or the text alone. A text that a contrast language fits better than that language
 * is `text_contrast`; where nothing speaks it is `text_undetermined`.
 */
export function decideLanguage(question: LanguageQuestion): LanguageDecision {
  const { text } = question
  if (text.letters < (ALPHABETS.has(text.script) ? 2 : 1))
    return { kind: 'other', reason: 'text_undetermined', lang: 'und' }
  const contrast = question.contrast.map((tag) => languageGroup(baseLanguage(tag)))
  const fits = (group: string) => !contrast.includes(group) && isWrittenIn(group, text.script)
  const prior = priorGuess(question, fits)
  const guess = prior === null ? guessAlone(text) : correctedByText(prior, text, contrast)
  if (guess === null) return { kind: 'other', reason: scriptReason(question), lang: 'und' }
  if (contrast.includes(guess.group)) return { kind: 'other', reason: 'text_contrast', lang: guess.group }
  const tag = resolveTag(guess.group, text.script, question)
  if (tag === null) return { kind: 'other', reason: 'text_language', lang: guess.group }
  return { kind: 'tag', tag, script: text.script, evidence: guess.evidence }
}

/** What is to be expected of a text at this place, before its words are looked at. */
function priorGuess(question: LanguageQuestion, fits: (group: string) => boolean): Guess | null {
  if (question.prior === 'text') return null
  const page = leadingLanguage(pageWeights(question.page), fits)
  const host = leadingLanguage(question.host, fits)
  const declared = declaredGroups(question).find(fits) ?? null
  const seen: [string | null, LanguageEvidence][] = [
    [page, 'page'],
    [host, 'host'],
  ]
  const said: [string | null, LanguageEvidence] = [declared, 'declared']
  const marked = markedGroup(question)
  const order = question.prior === 'declared' ? [said, ...seen] : [...seen, said]
  if (marked !== null && fits(marked)) order.unshift([marked, 'markup'])
  const found = order.find(([group]) => group !== null)
  return found === undefined || found[0] === null ? null : { group: found[0], evidence: found[1] }
}

/** The expected language, unless the text itself clearly is in another one or in a contrast language. */
function correctedByText(prior: Guess, text: TextFact, contrast: readonly string[]): Guess {
  const own = agreedGroup(text)
  if (own !== null && own !== prior.group && !contrast.includes(own) && speaksAgainst(own, prior.group, text)) {
    return { group: own, evidence: 'text' }
  }
  const better = contrast.find((group) => fitsBetter(group, prior.group, text))
  return better === undefined ? prior : { group: better, evidence: 'text' }
}

/** The text alone: a script of one language, or two detectors that agree on more than a word. */
function guessAlone(text: TextFact): Guess | null {
  const byScript = languageOfScript(text.script)
  if (byScript !== null) return { group: languageGroup(byScript), evidence: 'script' }
  const own = agreedGroup(text)
  return own !== null && text.letters >= MIN_LETTERS_ALONE ? { group: own, evidence: 'text' } : null
}

/** The group on which both detectors agree; null when they do not, or name a language that is not written this way. */
function agreedGroup({ eld, cld3, script }: TextFact): string | null {
  const [first, second] = [eld.lang, cld3.lang].map((lang) => languageGroup(baseLanguage(lang)))
  return first !== undefined && first !== 'und' && first === second && isWrittenIn(first, script) ? first : null
}

function speaksAgainst(own: string, expected: string, text: TextFact): boolean {
  const lead = text.eld.score - (scoreOf(expected, text) ?? 0)
  return text.letters >= MIN_LETTERS_AGAINST_PAGE && lead >= MIN_LEAD_AGAINST_PAGE && own !== expected
}

/** True when the contrast language explains the text better than the expected one. */
function fitsBetter(contrast: string, expected: string, text: TextFact): boolean {
  if (!isWrittenIn(contrast, text.script)) return false
  if (ASCII_LANGUAGES.has(contrast) && /[^\0-\x7F]/.test(text.text.normalize('NFC').replace(/[^\p{L}]/gu, '')))
    return false
  const own = scoreOf(expected, text)
  if (own === null) return languageGroup(baseLanguage(text.cld3.lang)) === contrast
  return (scoreOf(contrast, text) ?? 0) > own
}

/** eld's best score for a member of the group, null when it knows none or was not asked. */
function scoreOf(group: string, { eld_scores }: TextFact): number | null {
  const scores = groupMembers(group).flatMap((member) => eld_scores[member] ?? [])
  return scores.length === 0 ? null : Math.max(...scores)
}

function isWrittenIn(group: string, script: string): boolean {
  return groupMembers(group).some((member) => scriptsOf(member).includes(script))
}

/** Why nothing was found: the page is in a language that is not written like this, or nobody knows. */
function scriptReason({ page, text }: LanguageQuestion): 'text_script' | 'text_undetermined' {
  const language = leadingLanguage(pageWeights(page), () => true)
  return language !== null && !isWrittenIn(language, text.script) ? 'text_script' : 'text_undetermined'
}

/**
 * The wanted tag of that group in that script. A declaration says which member of the group it is: declared `hr` is
 * not `sr-Latn`. Without one it is the member that the spec lists.
 */
function resolveTag(group: string, script: string, question: LanguageQuestion): string | null {
  const fitting = question.wanted.filter(
    (tag) => languageGroup(baseLanguage(tag)) === group && scriptsOfTag(tag).includes(script),
  )
  const declared = declaredBases(question).find((base) => languageGroup(base) === group)
  if (declared === undefined) return fitting[0] ?? null
  return fitting.find((tag) => baseLanguage(tag) === declared) ?? null
}
