import { isAllowed, parseRobots } from '../../activities/crawl/robots.ts'
import { sniffEncoding } from '../../activities/extract/charset.ts'
import { parseSrcset } from '../../activities/extract/srcset.ts'
import { pdqReferenceHash } from '../../activities/normalise/pdq.ts'
import { createAddressGuard } from '../../infra/address-guard.ts'
import { createImages } from '../../infra/images.ts'
import type { ConformanceFunctions } from './table.ts'

/** The functions that the crawl and its steps run, with no private address permitted. The decoder opens with the first picture. */
export function crawlFunctions(): ConformanceFunctions {
  let images: ReturnType<typeof createImages> | null = null
  return {
    robotsAllows: (file, agent, url) => isAllowed(parseRobots(file), agent, url).allowed,
    guard: createAddressGuard({ allow: [] }),
    parseSrcset,
    sniffEncoding,
    pdqReferenceHash: async (file) => pdqReferenceHash(file, await (images ??= createImages())),
  }
}
