import type { PageLink } from '../../schema/contracts/candidate.ts'
import { canonicalUrl } from './canonical-url.ts'
import { attribute, tokens, type HtmlElement } from './html-tree.ts'

/** Relations of `link` elements that lead to another page of the same kind. */
const PAGE_RELATIONS = ['next', 'prev', 'alternate']

/** Link targets beyond this many on one page are left out. */
const MAX_LINKS = 20_000

/** The URL that relative ones resolve against: the first `base` with an `href`, itself relative to the page's URL. */
export function baseUrl(anchors: readonly HtmlElement[], pageUrl: string): string {
  const base = anchors.find((element) => element.tagName === 'base' && attribute(element, 'href') !== null)
  const url = base === undefined ? null : URL.parse(attribute(base, 'href') ?? '', pageUrl)
  // A `data:` or `javascript:` base is refused, as in the standard.
  return url === null || !/^https?:$/.test(url.protocol) ? pageUrl : url.href
}

/**
 * Pages that this one leads to, each once in document order: `a`, `area`, frames, `link` (next, prev, alternate) and
 * `meta` refresh. `nofollow` holds when every link to that URL carries it (rel nofollow, ugc or sponsored).
 */
export function pageLinks(anchors: readonly HtmlElement[], metas: readonly HtmlElement[], base: string): PageLink[] {
  const links = new Map<string, PageLink>()
  const add = (raw: string | null, nofollow: boolean) => {
    const url = raw === null || links.size >= MAX_LINKS ? null : canonicalUrl(raw, base)
    if (url === null) return
    const known = links.get(url)
    if (known === undefined) links.set(url, { url, nofollow })
    else known.nofollow &&= nofollow
  }
  for (const element of anchors) add(linkTarget(element), isNofollow(element))
  for (const meta of metas) add(refreshTarget(meta), false)
  return [...links.values()]
}

function linkTarget(element: HtmlElement): string | null {
  switch (element.tagName) {
    case 'a':
    case 'area':
      return attribute(element, 'href')
    case 'iframe':
    case 'frame':
      return attribute(element, 'src')
    case 'link':
      return isPageLink(element) ? attribute(element, 'href') : null
    default:
      return null
  }
}

function isPageLink(link: HtmlElement): boolean {
  const rel = tokens(link, 'rel')
  const type = (attribute(link, 'type') ?? 'text/html').trim().toLowerCase()
  const isHtml = type.startsWith('text/html') || type.startsWith('application/xhtml+xml')
  return isHtml && !rel.includes('stylesheet') && rel.some((token) => PAGE_RELATIONS.includes(token))
}

function isNofollow(element: HtmlElement): boolean {
  return tokens(element, 'rel').some((token) => token === 'nofollow' || token === 'ugc' || token === 'sponsored')
}

/** `<meta http-equiv=refresh content="5; url='/next'">` by the standard's declarative refresh steps, in short. */
function refreshTarget(meta: HtmlElement): string | null {
  if (attribute(meta, 'http-equiv')?.trim().toLowerCase() !== 'refresh') return null
  const content = (attribute(meta, 'content') ?? '').trim().replace(/^[\d.]+/, '')
  const rest = content.replace(/^\s*[;,]?\s*/, '').replace(/^url\s*=\s*/i, '')
  const quote = /^["']/.test(rest) ? rest.charAt(0) : ''
  const target = quote === '' ? rest : (rest.slice(1).split(quote, 1)[0] ?? '')
  return target.trim() === '' ? null : target.trim()
}
