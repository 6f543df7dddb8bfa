const PREFIX = 'sitemap:'

/** The URL of a seed that is a sitemap (`sitemap:URL`) and no page; null for all others. */
export function readSeedSitemap(seed: string): string | null {
  return seed.startsWith(PREFIX) ? seed.slice(PREFIX.length) : null
}

export const writeSeedSitemap = (url: string) => `${PREFIX}${url}`
