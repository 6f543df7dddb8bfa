/**
 * The shortest BCP 47 tag of the same language, script and region (UTS 35 "remove likely subtags", script before
 * region): sr-Cyrl and sr-RS are sr, sr-Latn stays, zh-TW is zh-Hant. Old codes become new ones (iw is he).
 * `und` stays. Null when it is not a well-formed language tag, carries extensions or private use, or names a language
 * whose script is neither written nor known.
 */
export function minimiseTag(tag: string): string | null {
  const locale = parseTag(tag)
  if (locale === null) return null
  if (locale.baseName === 'und') return 'und'
  const { language, script, region } = locale.maximize()
  if (locale.baseName.startsWith('und-') || script === undefined) return null
  const same = (candidate: string): boolean =>
    baseOf(new Intl.Locale(candidate).maximize()) === baseOf(locale.maximize())
  const candidates = [language, `${language}-${script}`, `${language}-${region}`].filter(
    (candidate) => !candidate.endsWith('-undefined'),
  )
  return [candidates.find(same) ?? baseOf(locale), ...variantsOf(locale)].join('-')
}

function parseTag(tag: string): Intl.Locale | null {
  try {
    const locale = new Intl.Locale(tag)
    return locale.toString() === locale.baseName ? locale : null
  } catch {
    return null // RangeError: not well-formed
  }
}

function baseOf({ language, script, region }: Intl.Locale): string {
  return [language, script, region].filter((part) => part !== undefined).join('-')
}

function variantsOf(locale: Intl.Locale): string[] {
  return locale.baseName.split('-').slice(baseOf(locale).split('-').length)
}

/** The script (ISO 15924) that the language of a tag is written in, `Zyyy` when that is not known. */
export function scriptOfTag(tag: string): string {
  return parseTag(tag)?.maximize().script ?? 'Zyyy'
}
