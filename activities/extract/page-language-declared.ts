import { attribute, findElement, type HtmlDocument, type HtmlElement } from './html-tree.ts'
import { plainTextOrNull } from './plain-text.ts'

const MAX_TAG_UNITS = 100

/**
 * The language of elements that no `lang` covers (html.spec.whatwg.org, "the lang attribute"): a `meta`
 * content-language with one tag, else a `Content-Language` header with one tag. Null when there is none.
 */
export function fallbackLanguage(document: HtmlDocument, header: string | null): string | null {
  const meta = findElement(document, isContentLanguage)
  return oneTag(meta === null ? null : attribute(meta, 'content')) ?? oneTag(header)
}

/** The page's own declaration: `html lang` (an empty one says unknown), else the fallback. */
export function pageLanguage(html: HtmlElement | null, fallback: string | null): string | null {
  const own = html === null ? null : attribute(html, 'lang')
  return own === null ? fallback : plainTextOrNull(own, MAX_TAG_UNITS)
}

function isContentLanguage(element: HtmlElement): boolean {
  return element.tagName === 'meta' && attribute(element, 'http-equiv')?.trim().toLowerCase() === 'content-language'
}

/** A list of several languages says nothing about any one element. */
function oneTag(value: string | null): string | null {
  const text = plainTextOrNull(value, MAX_TAG_UNITS)
  return text === null || /[\s,]/.test(text) ? null : text
}
