/**
 * Languages that detectors cannot tell apart from text: Serbo-Croatian, Norwegian, Malay, Persian, Chinese.
 * A group is named by its first member.
 */
const GROUPS = [
  ['sr', 'hr', 'bs', 'cnr', 'sh'],
  ['no', 'nb', 'nn'],
  ['ms', 'id', 'zsm'],
  ['fa', 'prs'],
  ['zh', 'cmn', 'yue', 'wuu'],
  ['fil', 'tl'],
] as const

const GROUP_OF = new Map<string, string>(GROUPS.flatMap((group) => group.map((member) => [member, group[0]])))

/** The base language of a tag in canonical form: `sr-Latn` -> `sr`, `iw` -> `he`; `und` for what is no tag. */
export function baseLanguage(tag: string): string {
  try {
    // `und` has no language subtag for newer engines, whatever the type says.
    return (new Intl.Locale(tag.trim().replaceAll('_', '-')).language as string | undefined) ?? 'und'
  } catch {
    // Markup declares what it likes; what is no language tag says nothing.
    return 'und'
  }
}

/** The name of the group that a base language belongs to, itself when it stands alone. */
export function languageGroup(base: string): string {
  return GROUP_OF.get(base) ?? base
}

/** Codes that stand for their whole group: declared `no` may be `nb`. */
const MACROLANGUAGES = new Set(['no', 'sh', 'zh', 'fa'])

/** True when one of the two base languages may be meant by the other. */
export function isSameLanguage(a: string, b: string): boolean {
  return a === b || (languageGroup(a) === languageGroup(b) && (MACROLANGUAGES.has(a) || MACROLANGUAGES.has(b)))
}

/** All base languages of a group, by any member. */
export function groupMembers(base: string): readonly string[] {
  const name = languageGroup(base)
  return GROUPS.find((group) => group[0] === name) ?? [base]
}
