import type { PageContext } from '../../schema/contracts/candidate.ts'
import { cut, plainText } from './plain-text.ts'

/** What a block of text is to the pictures around it. */
export type BlockZone = 'content' | 'heading' | 'caption' | 'chrome'

/** Where something stands in the running text. */
export interface Mark {
  block: number
  offset: number
}

/** Context is evidence, not an article. UTF-16 code units. */
const MAX_CONTEXT_UNITS = 500

/** A block that is not marked up as a paragraph counts as one from this length on; shorter ones are labels and buttons. */
const MIN_PARAGRAPH_UNITS = 20

/** A block of which more than this share is links is navigation. */
const MAX_LINK_SHARE = 0.5

/** Enough for any detector, and what bounds a page of endless text. UTF-16 code units. */
const MAX_PAGE_TEXT_UNITS = 100_000

const PARAGRAPH_TAGS = new Set(['p', 'dd', 'blockquote'])

interface Block {
  raw: string
  kind: 'heading' | 'paragraph' | 'other'
}

/** The page's text in document order, cut into blocks; answers what stands around a mark. */
export class TextBlocks {
  readonly #blocks: Block[] = []
  #parts: string[] = []
  #units = 0
  #linkUnits = 0

  addText(text: string, inLink: boolean): void {
    this.#parts.push(text)
    this.#units += text.length
    if (inLink) this.#linkUnits += text.trim().length
  }

  /** Ends the running block; `frame` is the innermost element that it stood in. */
  breakBlock(frame: { tag: string; zone: BlockZone }): void {
    const raw = this.#parts.join('')
    this.#blocks.push({ raw, kind: this.#kind(raw, frame) })
    this.#parts = []
    this.#units = 0
    this.#linkUnits = 0
  }

  mark(): Mark {
    return { block: this.#blocks.length, offset: this.#units }
  }

  /** Heading and paragraphs nearest to each mark; `title` is the caller's. Linear in blocks and marks together. */
  contexts(marks: readonly Mark[]): Omit<PageContext, 'title'>[] {
    const headings = this.#nearest('heading', false)
    const before = this.#nearest('paragraph', false)
    const after = this.#nearest('paragraph', true)
    return marks.map(({ block, offset }) => {
      const own = this.#blocks[block]
      const inParagraph = own?.kind === 'paragraph'
      const ownBefore = inParagraph ? tail(own.raw.slice(0, offset)) : ''
      const ownAfter = inParagraph ? head(own.raw.slice(offset)) : ''
      return {
        heading: own?.kind === 'heading' ? head(own.raw) : this.#head(headings[block]),
        before: ownBefore !== '' ? ownBefore : this.#tail(before[block]),
        after: ownAfter !== '' ? ownAfter : this.#head(after[block]),
      }
    })
  }

  /** All text, a line for each block, then a line for each of `more` that is new; capped. */
  pageText(more: readonly string[]): string {
    const lines: string[] = []
    let units = 0
    for (const raw of [...this.#blocks.map((block) => block.raw), ...new Set(more)]) {
      if (units > MAX_PAGE_TEXT_UNITS) break
      const line = plainText(raw, MAX_PAGE_TEXT_UNITS)
      if (line !== '') lines.push(line)
      units += line.length + 1
    }
    return cut(lines.join('\n'), MAX_PAGE_TEXT_UNITS)
  }

  #kind(raw: string, { tag, zone }: { tag: string; zone: BlockZone }): Block['kind'] {
    const units = raw.trim().length
    if (units === 0) return 'other'
    if (zone === 'heading') return 'heading'
    if (zone !== 'content' || this.#linkUnits > units * MAX_LINK_SHARE) return 'other'
    return PARAGRAPH_TAGS.has(tag) || units >= MIN_PARAGRAPH_UNITS ? 'paragraph' : 'other'
  }

  /** For each block the index of the nearest block of that kind strictly before (or after) it, -1 for none. */
  #nearest(kind: Block['kind'], backwards: boolean): number[] {
    const nearest = this.#blocks.map(() => -1)
    let last = -1
    for (let step = 0; step < this.#blocks.length; step++) {
      const index = backwards ? this.#blocks.length - 1 - step : step
      nearest[index] = last
      if (this.#blocks[index]?.kind === kind) last = index
    }
    return nearest
  }

  #head(index: number | undefined): string | null {
    const block = this.#blocks[index ?? -1]
    return block === undefined ? null : head(block.raw)
  }

  #tail(index: number | undefined): string | null {
    const block = this.#blocks[index ?? -1]
    return block === undefined ? null : tail(block.raw)
  }
}

function head(raw: string): string {
  return plainText(raw, MAX_CONTEXT_UNITS)
}

/** The end of a text, which is what stands next to the picture after it. */
function tail(raw: string): string {
  const text = plainText(raw.slice(-MAX_CONTEXT_UNITS * 4))
  if (text.length <= MAX_CONTEXT_UNITS) return text
  return text
    .slice(-MAX_CONTEXT_UNITS)
    .replace(/^[\uDC00-\uDFFF]/, '')
    .trimStart()
}
