import { attribute, tokens, type HtmlElement } from './html-tree.ts'

export type PictureKind = 'img' | 'input' | 'svg' | 'object' | 'embed' | 'video' | 'background'

const IMAGE_FILE = /\.(?:jpe?g|png|gif|webp|avif)(?:[?#]|$)/i

/** Attributes that scripts turn into a background. */
const LAZY_BACKGROUNDS = ['data-bg', 'data-background', 'data-background-image', 'data-bg-src']

/** Inline styles longer than this are not read. UTF-16 code units. */
const MAX_STYLE_UNITS = 10_000

/** True for an address whose path ends as the files of the pictures that can be decoded do. */
export function namesImageFile(value: string): boolean {
  return IMAGE_FILE.test(value)
}

/**
 * What kind of picture an element shows, null when it shows none. An `area` is a part of a picture that has its own `img`,
 * and names that part alone. A background counts where the element says that it is a picture (`role=img`); others have no
 * text. `object` and `embed` hold pictures when their type, or without one their file, says so.
 */
export function pictureKind(element: HtmlElement): PictureKind | null {
  switch (element.tagName) {
    case 'img':
    case 'amp-img':
      return 'img'
    case 'input':
      return (attribute(element, 'type') ?? '').toLowerCase() === 'image' ? 'input' : null
    case 'image':
      return 'svg'
    case 'object':
      return holdsPicture(element, 'data') ? 'object' : null
    case 'embed':
      return holdsPicture(element, 'src') ? 'embed' : null
    case 'video':
      return attribute(element, 'poster') === null ? null : 'video'
    default:
      return isNamedPicture(element) && backgroundUrl(element) !== null ? 'background' : null
  }
}

/** True when the element says that it and all in it are one picture. */
export function isNamedPicture(element: HtmlElement): boolean {
  if (element.attrs.length === 0) return false
  const role = tokens(element, 'role')[0]
  return role === 'img' || role === 'image'
}

/** The address of an inline background, or of one that a script sets, as written. */
export function backgroundUrl(element: HtmlElement): string | null {
  const lazy = LAZY_BACKGROUNDS.map((name) => attribute(element, name)).find((value) => value !== null)
  const style = attribute(element, 'style') ?? ''
  const inline = style.length > MAX_STYLE_UNITS ? null : styleUrl(style)
  return inline ?? (lazy === undefined || lazy === null ? null : (styleUrl(lazy) ?? lazy))
}

/** The first `url(…)` of a background declaration, without its quotes; null without one. */
function styleUrl(style: string): string | null {
  const lower = style.toLowerCase()
  const declared = Math.max(0, lower.indexOf('background'))
  const start = lower.indexOf('url(', declared)
  if (start === -1) return null
  const rest = style.slice(start + 4).trimStart()
  const quote = /^["']/.test(rest) ? rest.charAt(0) : ''
  const end = rest.indexOf(quote === '' ? ')' : quote, quote.length)
  return end === -1 ? null : rest.slice(quote.length, end).trim()
}

function holdsPicture(element: HtmlElement, source: string): boolean {
  const type = (attribute(element, 'type') ?? '').trim().toLowerCase()
  return type === '' ? namesImageFile(attribute(element, source) ?? '') : type.startsWith('image/')
}
