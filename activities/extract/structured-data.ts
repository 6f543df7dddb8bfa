import type { NativeText } from '../../schema/contracts/candidate.ts'
import { canonicalUrl } from './canonical-url.ts'
import { attribute, type HtmlElement } from './html-tree.ts'
import { readImageObjects } from './json-ld.ts'
import { microdataImages } from './microdata.ts'
import type { PageScan, PictureRef } from './page-scan.ts'
import type { PictureNeighbours } from './picture-neighbours.ts'
import { asText, type TextPlace } from './text-place.ts'

/** What the page says of a picture away from the element that shows it. */
export interface PageImage {
  url: string
  texts: NativeText[]
  licence: string | null
}

/** Descriptions beyond this many on one page are left out. */
const MAX_IMAGES = 1_000

/** Pictures described by Open Graph and Twitter `meta` elements and by schema.org `ImageObject`s in JSON-LD, in order. */
export function pageImages(scan: PageScan, base: string, page: TextPlace): PageImage[] {
  const described = scan.jsonLd.flatMap((script) => readImageObjects(scriptText(script)))
  const fromJsonLd = described.flatMap(({ url, texts, licence, lang }) => {
    const image = canonicalUrl(url, base)
    if (image === null) return []
    return [
      {
        url: image,
        texts: texts.flatMap((text) => asText(text, 'schema', lang === null ? page : { lang, dir: null })),
        licence: licence === null ? null : canonicalUrl(licence, base),
      },
    ]
  })
  return [...socialImages(scan.metas, base, page), ...fromJsonLd].slice(0, MAX_IMAGES)
}

/** What microdata says of pictures that the page shows, and of those that it only names. */
export interface Microdata {
  shown: Map<PictureRef, Pick<PageImage, 'texts' | 'licence'>>
  named: PageImage[]
}

/** An `ImageObject` item describes the one picture in it, else the picture that its `contentUrl` names. */
export function readMicrodata(scan: PageScan, neighbours: PictureNeighbours, base: string): Microdata {
  const microdata: Microdata = { shown: new Map(), named: [] }
  for (const item of microdataImages(scan.items)) {
    const texts = item.texts.flatMap(({ text, place }) => asText(text, 'schema', place))
    const licence = item.licence === null ? null : canonicalUrl(item.licence, base)
    const sole = neighbours.soleWithin(item.element)
    const url = item.url === null ? null : canonicalUrl(item.url, base)
    if (sole !== null) microdata.shown.set(sole, { texts, licence })
    else if (url !== null) microdata.named.push({ url, texts, licence })
  }
  return microdata
}

/** Properties that name the picture once more; one that no picture is open for opens it. */
const OTHER_ADDRESSES: ReadonlySet<string | undefined> = new Set(['url', 'secure_url'])

/** `og:image` (or `twitter:image`) opens a picture, the `:alt` behind it belongs to it (ogp.me, structured properties). */
function socialImages(metas: readonly HtmlElement[], base: string, page: TextPlace): PageImage[] {
  const images: PageImage[] = []
  const open = new Map<string, PageImage>()
  for (const meta of metas) {
    const name = (attribute(meta, 'property') ?? attribute(meta, 'name') ?? '').trim().toLowerCase()
    const [vocabulary = '', noun, detail] = name.split(':')
    if ((vocabulary !== 'og' && vocabulary !== 'twitter') || noun !== 'image') continue
    const content = attribute(meta, 'content') ?? ''
    if (detail === 'alt') open.get(vocabulary)?.texts.push(...asText(content, 'og', page))
    if (detail !== undefined && detail !== 'src' && !OTHER_ADDRESSES.has(detail)) continue
    const url = canonicalUrl(content, base)
    if (url === null || (OTHER_ADDRESSES.has(detail) && open.has(vocabulary))) continue
    const image = { url, texts: [], licence: null }
    images.push(image)
    open.set(vocabulary, image)
  }
  return images
}

function scriptText(script: HtmlElement): string {
  return script.childNodes.map((node) => (node.nodeName === '#text' && 'value' in node ? node.value : '')).join('')
}
