import { baseLanguage, languageGroup } from '../text/language-groups.ts'

/** What is declared for a text, by markup, header and seed list. BCP 47 as written; `und` or null for nothing. */
export interface Declarations {
  declaredElement: string | null
  declaredPage: string | null
  declaredSeed: string | null
}

/** Base languages that element, page and seed list declare, in that order, each once. */
export function declaredBases({ declaredElement, declaredPage, declaredSeed }: Declarations): string[] {
  // An element without a language on a page that has one says unknown on purpose (`lang=""`).
  const onPage = declaredElement === null && declaredPage !== null ? [] : [declaredElement, declaredPage]
  const bases = [...onPage, declaredSeed].map((tag) => (tag === null ? 'und' : baseLanguage(tag)))
  return [...new Set(bases)].filter((base) => base !== 'und')
}

/** The same by group. */
export function declaredGroups(declared: Declarations): string[] {
  return [...new Set(declaredBases(declared).map(languageGroup))]
}

/** The group that markup gives this element in particular, against its page; null when it only inherits. */
export function markedGroup({ declaredElement, declaredPage }: Declarations): string | null {
  if (declaredElement === null || declaredPage === null) return null
  const group = languageGroup(baseLanguage(declaredElement))
  return group === 'und' || group === languageGroup(baseLanguage(declaredPage)) ? null : group
}
