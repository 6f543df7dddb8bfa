import type { PageYield } from './page-yield.ts'

/** What is admitted without a look at what it brings. */
export interface FreePages {
  /** Pages whatever they hold: one body under many names, soft 404s. */
  same: number
  /** Pages of which each is new and none shows a picture. */
  barren: number
  /** Pages without a picture that new words in titles may earn in all: words can be made up, too. */
  worded: number
}

/** A part of a host (`/calendar?month`) is left sooner than the host: the good pages beside it stay. */
export const FREE_OF_BRANCH: FreePages = { same: 256, barren: 2000, worded: 18_000 }
export const FREE_OF_HOST: FreePages = { same: 1024, barren: 5000, worded: 45_000 }

/** Pages that a new body pays for: a site with less news than a twentieth is names for the same. */
const PAGES_A_BODY = 20
/** Pages that a new picture pays for: lists and articles without one stand between those that have some. */
const PAGES_A_PICTURE = 10
/**
 * Pages that a new word in a title pays for: entries of a lexicon bring one each, discussions of ten thousand titles some
 * words for each ten; calendars, numbered pages and mazes of one vocabulary run out of them.
 */
const PAGES_A_WORD = 2

/**
 * How many pages may be admitted in all, after what those before have brought. What is finite and brings something is
 * held back for moments only; what is generated for ever shows the same body, or no picture and no word that is new.
 */
export function allowedPages({ pictures, bodies, words }: PageYield, free: FreePages): number {
  const worded = Math.min(PAGES_A_WORD * words, free.worded)
  return Math.min(free.same + PAGES_A_BODY * bodies, free.barren + PAGES_A_PICTURE * pictures + worded)
}
