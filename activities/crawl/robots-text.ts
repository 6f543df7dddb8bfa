/**
 * The lines of a robots.txt file, by RFC 9309 and, where it is silent, as the largest crawlers read real files:
 * a byte order mark, CR line ends, misspelt keys and a missing colon are understood.
 */

/** RFC 9309 2.5 asks for 500 KiB at least; the rest of a longer file is not read. */
const MAX_ROBOTS_BYTES = 512 * 1024

/**
 * As much of a file as is fetched, whatever a page may have: of a larger one the beginning, with a byte more than is read,
 * by which a cut file is told from a whole one.
 */
export const ROBOTS_LIMITS = { maxBodyBytes: MAX_ROBOTS_BYTES + 1, cut: true } as const

/** Longer lines are cut here: 8 times the longest URL that browsers took, as the reference parser has it. */
const MAX_LINE_BYTES = 16_664

/** How often names are written wrong on the web, from the reference parser's list. */
const KEYS: Record<string, RobotsKey> = {
  'user-agent': 'user-agent',
  useragent: 'user-agent',
  'user agent': 'user-agent',
  disallow: 'disallow',
  dissallow: 'disallow',
  dissalow: 'disallow',
  disalow: 'disallow',
  diasllow: 'disallow',
  disallaw: 'disallow',
  allow: 'allow',
  sitemap: 'sitemap',
  'site-map': 'sitemap',
  'crawl-delay': 'crawl-delay',
  'content-usage': 'content-usage',
  'content-signal': 'content-signal',
}

export type RobotsKey =
  | 'user-agent'
  | 'allow'
  | 'disallow'
  | 'sitemap'
  | 'crawl-delay'
  | 'content-usage'
  | 'content-signal'

export interface RobotsLine {
  key: RobotsKey
  /** One character per byte (Latin-1), trimmed, without comment. */
  value: string
  /** Counted from 1. */
  line: number
}

/** Known lines in order of the file; all others are left out. Linear in the size of the file. */
export function readRobotsLines(file: Uint8Array): RobotsLine[] {
  const cut = file.length > MAX_ROBOTS_BYTES
  const bytes = Buffer.from(file.buffer, file.byteOffset, Math.min(file.length, MAX_ROBOTS_BYTES))
  const texts = withoutByteOrderMark(bytes.toString('latin1')).split(/\r\n|\n|\r/)
  if (cut) texts.pop()
  const lines: RobotsLine[] = []
  for (const [index, text] of texts.entries()) {
    const pair = splitLine(text.slice(0, MAX_LINE_BYTES))
    const key = pair === null ? undefined : keyOf(pair[0])
    if (pair !== null && key !== undefined) lines.push({ key, value: pair[1], line: index + 1 })
  }
  return lines
}

function keyOf(name: string): RobotsKey | undefined {
  const key = name.toLowerCase()
  return Object.hasOwn(KEYS, key) ? KEYS[key] : undefined
}

/** A whole mark or the first bytes of one. */
function withoutByteOrderMark(text: string): string {
  const mark = '\u00ef\u00bb\u00bf'
  let length = 0
  while (length < mark.length && text[length] === mark[length]) length += 1
  return text.slice(length)
}

function splitLine(text: string): [string, string] | null {
  const hash = text.indexOf('#')
  const line = trimBlanks(hash < 0 ? text : text.slice(0, hash))
  const colon = line.indexOf(':')
  if (colon >= 0) return [trimBlanks(line.slice(0, colon)), trimBlanks(line.slice(colon + 1))]
  const words = line.split(/[ \t]+/)
  const [key, value] = words
  return words.length === 2 && key !== undefined && value !== undefined ? [key, value] : null
}

/** Blanks of RFC 9309 and other controls at the ends; `trim` would also take Latin-1's no-break space, a UTF-8 byte. */
function trimBlanks(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && text.charCodeAt(start) <= 0x20) start += 1
  while (end > start && text.charCodeAt(end - 1) <= 0x20) end -= 1
  return text.slice(start, end)
}
