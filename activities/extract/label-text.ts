import { elementText, MAX_ELEMENT_UNITS } from './element-text.ts'
import { attribute, isElement, type HtmlElement } from './html-tree.ts'
import type { NamedElement } from './page-scan.ts'
import { plainText, plainTextOrNull } from './plain-text.ts'

/** Ids of one list that are looked up. */
const MAX_LABEL_IDS = 20

/** Elements whose `alt` is their text. */
const WITH_ALT = new Set(['img', 'input', 'area', 'amp-img', 'image'])

/** Ancestors of a label that are asked whether they hide it. */
const MAX_CLIMB = 64

/** The ids that label an element; browsers take the other spelling, too. */
export function labelledBy(element: HtmlElement): string | null {
  return attribute(element, 'aria-labelledby') ?? attribute(element, 'aria-labeledby')
}

/** The ids of `aria-labelledby` or `aria-describedby`, as far as they are looked up. */
export function labelIds(value: string | null): string[] {
  if (value === null) return []
  return value
    .split(/\s+/, MAX_LABEL_IDS + 2)
    .filter((id) => id !== '')
    .slice(0, MAX_LABEL_IDS)
}

/**
 * Text of the elements that an id list names, joined by a space, and the first of them; null when none of them is there
 * or has a text (W3C, Accessible Name and Description Computation 1.2, step 2B; references of references are not followed).
 */
export function referredText(
  value: string | null,
  ids: ReadonlyMap<string, NamedElement>,
): { text: string; first: NamedElement } | null {
  const parts: string[] = []
  let first: NamedElement | null = null
  let units = 0
  for (const id of labelIds(value)) {
    const named = ids.get(id)
    if (named === undefined || units > MAX_ELEMENT_UNITS) continue
    const text = labelText(named.element)
    first ??= named
    parts.push(text)
    units += text.length
  }
  const text = plainText(parts.join(' '), MAX_ELEMENT_UNITS)
  return first === null || text === '' ? null : { text, first }
}

/** Many pictures may point to one element; its text is read once. */
const labelTexts = new WeakMap<HtmlElement, string>()

/** An element's text alternative: `aria-label`, else its own (`alt`, an SVG's `title`), else its content, else `title`. */
function labelText(element: HtmlElement): string {
  const known = labelTexts.get(element)
  if (known !== undefined) return known
  const text =
    ownAlternative(element) ?? elementText(element, insideOf(element)) ?? plainText(attribute(element, 'title') ?? '')
  labelTexts.set(element, text)
  return text
}

function ownAlternative(element: HtmlElement): string | null {
  const label = plainTextOrNull(attribute(element, 'aria-label'), MAX_ELEMENT_UNITS)
  if (label !== null) return label
  if (WITH_ALT.has(element.tagName)) return attribute(element, 'alt') ?? attribute(element, 'title')
  return element.tagName === 'svg' ? svgTitle(element) : null
}

/** The text of an SVG element's own `title`, null without one. */
export function svgTitle(element: HtmlElement): string | null {
  const title = element.childNodes.find((node): node is HtmlElement => isElement(node) && node.tagName === 'title')
  return title === undefined ? null : elementText(title)
}

/** What is hidden inside a label that shows does not count; a label that is itself hidden counts with all it has. */
function insideOf(label: HtmlElement): (inside: HtmlElement) => string | null {
  const all = isHiddenAnywhere(label)
  return (inside) => {
    if (inside.tagName === 'rp' || (!all && isHiddenFromAll(inside))) return ''
    return ownAlternative(inside) ?? (inside.childNodes.length === 0 ? attribute(inside, 'title') : null)
  }
}

function isHiddenAnywhere(element: HtmlElement): boolean {
  let node: HtmlElement = element
  for (let step = 0; step < MAX_CLIMB; step++) {
    if (isHiddenFromAll(node)) return true
    if (node.parentNode === null || !isElement(node.parentNode)) return false
    node = node.parentNode
  }
  return false
}

function isHiddenFromAll(element: HtmlElement): boolean {
  return (
    isHidden(element) ||
    attribute(element, 'aria-hidden')?.trim().toLowerCase() === 'true' ||
    /visibility\s*:\s*(?:hidden|collapse)/i.test(attribute(element, 'style') ?? '')
  )
}

/** Not shown by markup alone; style sheets are not read. */
export function isHidden(element: HtmlElement): boolean {
  return attribute(element, 'hidden') !== null || /display\s*:\s*none/i.test(attribute(element, 'style') ?? '')
}
