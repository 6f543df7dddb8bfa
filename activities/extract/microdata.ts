import { elementText } from './element-text.ts'
import { attribute, isElement, tokens, walk, type HtmlElement } from './html-tree.ts'
import type { NamedElement } from './page-scan.ts'

/** A schema.org `ImageObject` written as microdata. */
export interface MicrodataImage {
  element: HtmlElement
  /** `contentUrl` or `url` as written, null when the item only stands around its picture. */
  url: string | null
  texts: { text: string; lang: string | null }[]
  licence: string | null
}

const TEXT_PROPERTIES = ['caption', 'description', 'name']

/** Items of one page that are looked at. */
const MAX_ITEMS = 500

/** Elements below one item that are looked at. */
const MAX_ELEMENTS = 2_000

/** `ImageObject` items in document order; texts in the order caption, description, name. Items inside them are not theirs. */
export function microdataImages(items: readonly NamedElement[]): MicrodataImage[] {
  const images = items.filter(({ element }) =>
    tokens(element, 'itemtype').some((type) => type.endsWith('/imageobject')),
  )
  return images.slice(0, MAX_ITEMS).map(readItem)
}

function readItem({ element, lang }: NamedElement): MicrodataImage {
  const values = new Map<string, string>()
  let seen = 0
  walk(element, {
    enter: (node) => {
      if (!isElement(node)) return undefined
      if (++seen > MAX_ELEMENTS) return false
      for (const name of tokens(node, 'itemprop')) {
        const value = values.has(name) ? null : propertyValue(node)
        if (value !== null) values.set(name, value)
      }
      return attribute(node, 'itemscope') === null
    },
  })
  return {
    element,
    url: values.get('contenturl') ?? values.get('url') ?? null,
    texts: TEXT_PROPERTIES.flatMap((name) => values.get(name) ?? []).map((text) => ({ text, lang })),
    licence: values.get('license') ?? null,
  }
}

/** html.spec.whatwg.org, microdata, "the property value": an attribute for what links or embeds, else the text. */
function propertyValue(element: HtmlElement): string | null {
  switch (element.tagName) {
    case 'meta':
      return attribute(element, 'content')
    case 'img':
    case 'source':
    case 'iframe':
      return attribute(element, 'src')
    case 'a':
    case 'area':
    case 'link':
      return attribute(element, 'href')
    case 'object':
      return attribute(element, 'data')
    default:
      return elementText(element)
  }
}
