import { createHash } from 'node:crypto'
import type { Candidate, NativeText, PageExtract, PageInput } from '../../schema/contracts/candidate.ts'
import { canonicalUrl } from './canonical-url.ts'
import { decodeHtml } from './charset.ts'
import { elementText } from './element-text.ts'
import { foldCandidates, type Reference } from './fold-candidates.ts'
import { parsePage } from './html-tree.ts'
import { dropTwins, type Picture } from './noscript-twins.ts'
import { pageDirectives } from './page-directives.ts'
import { fallbackLanguage, pageLanguage } from './page-language-declared.ts'
import { baseUrl, pageLinks } from './page-links.ts'
import { scanPage, type PageScan, type PictureRef } from './page-scan.ts'
import { PictureNeighbours } from './picture-neighbours.ts'
import { plainTextOrNull } from './plain-text.ts'
import { pictureSources } from './picture-sources.ts'
import { captionTexts, holderTexts, isMarkedDecorative, linkTexts, orderTexts, ownTexts } from './picture-texts.ts'
import { pageImages, readMicrodata } from './structured-data.ts'
import { declaredDir, type TextPlace } from './text-place.ts'

/** Raise when any field of the result changes for any page; golden cases notice. */
export const EXTRACT_REV = 5

const MAX_TITLE_UNITS = 1_000

/** The extract fact: what a page holds, or why it could not be read. */
export type PageExtraction = { ok: true; page: PageExtract } | { ok: false; reason: 'html_too_complex' }

/**
 * Turns a page capture into candidates, links, directives and text. Pure: no scripts run, nothing is fetched; the
 * same input gives the same result on every machine. Never throws on any bytes; a tree over the limits of
 * `html-tree.ts` is the result `html_too_complex`. Without `withText` the page's text is empty.
 */
export function extractPage(input: PageInput, { withText = true } = {}): PageExtraction {
  const document = parsePage(decodeHtml(input.body, input.contentType), isXhtml(input.contentType))
  if (document === null) return { ok: false, reason: 'html_too_complex' }
  const fallback = fallbackLanguage(document, input.contentLanguage)
  const scan = scanPage(document, fallback)
  const base = baseUrl(scan.anchors, input.url)
  const title = scan.title === null ? null : plainTextOrNull(elementText(scan.title), MAX_TITLE_UNITS)
  const lang = pageLanguage(scan.html, fallback)
  const place = { lang, dir: scan.html === null ? null : declaredDir(scan.html) }
  const candidates = pageCandidates(scan, { base, title, place })
  return {
    ok: true,
    page: {
      title,
      lang,
      candidates,
      links: pageLinks(scan.anchors, scan.metas, base),
      directives: pageDirectives(scan.metas),
      text: withText ? scan.blocks.pageText(textsOf(candidates)) : '',
    },
  }
}

function textsOf(candidates: readonly Candidate[]): string[] {
  return candidates.flatMap((candidate) => candidate.texts.map(({ text }) => text))
}

function isXhtml(contentType: string | null): boolean {
  return /^\s*application\/xhtml\+xml/i.test(contentType ?? '')
}

/** Digest (sha256, lowercase hex) of exactly the fields that `extractPage` reads. */
export function extractInputDigest(input: PageInput): string {
  const body = createHash('sha256').update(input.body).digest('hex')
  const fields = [body, input.url, input.contentType, input.contentLanguage]
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex')
}

interface Page {
  base: string
  title: string | null
  place: TextPlace
}

function pageCandidates(scan: PageScan, page: Page): Candidate[] {
  const found = scan.pictures.map((ref): Picture => ({
    ref,
    ...pictureSources(ref, page.base),
    texts: ownTexts(ref, scan.ids),
  }))
  const pictures = dropTwins(found).filter(({ urls }) => urls.length > 0)
  const neighbours = new PictureNeighbours(
    scan,
    pictures.map(({ ref }) => ref),
  )
  const microdata = readMicrodata(scan, neighbours, page.base)
  const contexts = scan.blocks.contexts(pictures.map(({ ref }) => ref.mark))
  const references = pictures.map(({ ref, urls, texts }, index): Reference => {
    const around = aroundTexts(ref, neighbours, scan.ids)
    const own = texts.length > 0 ? texts : around
    const captions = neighbours.captions(ref, own.length > 0).flatMap(captionTexts)
    const described = microdata.shown.get(ref)
    return {
      urls,
      texts: orderTexts([...own, ...captions, ...(described?.texts ?? [])]),
      markedDecorative: isMarkedDecorative(ref.element),
      context: { title: page.title, heading: null, before: null, after: null, ...contexts[index] },
      licence: described?.licence ?? resolve(neighbours.licence(ref), page.base),
      lang: ref.place.lang,
    }
  })
  const context = { title: page.title, heading: null, before: null, after: null }
  const licence = resolve(neighbours.pageLicence, page.base)
  const images = [...pageImages(scan, page.base, page.place), ...microdata.named]
  return foldCandidates(references, images, { context, licence, lang: page.place.lang })
}

/** Names of what holds this picture alone and speaks for it: an element that says that it is a picture, else a link. */
function aroundTexts(ref: PictureRef, neighbours: PictureNeighbours, ids: PageScan['ids']): NativeText[] {
  const { holder, link } = ref
  const held = holder === null || neighbours.soleWithin(holder.element) !== ref ? [] : holderTexts(holder, ids)
  if (held.length > 0) return held
  return link === null || neighbours.soleWithin(link.element) !== ref ? [] : linkTexts(link, ids)
}

function resolve(href: string | null, base: string): string | null {
  return href === null ? null : canonicalUrl(href, base)
}
