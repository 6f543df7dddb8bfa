/**
 * The canonical form of an http(s) URL: absolute, as the WHATWG parser writes it, without fragment and credentials.
 * Null for anything else.
 */
export function canonicalUrl(raw: string, base?: string): string | null {
  const url = URL.parse(raw, base)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return null
  url.hash = ''
  url.username = ''
  url.password = ''
  return url.href
}
