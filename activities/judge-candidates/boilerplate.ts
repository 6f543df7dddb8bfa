/** How often one text stands on one host, over all candidates, whatever became of them. */
export interface TextFrequency {
  times: number
  /** Pages of the host that show a picture with this text. */
  pages: number
  /** Pages of the host that show any picture. */
  hostPages: number
}

/** A text on fewer pages than this is a gallery's, however large its share of a small host. */
const MIN_PAGES = 3

/**
 * What the spec's `filters.boilerplate` is when it says nothing. Navigation, logos and site names stand on nearly every
 * page; half of the pages leaves out note and warning signs, which a manual shows on every third page with a caption
 * that is right, and captions of pictures that a site shows often.
 */
export const BOILERPLATE_DEFAULTS = { count: 5, share: 0.5 } as const

/** True for a text that stands on a host at least `count` times and on at least `share` of its pages with pictures. */
export function isBoilerplate(frequency: TextFrequency, limits: { count: number; share: number }): boolean {
  const { times, pages, hostPages } = frequency
  return times >= limits.count && pages >= MIN_PAGES && pages >= limits.share * hostPages
}
