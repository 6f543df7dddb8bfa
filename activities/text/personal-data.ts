import type { TextFact } from '../../schema/contracts/facts.ts'

type PersonalData = TextFact['pii'][number]

const URL_LIKE = /(?:https?:\/\/|www\.)[^\s<>"']{3,}/i

/** Digits with the separators that phone numbers are written with; taken apart below. Linear: one class, no nesting. */
const DIGIT_RUN = /[+(]?\d[\d\s().\-/]{5,30}\d/g

const MIN_PHONE_DIGITS = 9
const MAX_PHONE_DIGITS = 15

/** Kinds of personal data in a text, each once, in a fixed order. Patterns only: no name of any person is looked for. */
export function findPersonalData(text: string): PersonalData[] {
  const ascii = asciiDigits(text)
  const numbers = ascii.match(DIGIT_RUN) ?? []
  const found: PersonalData[] = []
  if (hasEmail(text)) found.push('email')
  if (numbers.some(isPhone)) found.push('phone')
  if (URL_LIKE.test(text)) found.push('url')
  if (numbers.some(isCard)) found.push('card')
  return found
}

/** Local part, `@`, and a domain with a dot; looked for around each `@`, so that the time is linear. */
function hasEmail(text: string): boolean {
  for (let at = text.indexOf('@'); at !== -1; at = text.indexOf('@', at + 1)) {
    const before = text.slice(Math.max(0, at - 64), at)
    const after = text.slice(at + 1, at + 256)
    if (
      /[\p{L}\p{N}._%+-]$/u.test(before) &&
      /^[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){0,8}\.\p{L}{2,24}/u.test(after)
    )
      return true
  }
  return false
}

/**
 * 9 to 15 digits (E.164) with a plus, a parenthesis or at least two groups. Card numbers, dates, ISBNs and ranges of years
 * are none: a run of groups of four digits is not how phones are written.
 */
function isPhone(run: string): boolean {
  const digits = run.replace(/\D/g, '')
  if (digits.length < MIN_PHONE_DIGITS || digits.length > MAX_PHONE_DIGITS) return false
  if (run.startsWith('+')) return true
  if (/^97[89]\d{10}$/.test(digits)) return false
  const groups = run.split(/\D+/).filter((group) => group !== '')
  return groups.length >= 3 && groups.length <= 6 && !groups.every((group) => group.length === 4) && !isDate(groups)
}

/** `12. 04. 2020 - 14. 04. 2020`: years among groups of one or two digits. */
function isDate(groups: readonly string[]): boolean {
  return (
    groups.some((group) => /^(?:1[5-9]|20)\d\d$/.test(group)) &&
    groups.every((group) => group.length <= 4 && group.length !== 3)
  )
}

/** 13 to 19 digits that pass the Luhn check (ISO/IEC 7812), with nothing but spaces and hyphens between. */
function isCard(run: string): boolean {
  if (/[^\d\s-]/.test(run)) return false
  const digits = run.replace(/\D/g, '')
  if (digits.length < 13 || digits.length > 19 || /^0+$/.test(digits)) return false
  let sum = 0
  for (let index = 0; index < digits.length; index++) {
    const digit = Number(digits.at(-1 - index))
    const doubled = index % 2 === 1 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}

/** Digits of every living script (Arabic-Indic, Devanagari, Thai, …) as ASCII: Unicode starts their tens at 0 or 6. */
function asciiDigits(text: string): string {
  return text.replace(/[\p{Nd}--[0-9]]/gv, (digit) => {
    const code = digit.codePointAt(0) ?? 0
    const row = code - (code % 16)
    const zero = code % 16 >= 6 && isDigit(row + 6) && isDigit(row + 15) ? row + 6 : row
    return String((code - zero) % 10)
  })
}

function isDigit(code: number): boolean {
  return /\p{Nd}/u.test(String.fromCodePoint(code))
}
