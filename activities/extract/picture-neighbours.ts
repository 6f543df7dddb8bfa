import { isElement, tokens, attribute, type HtmlElement } from './html-tree.ts'
import type { NamedElement, PageScan, PictureRef } from './page-scan.ts'

/** How far above a caption or licence link its picture may be found. */
const MAX_CLIMB = 4

const CREATIVE_COMMONS = /^(?:https?:)?\/\/creativecommons\.org\/(?:licenses|publicdomain)\//i

/** Answers which captions and licence links belong to which picture. */
export class PictureNeighbours {
  readonly #count = new Map<HtmlElement, number>()
  readonly #sole = new Map<HtmlElement, PictureRef>()
  readonly #captions = new Map<PictureRef, NamedElement[]>()
  readonly #shared = new Map<HtmlElement, NamedElement>()
  readonly #licences = new Map<PictureRef, string>()
  #pageLicence: string | null = null

  /** `refs` are the pictures that count: those of `noscript` twins are left out by the caller. */
  constructor(scan: PageScan, refs: readonly PictureRef[]) {
    for (const ref of refs) this.#countUpwards(ref)
    this.#assignCaptions(scan)
    this.#assignLicences(scan.anchors)
  }

  /** Captions of this picture; one that several pictures of a figure share counts for those without a text of their own. */
  captions(ref: PictureRef, hasOwnText: boolean): NamedElement[] {
    const own = this.#captions.get(ref) ?? []
    const shared = ref.figure === null ? undefined : this.#shared.get(ref.figure)
    return shared === undefined || hasOwnText ? own : [...own, shared]
  }

  /** The licence link beside the picture, else the page's, as written. */
  licence(ref: PictureRef): string | null {
    return this.#licences.get(ref) ?? this.#pageLicence
  }

  /** The one picture below an element, null when there are several or none. */
  soleWithin(element: HtmlElement): PictureRef | null {
    return this.#count.get(element) === 1 ? (this.#sole.get(element) ?? null) : null
  }

  get pageLicence(): string | null {
    return this.#pageLicence
  }

  #countUpwards(ref: PictureRef): void {
    for (let parent = ref.element.parentNode; parent !== null && isElement(parent); parent = parent.parentNode) {
      this.#count.set(parent, (this.#count.get(parent) ?? 0) + 1)
      this.#sole.set(parent, ref)
    }
  }

  /** The one picture below the nearest ancestor that holds any; null when it holds several or is too far away. */
  #soleNear(element: HtmlElement): PictureRef | null {
    let parent = element.parentNode
    for (let step = 0; step < MAX_CLIMB && parent !== null && isElement(parent); step++, parent = parent.parentNode) {
      const count = this.#count.get(parent) ?? 0
      if (count > 0) return count === 1 ? (this.#sole.get(parent) ?? null) : null
    }
    return null
  }

  #assignCaptions(scan: PageScan): void {
    for (const [figure, caption] of scan.figcaptions) {
      const sole = this.soleWithin(figure)
      if (sole === null) this.#shared.set(figure, caption)
      else this.#addCaption(sole, caption)
    }
    for (const caption of scan.captions) {
      if (this.#count.has(caption.element)) continue
      const ref = this.#soleNear(caption.element)
      if (ref !== null) this.#addCaption(ref, caption)
    }
  }

  #addCaption(ref: PictureRef, caption: NamedElement): void {
    const known = this.#captions.get(ref)
    if (known === undefined) this.#captions.set(ref, [caption])
    else known.push(caption)
  }

  #assignLicences(anchors: readonly HtmlElement[]): void {
    for (const anchor of anchors) {
      const href = attribute(anchor, 'href')
      if (href === null) continue
      const declared = tokens(anchor, 'rel').includes('license')
      if (!declared && !CREATIVE_COMMONS.test(href)) continue
      const ref = anchor.tagName === 'a' ? this.#soleNear(anchor) : null
      if (ref !== null && !this.#licences.has(ref)) this.#licences.set(ref, href)
      else if (ref === null && declared) this.#pageLicence ??= href
    }
  }
}
