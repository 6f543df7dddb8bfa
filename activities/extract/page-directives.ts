import { attribute, type HtmlElement } from './html-tree.ts'
import { plainText } from './plain-text.ts'

/** Values of the robots vocabulary, opt-outs included; a `meta` under a crawler's own name is known by what it says. */
const ROBOTS_VALUES = new Set(
  (
    'all index follow none noindex nofollow noarchive nosnippet noimageindex notranslate nocache noai noimageai noml ' +
    'max-snippet max-image-preview max-video-preview unavailable_after indexifembedded'
  ).split(' '),
)

/** Reservations that have a `meta` of their own: TDM Reservation Protocol, AI preferences. */
const RESERVATION_NAMES = new Set(['tdm-reservation', 'tdm-policy', 'content-usage', 'content-signal'])

const MAX_DIRECTIVES = 100

/** Raw name (lower case) and content of every `meta` that speaks to crawlers, in document order. */
export function pageDirectives(metas: readonly HtmlElement[]): { name: string; content: string }[] {
  const found = metas.flatMap((meta) => {
    const name = plainText(attribute(meta, 'name') ?? attribute(meta, 'http-equiv') ?? '', 200).toLowerCase()
    const content = plainText(attribute(meta, 'content') ?? '', 1000)
    return isDirective(name, content) ? [{ name, content }] : []
  })
  return found.slice(0, MAX_DIRECTIVES)
}

function isDirective(name: string, content: string): boolean {
  if (name === '') return false
  if (name === 'robots' || RESERVATION_NAMES.has(name)) return true
  return /[^\s,]/.test(content) && content.toLowerCase().split(',', 20).every(isRule)
}

/** Rules between commas or blanks; a date has blanks of its own, and the weekday that begins it a comma behind it. */
function isRule(part: string, at: number, parts: readonly string[]): boolean {
  const isDated = (text: string | undefined) => /^\s*unavailable_after\s*:/.test(text ?? '')
  if (isDated(part)) return true
  if (isDated(parts[at - 1]) && /:\s*[a-z]+\s*$/.test(parts[at - 1] ?? '')) return true
  const words = part.split(/\s+/).filter((word) => word !== '')
  return words.every((word) => ROBOTS_VALUES.has(word.split(':', 1)[0] ?? ''))
}
