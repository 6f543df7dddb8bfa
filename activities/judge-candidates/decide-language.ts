import type { PageLanguageFact, TextFact } from '../../schema/contracts/facts.ts'
import { baseLanguage, groupMembers, languageGroup } from '../text/language-groups.ts'
import { declaredGroups, markedGroup, type Declarations } from './declared-languages.ts'
import { isWrittenIn, languageOfScript, namedScript } from './language-scripts.ts'
import {
  HOST_LEAD,
  leadingLanguage,
  MIN_SHARE,
  PAGE_LEAD,
  pageWeights,
  shareOf,
  type LanguageWeight,
} from './page-evidence.ts'
import { wantedTag } from './wanted-tag.ts'

/** What a language decision stands on. */
export type LanguageEvidence = 'markup' | 'page' | 'host' | 'declared' | 'script' | 'text'

export type LanguageDecision =
  /** One of the wanted tags, as the spec writes it; `script` is the text's own (ISO 15924). */
  | { kind: 'tag'; tag: string; script: string; evidence: LanguageEvidence }
  /** `lang` is what the text is taken for, `und` when nothing is known. */
  | {
      kind: 'other'
      reason: 'text_contrast' | 'text_language' | 'text_script' | 'text_undetermined'
      lang: string
    }

/** Where a text stands, and what the spec wants. */
export interface LanguageSetting extends Declarations {
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

export interface LanguageQuestion extends LanguageSetting {
  text: TextFact
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

/** On pages without the contrast language, a shorter text must be named so by a detector: scores alone are noise. */
const MIN_LETTERS_OF_CONTRAST = 12

const MAJORITY = 0.5

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
  if (text.letters < (ALPHABETS.has(text.script) ? 2 : 1)) return other('text_undetermined')
  const contrast = contrastGroups(question)
  const prior = priorGuess(question, (group) => !contrast.includes(group) && isWrittenIn(group, text.script))
  const guess = prior === null ? guessAlone(question) : correctedByText(prior, question)
  if (guess === null) return other(reasonForNothing(question))
  if (contrast.includes(guess.group)) return other('text_contrast', guess.group)
  return asDecision(guess, text.script, question)
}

/**
 * The language of a page, for a picture none of whose texts is kept. A page that is partly in a contrast language is in
 * the other one; a page that is in nothing else is `text_contrast`.
 */
export function decidePageTag(setting: LanguageSetting): LanguageDecision {
  const contrast = contrastGroups(setting)
  const guess = priorGuess(setting, (group) => !contrast.includes(group))
  const onlyContrast = leadingLanguage(pageWeights(setting.page), PAGE_LEAD, () => true)
  if (guess?.evidence !== 'page' && onlyContrast !== null && contrast.includes(onlyContrast)) {
    return other('text_contrast', onlyContrast)
  }
  if (guess === null) return other('text_undetermined')
  const script = pageScript(guess.group, contrast, setting.page)
  return script === null ? other('text_script', guess.group) : asDecision(guess, script, setting)
}

function asDecision(guess: Guess, script: string, setting: LanguageSetting): LanguageDecision {
  const tag = wantedTag(guess.group, script, setting.wanted, setting)
  if (tag === null) return other('text_language', guess.group)
  return { kind: 'tag', tag, script: namedScript(tag, script), evidence: guess.evidence }
}

function other(reason: Extract<LanguageDecision, { kind: 'other' }>['reason'], lang = 'und'): LanguageDecision {
  return { kind: 'other', reason, lang }
}

function contrastGroups({ contrast }: LanguageSetting): string[] {
  return contrast.map((tag) => languageGroup(baseLanguage(tag)))
}

/** What is to be expected at this place, before the words of a text are looked at. */
function priorGuess(setting: LanguageSetting, fits: (group: string) => boolean): Guess | null {
  if (setting.prior === 'text') return null
  const marked = markedGroup(setting)
  const declared = declaredGroups(setting).find(fits)
  const guesses = {
    markup: marked !== null && fits(marked) ? marked : null,
    page: leadingLanguage(pageWeights(setting.page), PAGE_LEAD, fits),
    host: leadingLanguage(setting.host, HOST_LEAD, fits),
    declared: declared ?? null,
  }
  const order = (['page', 'host', 'declared'] as const).toSorted(
    (a, b) => Number(b === setting.prior) - Number(a === setting.prior),
  )
  for (const evidence of ['markup', ...order] as const) {
    const group = guesses[evidence]
    if (group !== null) return { group, evidence }
  }
  return null
}

/** The expected language, unless the text itself clearly is in another one or in a contrast language. */
function correctedByText(prior: Guess, question: LanguageQuestion): Guess {
  const { text } = question
  const contrast = contrastGroups(question)
  const own = agreedGroup(text)
  if (own !== null && own !== prior.group && !contrast.includes(own) && speaksAgainst(prior.group, text)) {
    return { group: own, evidence: 'text' }
  }
  const better = contrast.find((group) => fitsBetter(group, prior.group, question))
  return better === undefined ? prior : { group: better, evidence: 'text' }
}

/**
 * The text alone: a script of one language, or detectors that agree on more than a word. On a page that is in another
 * language they must agree on as much as speaks against a page.
 */
function guessAlone(question: LanguageQuestion): Guess | null {
  const { text } = question
  const byScript = languageOfScript(text.script)
  if (byScript !== null) return { group: languageGroup(byScript), evidence: 'script' }
  const own = agreedGroup(text)
  const least = placeLanguage(question) === null ? MIN_LETTERS_ALONE : MIN_LETTERS_AGAINST_PAGE
  return own !== null && text.letters >= least ? { group: own, evidence: 'text' } : null
}

/** What the page, else its host, is in, in whatever script. */
function placeLanguage({ page, host, prior }: LanguageSetting): string | null {
  if (prior === 'text') return null
  return leadingLanguage(pageWeights(page), PAGE_LEAD, () => true) ?? leadingLanguage(host, HOST_LEAD, () => true)
}

/** The group on which both detectors agree; null when they do not, or name a language that is not written this way. */
function agreedGroup({ eld, cld3, script }: TextFact): string | null {
  const [first, second] = [eld.lang, cld3.lang].map((lang) => languageGroup(baseLanguage(lang)))
  return first !== undefined && first !== 'und' && first === second && isWrittenIn(first, script) ? first : null
}

function speaksAgainst(expected: string, text: TextFact): boolean {
  const lead = text.eld.score - (scoreOf(expected, text) ?? 0)
  return text.letters >= MIN_LETTERS_AGAINST_PAGE && lead >= MIN_LEAD_AGAINST_PAGE
}

/** True when the contrast language explains the text better than the expected one. */
function fitsBetter(contrast: string, expected: string, { text, page, host }: LanguageQuestion): boolean {
  if (!isWrittenIn(contrast, text.script)) return false
  if (ASCII_LANGUAGES.has(contrast) && /[\p{L}--[A-Za-z]]/v.test(text.text)) return false
  const named = [text.eld.lang, text.cld3.lang].some((lang) => languageGroup(baseLanguage(lang)) === contrast)
  const own = scoreOf(expected, text)
  if (own === null) return named
  const share = shareOf([contrast], host.length > 0 ? host : pageWeights(page))
  const other = scoreOf(contrast, text) ?? 0
  // Where most of the text is in the contrast language, the native one has to show itself.
  if (other === own) return share >= MAJORITY
  return other > own && (share >= MIN_SHARE || named || text.letters >= MIN_LETTERS_OF_CONTRAST)
}

/** eld's best score for a member of the group, null when it knows none or was not asked. */
function scoreOf(group: string, { eld_scores }: TextFact): number | null {
  const scores = groupMembers(group).flatMap((member) => eld_scores[member] ?? [])
  return scores.length === 0 ? null : Math.max(...scores)
}

/** Why nothing was found: the page is in a language that is not written like this, or nobody knows. */
function reasonForNothing(question: LanguageQuestion): 'text_script' | 'text_undetermined' {
  const language = placeLanguage(question)
  return language !== null && !isWrittenIn(language, question.text.script) ? 'text_script' : 'text_undetermined'
}

/** The script of the page's letters in that language; those of a contrast language do not count for it. */
function pageScript(group: string, contrast: readonly string[], page: PageLanguageFact): string | null {
  const contrastShare = shareOf(contrast, pageWeights(page))
  const fitting = page.scripts
    .filter(({ script }) => isWrittenIn(group, script))
    .map(({ script, share }) => {
      const foreign = contrast.some((each) => isWrittenIn(each, script)) ? contrastShare : 0
      return { script, share: share - foreign }
    })
  return fitting.toSorted((a, b) => b.share - a.share || (a.script < b.script ? -1 : 1))[0]?.script ?? null
}
