import { html } from 'parse5'
import { TextBlocks, type BlockZone, type Mark } from './text-blocks.ts'
import { attribute, isElement, tokens, walk, type HtmlDocument, type HtmlElement, type HtmlNode } from './html-tree.ts'
import { plainTextOrNull } from './plain-text.ts'

/** Picture references beyond this many on one page are left out: no honest page shows so many. */
const MAX_PICTURES = 5_000

/** `source` elements of one `picture` that are looked at. */
const MAX_PICTURE_SOURCES = 50

const BLOCK_TAGS = new Set(
  (
    'address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure footer form ' +
    'h1 h2 h3 h4 h5 h6 header hgroup hr legend li main menu nav ol p pre search section summary table tbody td tfoot th thead tr ul'
  ).split(' '),
)

/** Elements whose text no reader sees as part of the page. */
const SILENT_TAGS = new Set(
  (
    'audio button canvas datalist head iframe math noembed noframes noscript object optgroup option script select style svg ' +
    'template textarea title video'
  ).split(' '),
)

/** Text around the content: real, and worth nothing as context of a picture. */
const CHROME_TAGS = new Set(['aside', 'footer', 'form', 'menu', 'nav'])

export type PictureKind = 'img' | 'input' | 'svg' | 'object'

/** One element that refers to a picture, with what its place in the tree says. */
export interface PictureRef {
  element: HtmlElement
  kind: PictureKind
  lang: string | null
  figure: HtmlElement | null
  noscript: HtmlElement | null
  /** The `source` elements before it in its `picture`. */
  sources: HtmlElement[]
  mark: Mark
}

/** An element that has an id, and the language declared for it. */
export interface NamedElement {
  element: HtmlElement
  lang: string | null
}

/** What one walk over the tree finds. Every list is in document order. */
export interface PageScan {
  html: HtmlElement | null
  title: HtmlElement | null
  pictures: PictureRef[]
  /** `figure` -> its first own `figcaption`. */
  figcaptions: Map<HtmlElement, NamedElement>
  /** Elements whose class says caption, outside `figcaption`. */
  captions: NamedElement[]
  ids: Map<string, NamedElement>
  metas: HtmlElement[]
  /** Elements that may hold a link: a, area, link, iframe, frame, base. */
  anchors: HtmlElement[]
  jsonLd: HtmlElement[]
  /** Elements with `itemtype`, for microdata. */
  items: NamedElement[]
  blocks: TextBlocks
}

interface Frame {
  tag: string
  lang: string | null
  figure: HtmlElement | null
  noscript: HtmlElement | null
  /** `source` elements seen so far in the innermost `picture`, null outside one. */
  sources: HtmlElement[] | null
  silent: boolean
  zone: BlockZone
  link: boolean
}

/** Walks the tree once. `pageLang` is the language of elements without a declaration of their own. */
export function scanPage(document: HtmlDocument, pageLang: string | null): PageScan {
  const scan: PageScan = {
    html: null,
    title: null,
    pictures: [],
    figcaptions: new Map(),
    captions: [],
    ids: new Map(),
    metas: [],
    anchors: [],
    jsonLd: [],
    items: [],
    blocks: new TextBlocks(),
  }
  const labels = labelTargets(document)
  const root: Frame = {
    tag: '',
    lang: pageLang,
    figure: null,
    noscript: null,
    sources: null,
    silent: false,
    zone: 'content',
    link: false,
  }
  const frames = [root]
  walk(document, {
    enter: (node) => {
      const parent = frames.at(-1) ?? root
      if (!isElement(node)) return addText(scan.blocks, node, parent)
      if (BLOCK_TAGS.has(node.tagName)) scan.blocks.breakBlock(parent)
      const frame = childFrame(node, parent, labels)
      frames.push(frame)
      collect(scan, node, frame)
      return undefined
    },
    leave: (element) => {
      const frame = frames.pop() ?? root
      if (BLOCK_TAGS.has(element.tagName)) scan.blocks.breakBlock(frame)
    },
  })
  scan.blocks.breakBlock(root)
  return scan
}

function addText(blocks: TextBlocks, node: HtmlNode, frame: Frame): void {
  if (node.nodeName === '#text' && 'value' in node && !frame.silent) blocks.addText(node.value, frame.link)
}

function childFrame(element: HtmlElement, parent: Frame, labels: Set<string>): Frame {
  const tag = element.tagName
  const lang = declaredLang(element)
  return {
    tag: BLOCK_TAGS.has(tag) ? tag : parent.tag,
    lang: lang === undefined ? parent.lang : lang,
    figure: tag === 'figure' ? element : parent.figure,
    noscript: tag === 'noscript' ? element : parent.noscript,
    sources: tag === 'picture' ? [] : parent.sources,
    silent: parent.silent || SILENT_TAGS.has(tag) || isHidden(element),
    zone: zoneOf(element, parent.zone, labels),
    link: parent.link || tag === 'a',
  }
}

function zoneOf(element: HtmlElement, parent: BlockZone, labels: Set<string>): BlockZone {
  if (parent !== 'content') return parent
  if (/^h[1-6]$/.test(element.tagName) || tokens(element, 'role').includes('heading')) return 'heading'
  if (element.tagName === 'figcaption' || isCaptionClass(element) || labels.has(attribute(element, 'id') ?? ''))
    return 'caption'
  return CHROME_TAGS.has(element.tagName) || tokens(element, 'role').includes('navigation') ? 'chrome' : 'content'
}

/**
 * The declared language of this very element, undefined when it declares none; null for `lang=""`, which stops the
 * inheritance. `xml:lang` counts in foreign content only (the parser gives it its prefix there).
 */
function declaredLang(element: HtmlElement): string | null | undefined {
  const foreign = element.attrs.find((each) => each.name === 'lang' && each.prefix === 'xml')
  const value = foreign?.value ?? attribute(element, 'lang')
  if (value === null) return undefined
  return plainTextOrNull(value, 100)
}

function collect(scan: PageScan, element: HtmlElement, frame: Frame): void {
  const named = { element, lang: frame.lang }
  const id = attribute(element, 'id')
  if (id !== null && !scan.ids.has(id)) scan.ids.set(id, named)
  if (attribute(element, 'itemtype') !== null) scan.items.push(named)
  collectByTag(scan, named, frame)
  if (element.tagName !== 'figcaption' && isCaptionClass(element)) scan.captions.push(named)
  const kind = pictureKind(element)
  if (kind !== null && scan.pictures.length < MAX_PICTURES) {
    const { lang, figure, noscript } = frame
    scan.pictures.push({
      element,
      kind,
      lang,
      figure,
      noscript,
      sources: [...(frame.sources ?? [])],
      mark: scan.blocks.mark(),
    })
  }
}

function collectByTag(scan: PageScan, named: NamedElement, frame: Frame): void {
  const { element } = named
  switch (element.tagName) {
    case 'html':
      scan.html ??= element
      break
    case 'title':
      if (element.namespaceURI === html.NS.HTML) scan.title ??= element
      break
    case 'meta':
      scan.metas.push(element)
      break
    case 'a':
    case 'area':
    case 'link':
    case 'iframe':
    case 'frame':
    case 'base':
      scan.anchors.push(element)
      break
    case 'source':
      if (frame.sources !== null && frame.sources.length < MAX_PICTURE_SOURCES) frame.sources.push(element)
      break
    case 'script':
      if ((attribute(element, 'type') ?? '').trim().toLowerCase().startsWith('application/ld+json'))
        scan.jsonLd.push(element)
      break
    case 'figcaption':
      if (frame.figure !== null && !scan.figcaptions.has(frame.figure)) scan.figcaptions.set(frame.figure, named)
      break
  }
}

/** `area` is a part of a picture that has its own `img`; `video` posters and CSS backgrounds have no text: all left out. */
function pictureKind(element: HtmlElement): PictureKind | null {
  switch (element.tagName) {
    case 'img':
    case 'amp-img':
      return 'img'
    case 'input':
      return (attribute(element, 'type') ?? '').toLowerCase() === 'image' ? 'input' : null
    case 'image':
      return 'svg'
    case 'object':
      return (attribute(element, 'type') ?? '').toLowerCase().startsWith('image/') ? 'object' : null
    default:
      return null
  }
}

/** `wp-caption-text`, `thumbcaption`, `image-caption`: a convention of markup, whatever the page's language. */
function isCaptionClass(element: HtmlElement): boolean {
  return tokens(element, 'class').some((token) => token.includes('caption') || token === 'gallerytext')
}

function isHidden(element: HtmlElement): boolean {
  return attribute(element, 'hidden') !== null || /display\s*:\s*none/i.test(attribute(element, 'style') ?? '')
}

/** Ids that pictures are labelled or described by: their text is a caption, not context of the neighbours. */
function labelTargets(document: HtmlDocument): Set<string> {
  const ids = new Set<string>()
  walk(document, {
    enter: (node) => {
      if (!isElement(node) || pictureKind(node) === null) return
      for (const name of ['aria-labelledby', 'aria-describedby']) {
        for (const id of (attribute(node, name) ?? '').split(/\s+/)) if (id !== '') ids.add(id)
      }
    },
  })
  return ids
}
