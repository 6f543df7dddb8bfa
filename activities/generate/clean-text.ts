/** What may be invisible in a word and is part of it: joiners, which Arabic, Persian and Indic spelling need. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}]/gu
const JOINERS = new Set(['\u200c', '\u200d'])

/**
 * A text of a model as it may be stored and compared: well-formed, NFC, without controls and invisible characters
 * (joiners stay), white space collapsed to single spaces and line breaks dropped.
 */
export function cleanText(text: string): string {
  return text
    .toWellFormed()
    .replace(/\s+/gu, ' ')
    .replace(INVISIBLE, (character) => (JOINERS.has(character) ? character : ''))
    .normalize('NFC')
    .replace(/ {2,}/g, ' ')
    .trim()
}

/** A caption has some sentences; what is longer is no caption, and checks must not be kept busy with it. */
const MAX_CAPTION_CHARS = 10_000

/** Why a cleaned text cannot be a caption at all, null when it can. */
export function unusable(
  text: string,
  what: string,
): { ok: false; reason: 'empty' | 'bad_output'; problem: string; repairable: false } | null {
  if (!/[\p{L}\p{N}]/u.test(text))
    return { ok: false, reason: 'empty', problem: `the ${what} has no words`, repairable: false }
  if (text.length <= MAX_CAPTION_CHARS) return null
  return { ok: false, reason: 'bad_output', problem: `the ${what} has ${text.length} characters`, repairable: false }
}
