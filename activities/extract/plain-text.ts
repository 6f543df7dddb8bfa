/** A native text longer than this is no caption; the cap bounds what one attribute can cost. UTF-16 code units. */
const MAX_TEXT_UNITS = 10_000

/**
 * Text as candidates carry it: well-formed, without NUL, NFC, white space collapsed to single spaces and trimmed,
 * cut at `maxUnits` UTF-16 code units without halving a character. The empty string when nothing is left.
 */
export function plainText(raw: string, maxUnits = MAX_TEXT_UNITS): string {
  // NFC can shorten and collapsing does, so cut generously before and exactly after.
  const bounded = raw.length > maxUnits * 4 ? raw.slice(0, maxUnits * 4) : raw
  const collapsed = bounded.replaceAll('\0', '').toWellFormed().normalize('NFC').replace(/\s+/g, ' ').trim()
  return cut(collapsed, maxUnits)
}

/** `plainText`, with null for nothing. */
export function plainTextOrNull(raw: string | null, maxUnits = MAX_TEXT_UNITS): string | null {
  const text = raw === null ? '' : plainText(raw, maxUnits)
  return text === '' ? null : text
}

/** The first `units` code units, one less where that would halve a surrogate pair; no white space at the end. */
export function cut(text: string, units: number): string {
  if (text.length <= units) return text
  const end = /[\uD800-\uDBFF]/.test(text.charAt(units - 1)) ? units - 1 : units
  return text.slice(0, end).trimEnd()
}
