import { TEXT_SOURCES, type NativeText, type TextSource } from '../../schema/contracts/candidate.ts'
import { elementText, MAX_ELEMENT_UNITS } from './element-text.ts'
import { attribute, findElement, tokens, type HtmlElement } from './html-tree.ts'
import type { NamedElement, PictureRef } from './page-scan.ts'
import { plainText, plainTextOrNull } from './plain-text.ts'

/** Ids of one `aria-labelledby` that are looked up. */
const MAX_LABEL_IDS = 5

/**
 * The texts that the element itself carries or points to: `alt`, accessible name by ARIA (`aria-labelledby` before
 * `aria-label`), `title`, and an `aria-describedby` as caption. A role does not hide a text that is there.
 */
export function ownTexts(ref: PictureRef, ids: ReadonlyMap<string, NamedElement>): NativeText[] {
  const { element, lang } = ref
  const titled = ref.kind === 'svg' ? titleChild(element) : attribute(element, 'title')
  return [
    ...asText(attribute(element, 'alt'), 'alt', lang),
    ...referredTexts(attribute(element, 'aria-labelledby'), 'aria', ids, lang),
    ...asText(attribute(element, 'aria-label'), 'aria', lang),
    ...asText(titled, 'title', lang),
    ...referredTexts(attribute(element, 'aria-describedby'), 'figcaption', ids, lang),
  ]
}

/** A caption element's text. */
export function captionTexts(caption: NamedElement): NativeText[] {
  return asText(elementText(caption.element), 'figcaption', caption.lang)
}

/** One text with its source; nothing when white space is all it has. */
export function asText(raw: string | null, source: TextSource, lang: string | null): NativeText[] {
  const text = plainTextOrNull(raw)
  return text === null ? [] : [{ text, source, lang }]
}

/** In order of source rank, the same text once under its first source. */
export function orderTexts(texts: readonly NativeText[]): NativeText[] {
  const ranked = TEXT_SOURCES.flatMap((source) => texts.filter((text) => text.source === source))
  const seen = new Set<string>()
  return ranked.filter(({ text }) => !seen.has(text) && seen.add(text))
}

/** Said by markup to carry no meaning: an empty `alt`, role presentation or none, or hidden from assistive tools. */
export function isMarkedDecorative(element: HtmlElement): boolean {
  const roles = tokens(element, 'role')
  return (
    attribute(element, 'alt')?.trim() === '' ||
    roles.includes('presentation') ||
    roles.includes('none') ||
    attribute(element, 'aria-hidden')?.toLowerCase() === 'true'
  )
}

/** Texts of the elements that an id list names, joined by a space; the language is the first one's. */
function referredTexts(
  value: string | null,
  source: TextSource,
  ids: ReadonlyMap<string, NamedElement>,
  lang: string | null,
): NativeText[] {
  if (value === null) return []
  const wanted = value.split(/\s+/, MAX_LABEL_IDS + 1).slice(0, MAX_LABEL_IDS)
  const found = wanted.flatMap((id) => ids.get(id) ?? [])
  const joined = found.map(({ element }) => labelText(element)).join(' ')
  return asText(plainText(joined, MAX_ELEMENT_UNITS), source, found[0] === undefined ? lang : found[0].lang)
}

/** Many pictures may point to one element; its text is read once. */
const labelTexts = new WeakMap<HtmlElement, string>()

function labelText(element: HtmlElement): string {
  const known = labelTexts.get(element)
  if (known !== undefined) return known
  const text = elementText(element, true) ?? attribute(element, 'aria-label') ?? ''
  labelTexts.set(element, text)
  return text
}

function titleChild(element: HtmlElement): string | null {
  const title = findElement(element, (each) => each.tagName === 'title')
  return title === null ? attribute(element, 'title') : elementText(title)
}
