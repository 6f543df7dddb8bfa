import { canonicalUrl } from '../../activities/extract/canonical-url.ts'
import { extractPage } from '../../activities/extract/extract-page.ts'
import { attribute, isElement, parsePage, walk } from '../../activities/extract/html-tree.ts'
import type { Candidate, PageInput } from '../../schema/contracts/candidate.ts'

/** A picture, by all addresses that its markup offers, and one text. */
export interface NamedUrls {
  urls: string[]
  name: string
}

/** Sources that a browser makes an accessible name of; captions and what heads say are more than a name. */
const NAMES: ReadonlySet<string> = new Set(['aria', 'alt', 'title'])

/** NFC, each run of white space (no-break spaces too) one space, none at the ends: for labels as for what is measured. */
export function normalName(name: string): string {
  return name.normalize('NFC').replace(/\s+/g, ' ').trim()
}

/** The accessible name that extraction gives each picture (the best of `aria`, `alt`, `title`), and all its texts. */
export function namesByMella(input: PageInput): { names: NamedUrls[]; texts: NamedUrls[] } {
  const found = extractPage(input)
  if (!found.ok) return { names: [], texts: [] }
  const pairs = (pick: (candidate: Candidate) => string[]) =>
    distinct(
      found.page.candidates.flatMap((candidate) =>
        pick(candidate).map((name) => ({ urls: [candidate.image_url, ...candidate.other_urls], name })),
      ),
    )
  return {
    names: pairs(({ texts }) =>
      texts
        .filter(({ source }) => NAMES.has(source))
        .slice(0, 1)
        .map(({ text }) => text),
    ),
    texts: pairs(({ texts }) => texts.map(({ text }) => text)),
  }
}

/** What the usual recipe keeps: `img` with a `src` and an `alt` that is not empty. */
export function namesByAlt(input: PageInput): NamedUrls[] {
  const names: NamedUrls[] = []
  const document = parsePage(new TextDecoder().decode(input.body))
  if (document === null) return []
  walk(document, {
    enter: (node) => {
      if (!isElement(node) || node.tagName !== 'img') return
      const url = canonicalUrl(attribute(node, 'src') ?? '', input.url)
      if (url !== null) names.push({ urls: [url], name: attribute(node, 'alt') ?? '' })
    },
  })
  return distinct(names)
}

/** Each pair once, by first address and name; those without a name, or with an address that is never fetched, fall away. */
export function distinct(pairs: readonly NamedUrls[]): NamedUrls[] {
  const kept = new Map<string, NamedUrls>()
  for (const { urls, name } of pairs) {
    const canonical = urls.flatMap((url) => canonicalUrl(url) ?? [])
    const text = normalName(name)
    const key = JSON.stringify([canonical[0], text])
    if (canonical.length > 0 && text !== '' && !kept.has(key)) kept.set(key, { urls: canonical, name: text })
  }
  return [...kept.values()]
}

/** Those of `pairs` that no pair of `others` has: the same name and an address in common. */
export function missingFrom(pairs: readonly NamedUrls[], others: readonly NamedUrls[]): NamedUrls[] {
  const known = new Set(others.flatMap(({ urls, name }) => urls.map((url) => `${url} ${name}`)))
  return pairs.filter(({ urls, name }) => !urls.some((url) => known.has(`${url} ${name}`)))
}
