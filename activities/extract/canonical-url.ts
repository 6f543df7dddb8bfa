import { canonicalUrl as crawlUrl } from '../crawl/canonical-url.ts'

/** The URL as the crawl's frontier knows it, so that what a page shows is what was fetched; null for what is never fetched. */
export function canonicalUrl(raw: string, base?: string): string | null {
  const canonical = crawlUrl(raw, base)
  return canonical.ok ? canonical.url : null
}
