/** Where a native text stood, the best first: the order of the accessible name, then what stands beside the picture. */
export const TEXT_SOURCES = ['aria', 'alt', 'title', 'figcaption', 'schema', 'og'] as const
export type TextSource = (typeof TEXT_SOURCES)[number]

/** What an alternative text is (judged without a word list of any language). */
export const TEXT_TYPES = ['description', 'headline', 'names', 'credit', 'filename', 'seo', 'other'] as const
export type TextType = (typeof TEXT_TYPES)[number]

export interface NativeText {
  /** Raw text after entity decoding, NFC and white-space collapse; well-formed, no NUL. */
  text: string
  source: TextSource
  /** Language declared for the element by markup (BCP 47 as written), null when none. */
  lang: string | null
  /** Direction declared by markup (`dir`; `auto` is resolved by the text's first strong letter), absent when none is. */
  dir?: TextDirection
}

export const TEXT_DIRECTIONS = ['ltr', 'rtl'] as const
export type TextDirection = (typeof TEXT_DIRECTIONS)[number]

export interface PageContext {
  title: string | null
  heading: string | null
  before: string | null
  after: string | null
}

/** One picture reference on a page with all its texts. */
export interface Candidate {
  /** Order of first occurrence in the document, from 0. */
  position: number
  /** Best source, absolute and canonical. */
  image_url: string
  /** The other sources that the markup offers, best first. */
  other_urls: string[]
  texts: NativeText[]
  /** `alt=""` or role=presentation|none, and no other text. */
  decorative: boolean
  context: PageContext
  /** Nearest licence link or schema.org licence, null when none. */
  licence: string | null
  /** Language declared for the element, null when none. */
  lang: string | null
}

/** All that extraction reads of a page capture. `body` is decoded from its content coding, not from its charset. */
export interface PageInput {
  url: string
  body: Uint8Array
  contentType: string | null
  contentLanguage: string | null
}

export interface PageLink {
  url: string
  nofollow: boolean
}

/** What a page holds. `links` and `directives` serve the crawl, `text` the page-language step; the fact keeps the rest. */
export interface PageExtract {
  title: string | null
  /** Language declared for the whole page: html lang, else meta, else Content-Language; null when none. */
  lang: string | null
  candidates: Candidate[]
  links: PageLink[]
  /** Raw values of robots meta elements: name (lower case) and content. */
  directives: { name: string; content: string }[]
  /** Visible text of the whole page, blocks separated by newlines, capped. */
  text: string
}

/** What the fact `extract` keeps of a page: links, directives and text serve the crawl only. */
export type ExtractFact =
  | { ok: true; title: string | null; lang: string | null; candidates: Candidate[] }
  | { ok: false; reason: 'html_too_complex' | 'kills_worker' }
