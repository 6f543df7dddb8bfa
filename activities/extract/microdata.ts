import { elementText } from './element-text.ts'
import { attribute, isElement, tokens, walk, type HtmlElement } from './html-tree.ts'
import type { NamedElement } from './page-scan.ts'
import { placeOf, type TextPlace } from './text-place.ts'

/** A schema.org `ImageObject` written as microdata or RDFa. */
export interface MicrodataImage {
  element: HtmlElement
  /** `contentUrl` or `url` as written, null when the item only stands around its picture. */
  url: string | null
  texts: { text: string; place: TextPlace }[]
  licence: string | null
}

interface Syntax {
  type: string
  property: string
  /** The attribute with which an item inside begins. */
  scope: string
}

const SYNTAXES: readonly Syntax[] = [
  { type: 'itemtype', property: 'itemprop', scope: 'itemscope' },
  { type: 'typeof', property: 'property', scope: 'typeof' },
]

/** In lower case: `https://schema.org/ImageObject`, `schema:ImageObject`, `ImageObject` under a `vocab`. */
const IMAGE_OBJECT = /(?:^|[/:])imageobject$/

const TEXT_PROPERTIES = ['caption', 'description', 'name']

/** Items of one page that are looked at. */
const MAX_ITEMS = 500

/** Elements below one item that are looked at. */
const MAX_ELEMENTS = 2_000

/** `ImageObject` items in document order; texts in the order caption, description, name. Items inside them are not theirs. */
export function microdataImages(items: readonly NamedElement[]): MicrodataImage[] {
  const images = items.flatMap((item) => {
    const syntax = SYNTAXES.find(({ type }) => tokens(item.element, type).some((each) => IMAGE_OBJECT.test(each)))
    return syntax === undefined ? [] : [{ item, syntax }]
  })
  return images.slice(0, MAX_ITEMS).map(({ item, syntax }) => readItem(item, syntax))
}

function readItem({ element, place }: NamedElement, { property, scope }: Syntax): MicrodataImage {
  const values = new Map<string, { text: string; place: TextPlace }>()
  let seen = 0
  walk(element, {
    enter: (node) => {
      if (!isElement(node)) return undefined
      if (++seen > MAX_ELEMENTS) return false
      for (const name of tokens(node, property).map(localName)) {
        const text = values.has(name) ? null : propertyValue(node)
        if (text !== null) values.set(name, { text, place: placeOf(node, place) })
      }
      return attribute(node, scope) === null
    },
  })
  return {
    element,
    url: values.get('contenturl')?.text ?? values.get('url')?.text ?? null,
    texts: TEXT_PROPERTIES.flatMap((name) => values.get(name) ?? []),
    licence: values.get('license')?.text ?? null,
  }
}

/** `schema:caption` and `https://schema.org/caption` name what `caption` does. */
function localName(name: string): string {
  return name.slice(Math.max(name.lastIndexOf(':'), name.lastIndexOf('/')) + 1)
}

/** html.spec.whatwg.org, microdata, "the property value": an attribute for what links or embeds, else the text. */
function propertyValue(element: HtmlElement): string | null {
  const content = attribute(element, 'content')
  if (content !== null) return content
  switch (element.tagName) {
    case 'meta':
      return null
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
