import { baseLanguage, groupMembers } from '../text/language-groups.ts'

/** What CLDR calls a script and Unicode's Script property spells in parts. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  Kore: ['Hang', 'Hani'],
  Jpan: ['Hani', 'Hira', 'Kana'],
  Hans: ['Hani', 'Bopo'],
  Hant: ['Hani', 'Bopo'],
}

/**
 * Scripts that a language is written in beside its likely one (CLDR likely subtags give one each; these are the others
 * that CLDR's supplemental language data lists as in modern use).
 */
const OTHER_SCRIPTS: Readonly<Record<string, readonly string[]>> = {
  sr: ['Latn'],
  bs: ['Cyrl'],
  cnr: ['Cyrl'],
  sh: ['Cyrl'],
  az: ['Cyrl', 'Arab'],
  uz: ['Cyrl', 'Arab'],
  kk: ['Latn', 'Arab'],
  ky: ['Arab', 'Latn'],
  tg: ['Arab', 'Latn'],
  tk: ['Cyrl', 'Arab'],
  tt: ['Latn'],
  crh: ['Latn', 'Cyrl'],
  ug: ['Cyrl', 'Latn'],
  mn: ['Mong'],
  ku: ['Arab', 'Cyrl'],
  pa: ['Arab'],
  sd: ['Deva'],
  ks: ['Deva'],
  kok: ['Latn'],
  ms: ['Arab'],
  jv: ['Java'],
  su: ['Sund'],
  ha: ['Arab'],
  ber: ['Latn', 'Arab'],
  zgh: ['Latn'],
  be: ['Latn'],
}

const known = new Map<string, readonly string[]>()

/**
 * Scripts (Unicode's ISO 15924 codes) in which a base language is written, its likely one first; empty for `und` and
 * for tags that CLDR does not know.
 */
function scriptsOf(base: string): readonly string[] {
  const remembered = known.get(base)
  if (remembered !== undefined) return remembered
  const likely = base === 'und' ? undefined : likelyScript(base)
  const scripts = likely === undefined ? [] : [...scriptParts(likely), ...(OTHER_SCRIPTS[base] ?? [])]
  known.set(base, scripts)
  return scripts
}

/** True when some member of the group is written in that script. */
export function isWrittenIn(group: string, script: string): boolean {
  return groupMembers(group).some((member) => scriptsOf(member).includes(script))
}

/** Scripts that a tag asks for: those of its script subtag, else those of its likely script. `sr` is Cyrillic here. */
export function scriptsOfTag(tag: string): readonly string[] {
  const script = baseLanguage(tag) === 'und' ? undefined : likelyScript(tag)
  return script === undefined ? [] : scriptParts(script)
}

/** The script as a release names it: Japanese is written in three at once. */
export function namedScript(tag: string, script: string): string {
  return likelyScript(tag) === 'Jpan' ? 'Jpan' : script
}

/** CLDR's likely script of a tag: `zh-TW` -> `Hant`. */
export function likelyScript(tag: string): string | undefined {
  return new Intl.Locale(tag.replaceAll('_', '-')).maximize().script
}

function scriptParts(script: string): readonly string[] {
  return PARTS[script] ?? [script]
}

/**
 * The one language that a script is written for, null for a script that several share. Likely subtags name a language
 * for each script; for the scripts listed here that is only the largest of several.
 */
export function languageOfScript(script: string): string | null {
  if (SHARED_SCRIPTS.has(script)) return null
  if (script === 'Hira' || script === 'Kana') return 'ja'
  const language = baseLanguage(new Intl.Locale(`und-${script}`).maximize().language)
  return language === 'und' || language === 'en' ? null : language
}

const SHARED_SCRIPTS = new Set(
  'Zyyy Latn Cyrl Arab Deva Beng Ethi Hani Hebr Mymr Tibt Bopo Mong Tfng Syrc Cans'.split(' '),
)
