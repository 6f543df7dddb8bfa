const PREFIX = 'sitemap:'

/** A seed as the URL that is asked for, and whether that is a sitemap (`sitemap:URL`) or a page. */
export function readSeed(seed: string): { url: string; sitemap: boolean } {
  return seed.startsWith(PREFIX) ? { url: seed.slice(PREFIX.length), sitemap: true } : { url: seed, sitemap: false }
}

export function writeSeed({ url, sitemap }: { url: string; sitemap: boolean }): string {
  return sitemap ? `${PREFIX}${url}` : url
}
