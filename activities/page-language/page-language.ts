import type { Detection, LanguageDetectors } from '../../infra/detectors.ts'
import type { LanguageShare, PageLanguageFact } from '../../schema/contracts/facts.ts'
import { baseLanguage, groupMembers, languageGroup } from '../text/language-groups.ts'
import { scriptShares } from '../text/scripts.ts'
import { textChunks } from './text-chunks.ts'

/** Raise when any field of the fact changes for any text; golden cases notice. */
export const PAGE_LANGUAGE_REV = 2

const MAX_SCRIPTS = 4
const MAX_SHARES = 6

interface Tally {
  eld: number
  cld3: number
  both: number
}

/**
 * What the detectors make of a whole page. The text is looked at in pieces and each piece votes with its letters, so
 * that a menu in another language does not decide for the article; `score` of a label is its share of the letters.
 */
export function detectPageLanguage(
  text: string,
  declared: string | null,
  detectors: LanguageDetectors,
): PageLanguageFact {
  const { letters, shares } = scriptShares(text)
  const tallies = new Map<string, Tally>()
  const labels = { eld: new Map<string, number>(), cld3: new Map<string, number>() }
  let total = 0
  for (const { text: chunk, weight } of textChunks(text)) {
    if (weight === 0) continue
    total += weight
    const eld = label(detectors.eld(chunk))
    const cld3 = label(detectors.cld3(chunk))
    labels.eld.set(eld, (labels.eld.get(eld) ?? 0) + weight)
    labels.cld3.set(cld3, (labels.cld3.get(cld3) ?? 0) + weight)
    vote(tallies, languageGroup(baseLanguage(eld)), languageGroup(baseLanguage(cld3)), weight)
  }
  return {
    eld: topLabel(labels.eld, total),
    cld3: topLabel(labels.cld3, total),
    shares: languageShares(tallies, total, detectors),
    scripts: shares.slice(0, MAX_SCRIPTS),
    letters,
    evidence: total,
    declared,
  }
}

/** An answer that its own detector would not rely on is none. */
function label({ lang, reliable }: Detection): string {
  return reliable ? lang : 'und'
}

function vote(tallies: Map<string, Tally>, eld: string, cld3: string, weight: number): void {
  const tally = (lang: string) => {
    const known = tallies.get(lang) ?? { eld: 0, cld3: 0, both: 0 }
    tallies.set(lang, known)
    return known
  }
  tally(eld).eld += weight
  tally(cld3).cld3 += weight
  if (eld === cld3) tally(eld).both += weight
}

function topLabel(weights: Map<string, number>, total: number): { lang: string; score: number } {
  const [lang, weight] = [...weights].toSorted(byWeight)[0] ?? ['und', 0]
  return { lang, score: total === 0 ? 0 : round(weight / total) }
}

function byWeight([langA, a]: [string, number], [langB, b]: [string, number]): number {
  return b - a || (langA < langB ? -1 : 1)
}

/** Largest first; `eld` is null for a language that eld does not know, which then cannot agree either. */
function languageShares(tallies: Map<string, Tally>, total: number, detectors: LanguageDetectors): LanguageShare[] {
  const ranked = [...tallies]
    .filter(([lang]) => lang !== 'und')
    .map(([lang, tally]) => {
      const known = groupMembers(lang).some((member) => detectors.eldKnows(member))
      return { lang, tally, known, weight: known ? tally.eld + tally.cld3 : 2 * tally.cld3 }
    })
  ranked.sort((a, b) => byWeight([a.lang, a.weight], [b.lang, b.weight]))
  return ranked.slice(0, MAX_SHARES).map(({ lang, tally, known }) => ({
    lang,
    eld: known ? round(tally.eld / total) : null,
    cld3: round(tally.cld3 / total),
    both: known ? round(tally.both / total) : null,
  }))
}

function round(share: number): number {
  return Math.round(share * 10_000) / 10_000
}
