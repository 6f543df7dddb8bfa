import { baseLanguage, isSameLanguage, languageGroup } from '../text/language-groups.ts'
import { declaredTags, type Declarations } from './declared-languages.ts'
import { likelyScript, scriptsOfTag } from './language-scripts.ts'

/**
 * The wanted tag for a language group in a script; null when the spec has none. A declaration says which member of the
 * group it is: what is declared `hr` is not `sr-Latn`, and `zh-TW` is `zh-Hant` before `zh`. Without a declaration it
 * is the member that the spec lists first.
 */
export function wantedTag(
  group: string,
  script: string,
  wanted: readonly string[],
  declarations: Declarations,
): string | null {
  const fitting = wanted.filter(
    (tag) => languageGroup(baseLanguage(tag)) === group && scriptsOfTag(tag).includes(script),
  )
  const declared = declaredTags(declarations).find((tag) => languageGroup(baseLanguage(tag)) === group)
  if (declared === undefined) return fitting[0] ?? null
  const same = fitting.filter((tag) => isSameLanguage(baseLanguage(tag), baseLanguage(declared)))
  const exact = same.filter((tag) => baseLanguage(tag) === baseLanguage(declared))
  const nearest = exact.length > 0 ? exact : same
  return nearest.find((tag) => likelyScript(tag) === likelyScript(declared)) ?? nearest[0] ?? null
}
