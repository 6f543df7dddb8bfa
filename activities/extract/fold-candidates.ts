import type { Candidate, NativeText, PageContext } from '../../schema/contracts/candidate.ts'
import { orderTexts } from './picture-texts.ts'
import type { PageImage } from './structured-data.ts'

/** One place of the page that shows a picture; `urls` is not empty. */
export interface Reference {
  urls: string[]
  texts: NativeText[]
  markedDecorative: boolean
  context: PageContext
  licence: string | null
  lang: string | null
}

/** What a picture that only the page's head describes inherits from the page. */
export type PageDefaults = Pick<Candidate, 'context' | 'licence' | 'lang'>

/**
 * Folds references into candidates. A picture URL with the same texts is one candidate, with other texts another one;
 * a reference without text adds nothing to one with text. What `og:image` or JSON-LD say of a picture that the page
 * shows joins its first candidate; a picture that is only described there is a candidate of its own, behind the
 * others, when it has a text.
 */
export function foldCandidates(
  references: readonly Reference[],
  images: readonly PageImage[],
  page: PageDefaults,
): Candidate[] {
  const urls = new Set(references.flatMap((reference) => reference.urls))
  const shown = joinImages(references, images)
  const described = images
    .filter((image) => image.texts.length > 0 && !urls.has(image.url))
    .map(({ url, texts, licence }) => ({
      ...page,
      urls: [url],
      texts,
      markedDecorative: false,
      licence: licence ?? page.licence,
    }))
  return dedupe([...shown, ...mergeByUrl(described)]).map(toCandidate)
}

/** Adds texts and licence of each described picture to the first reference that shows it, one with text if there is. */
function joinImages(references: readonly Reference[], images: readonly PageImage[]): Reference[] {
  const joined = references.map((reference) => ({ ...reference }))
  const byUrl = new Map<string, Reference>()
  for (const withText of [true, false]) {
    for (const reference of joined) {
      if (reference.texts.length > 0 !== withText) continue
      for (const url of reference.urls) if (!byUrl.has(url)) byUrl.set(url, reference)
    }
  }
  for (const { url, texts, licence } of images) {
    const reference = byUrl.get(url)
    if (reference === undefined) continue
    reference.texts = orderTexts([...reference.texts, ...texts])
    reference.licence = licence ?? reference.licence
  }
  return joined
}

function mergeByUrl(references: Reference[]): Reference[] {
  const groups = Map.groupBy(references, ({ urls }) => urls[0] ?? '')
  return [...groups.values()].flatMap((group) => {
    const first = group[0]
    return first === undefined ? [] : [{ ...first, texts: orderTexts(group.flatMap(({ texts }) => texts)) }]
  })
}

function dedupe(references: readonly Reference[]): Reference[] {
  const withText = new Set(references.filter(({ texts }) => texts.length > 0).map(({ urls }) => urls[0]))
  const kept = new Map<string, Reference>()
  for (const reference of references) {
    const url = reference.urls[0] ?? ''
    if (reference.texts.length === 0 && withText.has(url)) continue
    const key = JSON.stringify([url, ...reference.texts.map(({ text }) => text)])
    const known = kept.get(key)
    if (known === undefined) kept.set(key, reference)
    else known.markedDecorative &&= reference.markedDecorative
  }
  return [...kept.values()]
}

function toCandidate(reference: Reference, position: number): Candidate {
  const { urls, texts, markedDecorative, context, licence, lang } = reference
  const [image_url = '', ...other_urls] = urls
  return {
    position,
    image_url,
    other_urls,
    texts,
    decorative: markedDecorative && texts.length === 0,
    context,
    licence,
    lang,
  }
}
