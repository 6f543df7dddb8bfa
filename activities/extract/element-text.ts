import { isElement, isShadowRoot, walk, type HtmlElement } from './html-tree.ts'
import { plainTextOrNull } from './plain-text.ts'

/** No caption is longer; several pictures may point to one element, so this also bounds the result. UTF-16 code units. */
export const MAX_ELEMENT_UNITS = 2_000

/** Elements and texts looked at below one element: thousands of labels may share one branch without a word in it. */
const MAX_ELEMENT_NODES = 5_000

const NO_TEXT = new Set(['script', 'style', 'template', 'noscript', 'title', 'head'])

/** Elements that do not end a word; every other element boundary counts as white space. */
const INLINE_TAGS = new Set(
  (
    'a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd mark nobr q rp rt ruby s samp small span strike ' +
    'strong sub sup time tt u var wbr'
  ).split(' '),
)

/** What a descendant counts as instead of its content: a text, or null for its content. */
export type Replacement = (element: HtmlElement) => string | null

/**
 * The text below an element as a reader sees it, null when there is none; `replaced` may give a text for an element
 * inside (the empty one leaves it out). Reads no further than the cap.
 */
export function elementText(element: HtmlElement, replaced: Replacement = () => null): string | null {
  const parts: string[] = []
  let units = 0
  let nodes = 0
  const add = (text: string) => {
    parts.push(text)
    units += text.length
  }
  walk(element, {
    enter: (node) => {
      // White space may be most of it, hence twice the cap.
      if (units > MAX_ELEMENT_UNITS * 2 || ++nodes > MAX_ELEMENT_NODES) return false
      if (!isElement(node)) {
        if (node.nodeName === '#text' && 'value' in node) add(node.value)
        return undefined
      }
      if (NO_TEXT.has(node.tagName) && !isShadowRoot(node)) return false
      if (!INLINE_TAGS.has(node.tagName)) add(' ')
      const instead = replaced(node)
      if (instead !== null) add(instead)
      return instead === null
    },
    leave: (left) => {
      if (!INLINE_TAGS.has(left.tagName)) add(' ')
    },
  })
  return plainTextOrNull(parts.join(''), MAX_ELEMENT_UNITS)
}
