import type { LanguageShare, PageLanguageFact } from '../../schema/contracts/facts.ts'
import { isWrittenIn } from './language-scripts.ts'

/** A language for which something speaks: by group, with the letters (of distinct words) that speak for it. */
export interface LanguageWeight {
  group: string
  letters: number
}

/** What one letter of cld3's vote counts beside one of eld's, which errs about a third as often on a few words. */
const CLD3_WEIGHT = 0.5

/** Letters of distinct words, some ten words, below which detectors guess. */
const MIN_LETTERS = 60

/** The same for languages that write a word in one to three characters. */
const MIN_LETTERS_EAST_ASIAN = 20

/** How far a language must lead over the next one that fits: on one page over the detectors' slips, ... */
export const PAGE_LEAD = 1.4

/** ... on a host over the languages of its other pages, so that a host in two languages speaks for neither. */
export const HOST_LEAD = 5

/** Below this share of the evidence a language is a quotation, a menu or a slip of the detectors. */
export const MIN_SHARE = 0.1

/** What the detectors' votes over a page's text amount to, largest first, equal ones by code. */
export function pageWeights({ shares, evidence }: PageLanguageFact): LanguageWeight[] {
  return byLetters(shares.map((share) => ({ group: share.lang, letters: votes(share) * evidence })))
}

/**
 * The same summed over all pages of a host: a page with a handful of words is most likely in the language of its
 * neighbours. Order of the pages does not matter.
 */
export function hostWeights(pages: readonly PageLanguageFact[]): LanguageWeight[] {
  const sums = new Map<string, number>()
  for (const page of pages) {
    for (const { group, letters } of pageWeights(page)) {
      // Whole letters, so that the sum does not depend on the order of the pages.
      sums.set(group, (sums.get(group) ?? 0) + Math.round(letters))
    }
  }
  return byLetters([...sums].map(([group, letters]) => ({ group, letters })))
}

/**
 * The one language that leads among those that fit by the factor `lead`; null when the evidence is thin, scattered or
 * contradictory.
 */
export function leadingLanguage(
  weights: readonly LanguageWeight[],
  lead: number,
  fits: (group: string) => boolean,
): string | null {
  const total = weights.reduce((sum, { letters }) => sum + letters, 0)
  const [first, second] = weights.filter(({ group }) => fits(group))
  if (first === undefined || first.letters < minLetters(first.group) || first.letters < total * MIN_SHARE) return null
  return second === undefined || first.letters >= second.letters * lead ? first.group : null
}

function minLetters(group: string): number {
  return isWrittenIn(group, 'Hani') ? MIN_LETTERS_EAST_ASIAN : MIN_LETTERS
}

/** The part of all that was seen which is in one of these languages, from 0 to 1. */
export function shareOf(groups: readonly string[], weights: readonly LanguageWeight[]): number {
  const total = weights.reduce((sum, { letters }) => sum + letters, 0)
  const part = weights.reduce((sum, { group, letters }) => (groups.includes(group) ? sum + letters : sum), 0)
  return total === 0 ? 0 : part / total
}

/** cld3 alone speaks for a language that eld does not know, hence with full weight. */
function votes({ eld, cld3, both }: LanguageShare): number {
  if (eld === null) return cld3
  return Math.max(both ?? 0, eld + (cld3 - (both ?? 0)) * CLD3_WEIGHT)
}

function byLetters(weights: LanguageWeight[]): LanguageWeight[] {
  return weights.toSorted((a, b) => b.letters - a.letters || (a.group < b.group ? -1 : 1))
}
