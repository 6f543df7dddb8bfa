import { attribute, isElement, walk, type HtmlElement } from './html-tree.ts'
import { plainTextOrNull } from './plain-text.ts'

/** No caption is longer; several pictures may point to one element, so this also bounds the result. UTF-16 code units. */
export const MAX_ELEMENT_UNITS = 2_000

const NO_TEXT = new Set(['script', 'style', 'template', 'noscript', 'title', 'head'])

/** Elements that do not end a word; every other element boundary counts as white space. */
const INLINE_TAGS = new Set(
  (
    'a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd mark nobr q rp rt ruby s samp small span strike ' +
    'strong sub sup time tt u var wbr'
  ).split(' '),
)

/**
 * The text below an element as a reader sees it, null when there is none. With `withAlt` pictures inside count by
 * their `alt`, as the accessible-name computation wants it. Reads no further than the cap.
 */
export function elementText(element: HtmlElement, withAlt = false): string | null {
  const parts: string[] = []
  let units = 0
  const add = (text: string) => {
    parts.push(text)
    units += text.length
  }
  walk(element, {
    enter: (node) => {
      // White space may be most of it, hence twice the cap.
      if (units > MAX_ELEMENT_UNITS * 2) return false
      if (!isElement(node)) {
        if (node.nodeName === '#text' && 'value' in node) add(node.value)
        return undefined
      }
      if (NO_TEXT.has(node.tagName)) return false
      if (!INLINE_TAGS.has(node.tagName)) add(' ')
      if (withAlt && node.tagName === 'img') add(attribute(node, 'alt') ?? '')
      return undefined
    },
    leave: (left) => {
      if (!INLINE_TAGS.has(left.tagName)) add(' ')
    },
  })
  return plainTextOrNull(parts.join(''), MAX_ELEMENT_UNITS)
}
