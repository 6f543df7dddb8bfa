import { html } from 'parse5'
import {
  attribute,
  isElement,
  isShadowRoot,
  tokens,
  walk,
  type HtmlDocument,
  type HtmlElement,
  type HtmlNode,
} from './html-tree.ts'
import { isHidden, labelIds, labelledBy } from './label-text.ts'
import { isNamedPicture, pictureKind, type PictureKind } from './picture-kind.ts'
import { TextBlocks, type BlockZone, type Mark } from './text-blocks.ts'
import { placeOf, type TextPlace } from './text-place.ts'

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

/** One element that refers to a picture, with what its place in the tree says. */
export interface PictureRef {
  element: HtmlElement
  kind: PictureKind
  place: TextPlace
  figure: HtmlElement | null
  noscript: HtmlElement | null
  /** The innermost link around it. */
  link: NamedElement | null
  /** The innermost element around it that is one picture with all it holds: an `svg`, or what says so by its role. */
  holder: NamedElement | null
  /** The `source` elements before it in its `picture`. */
  sources: HtmlElement[]
  mark: Mark
}

/** An element, and what is declared for its texts. */
export interface NamedElement {
  element: HtmlElement
  place: TextPlace
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
  /** Elements with `itemtype` (microdata) or `typeof` (RDFa). */
  items: NamedElement[]
  blocks: TextBlocks
}

interface Frame {
  tag: string
  place: TextPlace
  figure: HtmlElement | null
  noscript: HtmlElement | null
  link: NamedElement | null
  holder: NamedElement | null
  /** `source` elements seen so far in the innermost `picture`, null outside one. */
  sources: HtmlElement[] | null
  silent: boolean
  zone: BlockZone
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
    place: { lang: pageLang, dir: null },
    figure: null,
    noscript: null,
    link: null,
    holder: null,
    sources: null,
    silent: false,
    zone: 'content',
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
  if (node.nodeName === '#text' && 'value' in node && !frame.silent) blocks.addText(node.value, frame.link !== null)
}

function childFrame(element: HtmlElement, parent: Frame, labels: Set<string>): Frame {
  const tag = element.tagName
  const place = placeOf(element, parent.place)
  return {
    tag: BLOCK_TAGS.has(tag) ? tag : parent.tag,
    place,
    figure: tag === 'figure' ? element : parent.figure,
    noscript: tag === 'noscript' ? element : parent.noscript,
    sources: tag === 'picture' ? [] : parent.sources,
    link: tag === 'a' ? { element, place } : parent.link,
    holder: tag === 'svg' || isNamedPicture(element) ? { element, place } : parent.holder,
    silent: parent.silent || (SILENT_TAGS.has(tag) && !isShadowRoot(element)) || isHidden(element),
    zone: zoneOf(element, parent.zone, labels),
  }
}

function zoneOf(element: HtmlElement, parent: BlockZone, labels: Set<string>): BlockZone {
  if (parent !== 'content') return parent
  if (/^h[1-6]$/.test(element.tagName) || tokens(element, 'role').includes('heading')) return 'heading'
  if (element.tagName === 'figcaption' || isCaptionClass(element) || labels.has(attribute(element, 'id') ?? ''))
    return 'caption'
  return CHROME_TAGS.has(element.tagName) || tokens(element, 'role').includes('navigation') ? 'chrome' : 'content'
}

function collect(scan: PageScan, element: HtmlElement, frame: Frame): void {
  const named = { element, place: frame.place }
  const id = attribute(element, 'id')
  if (id !== null && !scan.ids.has(id)) scan.ids.set(id, named)
  if (attribute(element, 'itemtype') !== null || attribute(element, 'typeof') !== null) scan.items.push(named)
  collectByTag(scan, named, frame)
  if (element.tagName !== 'figcaption' && isCaptionClass(element)) scan.captions.push(named)
  const kind = pictureKind(element)
  if (kind !== null && scan.pictures.length < MAX_PICTURES) {
    const { place, figure, noscript, link, holder } = frame
    scan.pictures.push({
      element,
      kind,
      place,
      figure,
      noscript,
      link,
      holder: holder?.element === element ? null : holder,
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

/** `wp-caption-text`, `thumbcaption`, `image-caption`: a convention of markup, whatever the page's language. */
function isCaptionClass(element: HtmlElement): boolean {
  return tokens(element, 'class').some((token) => token.includes('caption') || token === 'gallerytext')
}

/** Ids that pictures are labelled or described by: their text is a caption, not context of the neighbours. */
function labelTargets(document: HtmlDocument): Set<string> {
  const ids = new Set<string>()
  walk(document, {
    enter: (node) => {
      if (!isElement(node) || node.attrs.length === 0) return
      const named = [labelledBy(node), attribute(node, 'aria-describedby')].flatMap(labelIds)
      if (named.length > 0 && pictureKind(node) !== null) for (const id of named) ids.add(id)
    },
  })
  return ids
}
