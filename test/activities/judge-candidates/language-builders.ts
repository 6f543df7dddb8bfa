import type { LanguageQuestion } from '../../../activities/judge-candidates/decide-language.ts'
import type { LanguageShare, PageLanguageFact, TextFact } from '../../../schema/contracts/facts.ts'

/** A page whose text both detectors take for these languages, by share. */
export function aPageIn(
  languages: Record<string, number>,
  overrides: Partial<PageLanguageFact> = {},
): PageLanguageFact {
  const shares = Object.entries(languages).map(([lang, share]): LanguageShare => {
    return { lang, eld: share, cld3: share, both: share }
  })
  const top = { lang: shares[0]?.lang ?? 'und', score: shares[0]?.eld ?? 0 }
  return {
    eld: top,
    cld3: top,
    shares,
    scripts: [{ script: 'Latn', share: 1 }],
    letters: 1000,
    evidence: 1000,
    declared: null,
    ...overrides,
  }
}

/** A Latin text of 30 letters that eld gives these scores; both detectors name the best. */
export function aText(eld_scores: Record<string, number>, overrides: Partial<TextFact> = {}): TextFact {
  const [lang = 'und', score = 0] = Object.entries(eld_scores).toSorted(([, a], [, b]) => b - a)[0] ?? []
  return {
    text: 'abc def ghi',
    type: 'description',
    script: 'Latn',
    script_share: 1,
    letters: 30,
    words: 5,
    pii: [],
    eld: { lang, score },
    cld3: { lang, score },
    eld_scores,
    ...overrides,
  }
}

export function aQuestion(overrides: Partial<LanguageQuestion>): LanguageQuestion {
  return {
    text: aText({ cs: 0.8, en: 0.3 }),
    page: aPageIn({ cs: 1 }),
    host: [],
    declaredElement: null,
    declaredPage: null,
    declaredSeed: 'und',
    wanted: ['ar', 'cs', 'hu', 'ru', 'sr', 'sr-Latn', 'th', 'vi'],
    contrast: ['en'],
    prior: 'page',
    ...overrides,
  }
}

export const NOWHERE = aPageIn({}, { letters: 0, evidence: 0, scripts: [] })
