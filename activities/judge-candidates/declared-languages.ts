import { baseLanguage, languageGroup } from '../text/language-groups.ts'

/** What is declared for a text, by markup, header and seed list. BCP 47 as written; `und` or null for nothing. */
export interface Declarations {
  declaredElement: string | null
  declaredPage: string | null
  declaredSeed: string | null
}

/** Tags that element, page and seed list declare, in that order; what is no language is left out. */
export function declaredTags({ declaredElement, declaredPage, declaredSeed }: Declarations): string[] {
  // An element without a language on a page that has one says unknown on purpose (`lang=""`).
  const onPage = declaredElement === null && declaredPage !== null ? [] : [declaredElement, declaredPage]
  return [...onPage, declaredSeed].filter((tag) => tag !== null).filter((tag) => baseLanguage(tag) !== 'und')
}

/** The same by group, each once. */
export function declaredGroups(declared: Declarations): string[] {
  return [...new Set(declaredTags(declared).map((tag) => languageGroup(baseLanguage(tag))))]
}

/** The group that markup gives this element in particular, against its page; null when it only inherits. */
export function markedGroup({ declaredElement, declaredPage }: Declarations): string | null {
  if (declaredElement === null || declaredPage === null) return null
  const group = languageGroup(baseLanguage(declaredElement))
  return group === 'und' || group === languageGroup(baseLanguage(declaredPage)) ? null : group
}
