/** Scripts that a writing system stands for, where ISO 15924 has one code for several. */
const PARTS: Record<string, readonly string[]> = {
  Kore: ['Hang', 'Hani'],
  Jpan: ['Hira', 'Kana', 'Hani'],
  Hans: ['Hani'],
  Hant: ['Hani'],
  Hrkt: ['Hira', 'Kana'],
}

/** Scripts with capital letters that mark names. Georgian has capitals too, but does not write names with them. */
const CASED: ReadonlySet<string> = new Set(['Latn', 'Cyrl', 'Grek', 'Armn', 'Adlm', 'Glag', 'Copt'])

/** Scripts written without spaces between words. */
const UNSPACED: ReadonlySet<string> = new Set(['Thai', 'Laoo', 'Khmr', 'Mymr', 'Hani', 'Hira', 'Kana'])

/** Scripts of a language tag, by CLDR's likely subtags: `sr` is Cyrl, `sr-Latn` Latn, `ko` Hang and Hani; empty when unknown. */
export function scriptsOf(tag: string): string[] {
  let script: string | undefined
  try {
    script = new Intl.Locale(tag).maximize().script
  } catch {
    // Not a language tag: the scripts are unknown.
    return []
  }
  return script === undefined ? [] : [...(PARTS[script] ?? [script])]
}

export function isCased(tag: string): boolean {
  return scriptsOf(tag).some((script) => CASED.has(script))
}

/** Korean may hold Hani and is written with spaces all the same: every script has to be one without. */
export function isUnspaced(tag: string): boolean {
  const scripts = scriptsOf(tag)
  return scripts.length > 0 && scripts.every((script) => UNSPACED.has(script))
}

const matchers = new Map<string, (text: string) => boolean>()

/**
 * Whether every letter and mark of `text` belongs to the scripts of `tag`. For Latin only the letters of orthographies
 * count, not phonetic and mathematical ones. A tag of unknown script takes every letter.
 */
export function inScriptOf(tag: string, text: string): boolean {
  let matches = matchers.get(tag)
  if (!matches) {
    matches = createMatcher(scriptsOf(tag))
    matchers.set(tag, matches)
  }
  return matches(text)
}

function createMatcher(scripts: readonly string[]): (text: string) => boolean {
  if (scripts.length === 0) return () => true
  const classes = scripts.map((script) => `\\p{Script=${script}}`).join('')
  const own = new RegExp(`^[${classes}\\p{Script=Inherited}\\p{N}'’ʼ\\u200c\\u200dー々]*$`, 'u')
  if (!scripts.includes('Latn')) return (text) => own.test(text)
  // Latin blocks of orthographies end at U+024F, with the additional ones for Vietnamese and others.
  return (text) => own.test(text) && !/[\u1d00-\u1dbf\u2c60-\u2c7f\ua720-\uffff]/u.test(text)
}
