const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** Hours from UTC of the zones that RFC 822 names. */
const ZONES: ReadonlyMap<string, number> = new Map([
  ['z', 0],
  ['ut', 0],
  ['utc', 0],
  ['gmt', 0],
  ['est', -5],
  ['edt', -4],
  ['cst', -6],
  ['cdt', -5],
  ['mst', -7],
  ['mdt', -6],
  ['pst', -8],
  ['pdt', -7],
])

const MAX_CHARS = 100
const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[t ](\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?)? ?([a-z]+|[+-]\d\d:?\d\d)?$/
const DAY_FIRST =
  /^(?:[a-z]{3,9} )?(\d{1,2}) ([a-z]{3,9}) (\d{4}|\d\d)(?: (\d\d):(\d\d)(?::(\d\d))?)? ?([a-z]+|[+-]\d\d:?\d\d)?$/
const MONTH_FIRST = /^([a-z]{3,9}) (\d{1,2}) (\d{4})(?: (\d\d):(\d\d)(?::(\d\d))?)? ?([a-z]+|[+-]\d\d:?\d\d)?$/

/**
 * The moment that an `unavailable_after` names: RFC 822, RFC 850 or ISO 8601, the forms that its inventor takes. A date
 * without a time is its first moment, a time without a known zone is UTC; null when it is no date. Reads no clock and no
 * zone of the machine.
 */
export function signalDate(text: string): Date | null {
  const plain = text.slice(0, MAX_CHARS).trim().toLowerCase().replace(/\s+/g, ' ')
  const iso = ISO.exec(plain)
  if (iso) return moment(Number(iso[1]), Number(iso[2]) - 1, Number(iso[3]), iso.slice(4))
  const spaced = plain
    .replaceAll(',', ' ')
    .replace(/-(?=[a-z])|(?<=[a-z])-/g, ' ')
    .replace(/ +/g, ' ')
    .replace(/\.$/, '')
  const day = DAY_FIRST.exec(spaced)
  if (day) return moment(fullYear(day[3] ?? ''), monthOf(day[2] ?? ''), Number(day[1]), day.slice(4))
  const month = MONTH_FIRST.exec(spaced)
  return month && moment(Number(month[3]), monthOf(month[1] ?? ''), Number(month[2]), month.slice(4))
}

/**
 * Whether the moment comes before the end of a release's day (YYYY-MM-DD, UTC). What is not available at some moment of
 * that day is not taken.
 */
export function isPast(value: string, date: string): boolean {
  const moment = signalDate(value)
  return moment !== null && moment.getTime() < Date.parse(`${date}T00:00:00Z`) + 86_400_000
}

function moment(year: number, month: number, day: number, time: (string | undefined)[]): Date | null {
  const [hours = '0', minutes = '0', seconds = '0', zone] = time
  const utc = new Date(Date.UTC(year, month, day, Number(hours), Number(minutes), Number(seconds)))
  const isReal =
    month >= 0 && utc.getUTCMonth() === month && utc.getUTCFullYear() === year && year >= 1900 && year < 9999
  return isReal ? new Date(utc.getTime() - offsetHours(zone) * 3_600_000) : null
}

function offsetHours(zone: string | undefined): number {
  const signed = /^([+-])(\d\d):?(\d\d)$/.exec(zone ?? '')
  if (!signed) return ZONES.get(zone ?? '') ?? 0
  return (signed[1] === '-' ? -1 : 1) * (Number(signed[2]) + Number(signed[3]) / 60)
}

const monthOf = (name: string) => MONTHS.findIndex((month) => name.startsWith(month))

/** Two digits are of this century up to 69 (RFC 6265 5.1.1). */
const fullYear = (digits: string) => Number(digits) + (digits.length > 2 ? 0 : Number(digits) < 70 ? 2000 : 1900)
