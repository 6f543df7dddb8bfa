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

/** One condition of a rule: what was read, what the spec or the rule allows, and whether it is met. */
export interface Condition {
  what: string
  value: number | string | boolean | null
  limit: number | string | boolean | null
  met: boolean
}

/** What must all hold for a text to be boilerplate: at least `count` times on a host, on several pages, on `share` of its pages with pictures. */
export function boilerplateConditions(
  { times, pages, hostPages }: TextFrequency,
  limits: { count: number; share: number },
): Condition[] {
  const needed = limits.share * hostPages
  return [
    { what: 'boilerplate.count', value: times, limit: limits.count, met: times >= limits.count },
    { what: 'boilerplate.pages', value: pages, limit: MIN_PAGES, met: pages >= MIN_PAGES },
    { what: 'boilerplate.share', value: pages, limit: needed, met: pages >= needed },
  ]
}

/** True for a text that stands on a host at least `count` times and on at least `share` of its pages with pictures. */
export function isBoilerplate(frequency: TextFrequency, limits: { count: number; share: number }): boolean {
  return boilerplateConditions(frequency, limits).every(({ met }) => met)
}
