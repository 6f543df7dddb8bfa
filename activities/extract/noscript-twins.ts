import type { NativeText } from '../../schema/contracts/candidate.ts'
import { isElement, type HtmlElement } from './html-tree.ts'
import type { PictureRef } from './page-scan.ts'

/** A picture reference with its sources and own texts. */
export interface Picture {
  ref: PictureRef
  urls: string[]
  lazy: boolean
  texts: NativeText[]
}

/** How deep beside a `noscript` the picture that it repeats may be wrapped. */
const MAX_WRAP = 4

/**
 * A lazily loaded picture is written twice: for scripts, and inside a `noscript` beside it. Gives each such pair as
 * one picture: sources of both, texts of the first, or of the twin where the first has none.
 */
export function dropTwins(pictures: readonly Picture[]): Picture[] {
  const siblings = new SiblingElements()
  const inNoscript = Map.groupBy(pictures, ({ ref }) => ref.noscript)
  const twins = new Map<Picture, Picture>()
  pictures.forEach((picture, index) => {
    const { noscript } = picture.ref
    if (noscript === null || inNoscript.get(noscript)?.length !== 1) return
    const main = [pictures[index - 1], pictures[index + 1]].find(
      (each) => each !== undefined && isTwin(each, picture, siblings.beside(noscript)),
    )
    if (main !== undefined && !twins.has(main)) twins.set(main, picture)
  })
  const dropped = new Set(twins.values())
  return pictures.filter((picture) => !dropped.has(picture)).map((picture) => withTwin(picture, twins.get(picture)))
}

function isTwin(main: Picture, twin: Picture, beside: readonly HtmlElement[]): boolean {
  if (main.ref.noscript !== null || !standsIn(main.ref.element, beside)) return false
  const sharesUrl = main.urls.some((url) => twin.urls.includes(url))
  const sameText = main.texts[0]?.text === twin.texts[0]?.text
  return (
    sharesUrl ||
    main.urls.length === 0 ||
    (main.lazy && (sameText || twin.texts.length === 0 || main.texts.length === 0))
  )
}

/** True when the element is one of these or wrapped in one. */
function standsIn(element: HtmlElement, elements: readonly HtmlElement[]): boolean {
  let node: HtmlElement = element
  for (let step = 0; step < MAX_WRAP; step++) {
    if (elements.includes(node)) return true
    if (node.parentNode === null || !isElement(node.parentNode)) return false
    node = node.parentNode
  }
  return false
}

/** Element siblings right before and after; each parent's children are walked once, however many ask. */
class SiblingElements {
  readonly #known = new Map<HtmlElement, HtmlElement[]>()

  beside(element: HtmlElement): HtmlElement[] {
    const known = this.#known.get(element)
    if (known !== undefined) return known
    const siblings = element.parentNode?.childNodes.filter(isElement) ?? []
    siblings.forEach((sibling, at) => this.#known.set(sibling, siblings.slice(Math.max(0, at - 1), at + 2)))
    return this.#known.get(element) ?? []
  }
}

function withTwin(picture: Picture, twin: Picture | undefined): Picture {
  if (twin === undefined) return picture
  return {
    ...picture,
    urls: [...new Set([...picture.urls, ...twin.urls])],
    texts: picture.texts.length > 0 ? picture.texts : twin.texts,
  }
}
