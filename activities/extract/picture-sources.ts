import { canonicalUrl } from './canonical-url.ts'
import { attribute, type HtmlElement } from './html-tree.ts'
import { backgroundUrl, namesImageFile } from './picture-kind.ts'
import type { PictureRef } from './page-scan.ts'
import { isLarger, parseSrcset, type SrcsetSource } from './srcset.ts'

/** Types that the picture steps can decode; a `source` of another type is not usable. */
const USABLE_TYPES = new Set([
  'image/jpeg',
  'image/jpg',
  'image/pjpeg',
  'image/png',
  'image/apng',
  'image/gif',
  'image/webp',
  'image/avif',
])

/** Lazy-loading attributes seen in the wild (lazysizes, lazyload, Heritrix' and WordPress plug-ins' lists). */
const LAZY_SRCSET = ['data-srcset', 'data-lazy-srcset', 'data-original-set', 'data-src-set', 'lazy-srcset']
const LAZY_SRC = [
  'data-full-src',
  'data-src',
  'data-original',
  'data-lazy-src',
  'data-lazy',
  'data-echo',
  'data-src-large',
  'data-src-medium',
  'data-src-small',
  'lazy-src',
]

/** A file name with one of these stands in for a picture until a script replaces it; it counts only beside another source. */
const PLACEHOLDER_WORDS = new Set(['spacer', 'placeholder', '1x1', 'lazyload', 'preloader'])

/** These do so alone, or with a number or another of them: `clear.gif`, `lazy-loader.gif`, but not `clear-sky.jpg`. */
const PLAIN_WORDS = new Set([
  ...PLACEHOLDER_WORDS,
  'blank',
  'transparent',
  'pixel',
  'empty',
  'clear',
  'trans',
  'lazy',
  'loading',
  'loader',
  'spinner',
])

/** Attributes that never hold a lazy source, for the search of last resort. */
const NOT_A_SOURCE = new Set([
  'src',
  'srcset',
  'alt',
  'title',
  'class',
  'id',
  'style',
  'sizes',
  'href',
  'longdesc',
  'usemap',
])

export interface PictureSources {
  /** Usable sources as canonical URLs, best first, without repetition. */
  urls: string[]
  /** What the element shows without scripts is a placeholder, or nothing. */
  lazy: boolean
}

interface Source extends SrcsetSource {
  placeholder: boolean
}

/** Usable sources of any element that refers to a picture. */
export function pictureSources(ref: PictureRef, base: string): PictureSources {
  const { element, kind } = ref
  switch (kind) {
    case 'img':
    case 'input':
      return imgSources(ref, base)
    case 'svg':
      return onlySource(attribute(element, 'href') ?? foreignHref(element), base)
    case 'object':
      return onlySource(attribute(element, 'data'), base)
    case 'embed':
      return onlySource(attribute(element, 'src'), base)
    case 'video':
      return onlySource(attribute(element, 'poster'), base)
    case 'background':
      return onlySource(backgroundUrl(element), base)
  }
}

/**
 * All usable sources of an `img` (with the `source` elements of its `picture`), best first: the greatest width, then
 * the greatest density, then the order `source`, `srcset`, lazy attributes, `src`. A lazy attribute goes before `src`,
 * because scripts replace `src` by it. `data:`, `blob:` and named placeholders are left out where anything else is
 * there; a `src` declared as 1 x 1 is a tracker and never usable.
 */
function imgSources(ref: PictureRef, base: string): PictureSources {
  const img = ref.element
  const own = attribute(img, 'src')
  const sources = [
    ...pictureElementSources(ref.sources),
    ...srcsetSources(attribute(img, 'srcset')),
    ...lazySources(img),
    ...(own === null || isTracker(img) ? [] : [asSource(own)]),
  ]
  const usable = rank(sources, base)
  const urls = usable.length > 0 ? usable : rank(anyImageAttribute(img), base)
  return { urls, lazy: own === null || !isUsable(own, base) || tokensMentionLazy(img) }
}

function onlySource(raw: string | null, base: string): PictureSources {
  return { urls: raw === null ? [] : rank([asSource(raw)], base), lazy: false }
}

/** `xlink:href`, to which the parser gives its prefix in foreign content. */
function foreignHref(element: HtmlElement): string | null {
  return element.attrs.find(({ name, prefix }) => name === 'href' && prefix === 'xlink')?.value ?? null
}

/** Resolves, ranks and dedupes; placeholders fall away when a real source is there. */
function rank(sources: Source[], base: string): string[] {
  const resolved = sources.flatMap((source) => {
    const url = canonicalUrl(source.url, base)
    return url === null ? [] : [{ ...source, url }]
  })
  const real = resolved.filter((source) => !source.placeholder)
  const ranked = real.length > 0 ? real : resolved
  const order = ranked.map((source, index) => ({ source, index }))
  order.sort((a, b) => (isLarger(a.source, b.source) ? -1 : isLarger(b.source, a.source) ? 1 : a.index - b.index))
  return [...new Set(order.map(({ source }) => source.url))]
}

function pictureElementSources(sources: readonly HtmlElement[]): Source[] {
  return sources.filter(hasUsableType).flatMap((source) => {
    return [attribute(source, 'srcset'), ...LAZY_SRCSET.map((name) => attribute(source, name))].flatMap(srcsetSources)
  })
}

function hasUsableType(source: HtmlElement): boolean {
  const type = attribute(source, 'type')
  if (type === null || type.trim() === '') return true
  return USABLE_TYPES.has((type.split(';', 1)[0] ?? '').trim().toLowerCase())
}

function srcsetSources(value: string | null): Source[] {
  if (value === null) return []
  return parseSrcset(value).map((source) => ({
    ...source,
    placeholder: source.width === 1 || isPlaceholderName(source.url),
  }))
}

function lazySources(img: HtmlElement): Source[] {
  const sets = LAZY_SRCSET.map((name) => attribute(img, name)).flatMap(srcsetSources)
  const singles = LAZY_SRC.map((name) => attribute(img, name)).filter((value) => value !== null && looksLikeUrl(value))
  return [...sets, ...singles.map((value) => asSource(value as string))]
}

/** Search of last resort: any attribute that names an image file, as scripts of unknown make use them. */
function anyImageAttribute(img: HtmlElement): Source[] {
  return img.attrs
    .filter(
      ({ name, value }) =>
        !NOT_A_SOURCE.has(name) && !name.startsWith('on') && namesImageFile(value) && looksLikeUrl(value),
    )
    .map(({ value }) => asSource(value))
}

function asSource(url: string): Source {
  return { url: url.trim(), placeholder: url.trim() === '' || isPlaceholderName(url) }
}

/** A path or an absolute URL rather than a flag, a JSON document or a script's variable. */
function looksLikeUrl(value: string): boolean {
  const trimmed = value.trim()
  return /[./]/.test(trimmed) && !/[\s{}<>"]/.test(trimmed)
}

function isUsable(src: string, base: string): boolean {
  return src.trim() !== '' && canonicalUrl(src, base) !== null && !isPlaceholderName(src)
}

/** `/_img/spacer.gif?v=2` and `grey-placeholder.png` are; `loading-dock-at-night.jpg` is not. */
function isPlaceholderName(url: string): boolean {
  const path = url.split(/[?#]/, 1)[0] ?? ''
  const file = path.slice(path.lastIndexOf('/') + 1).toLowerCase()
  const words = file.replace(/\.[a-z]+$/, '').split(/[-_.\s]/)
  if (words.length > 2) return false
  if (words.some((word) => PLACEHOLDER_WORDS.has(word))) return true
  return words.some((word) => PLAIN_WORDS.has(word)) && words.every((word) => PLAIN_WORDS.has(word) || /\d/.test(word))
}

function isTracker(img: HtmlElement): boolean {
  const side = (name: string) => Number.parseInt(attribute(img, name) ?? '', 10)
  return side('width') <= 1 && side('height') <= 1
}

function tokensMentionLazy(img: HtmlElement): boolean {
  return /lazy/i.test(attribute(img, 'class') ?? '')
}
