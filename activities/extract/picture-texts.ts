import { TEXT_SOURCES, type NativeText, type TextSource } from '../../schema/contracts/candidate.ts'
import { elementText } from './element-text.ts'
import { attribute, tokens, type HtmlElement } from './html-tree.ts'
import { labelledBy, referredText, svgTitle } from './label-text.ts'
import type { NamedElement, PictureRef } from './page-scan.ts'
import { asText } from './text-place.ts'

type Ids = ReadonlyMap<string, NamedElement>

/**
 * The texts that the element itself carries or points to: accessible name by ARIA (`aria-labelledby` before
 * `aria-label`), `alt`, `title`, and an `aria-describedby` as caption. A role does not hide a text that is there.
 */
export function ownTexts(ref: PictureRef, ids: Ids): NativeText[] {
  const { element, place } = ref
  const titled = ref.kind === 'svg' ? (svgTitle(element) ?? attribute(element, 'title')) : attribute(element, 'title')
  return [
    ...ariaTexts({ element, place }, ids),
    ...asText(attribute(element, 'alt'), 'alt', place),
    ...asText(titled, 'title', place),
    ...referred(attribute(element, 'aria-describedby'), 'figcaption', ids),
  ]
}

/** The name of an element that is one picture with all it holds (`role=img`): ARIA, an SVG's `title`, `title`. */
export function holderTexts(holder: NamedElement, ids: Ids): NativeText[] {
  const { element, place } = holder
  const drawn = element.tagName === 'svg' ? svgTitle(element) : null
  return [...ariaTexts(holder, ids), ...asText(drawn ?? attribute(element, 'title'), 'title', place)]
}

/** The name of a link that holds a picture and no text: it is said in place of the picture's. */
export function linkTexts(link: NamedElement, ids: Ids): NativeText[] {
  if (elementText(link.element) !== null) return []
  return [...ariaTexts(link, ids), ...asText(attribute(link.element, 'title'), 'title', link.place)]
}

function ariaTexts({ element, place }: NamedElement, ids: Ids): NativeText[] {
  return [...referred(labelledBy(element), 'aria', ids), ...asText(attribute(element, 'aria-label'), 'aria', place)]
}

/** A caption element's text. */
export function captionTexts(caption: NamedElement): NativeText[] {
  return asText(elementText(caption.element), 'figcaption', caption.place)
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

/** Texts of the elements that an id list names; language and direction are the first one's. */
function referred(value: string | null, source: TextSource, ids: Ids): NativeText[] {
  const found = referredText(value, ids)
  return found === null ? [] : asText(found.text, source, found.first.place)
}
