import { setTimeout as sleep } from 'node:timers/promises'
import { readSitemap } from '../../activities/crawl/sitemap.ts'
import { extractInputDigest, extractPage } from '../../activities/extract/extract-page.ts'
import { detectPageLanguage } from '../../activities/page-language/page-language.ts'
import type { ProbeDeps } from '../../activities/probe/probe-sites.ts'
import { createAddressGuard } from '../../infra/address-guard.ts'
import type { Settings } from '../../infra/config.ts'
import { loadDetectors } from '../../infra/detectors.ts'
import { createWebFetcher } from '../../infra/http.ts'
import { sniffImageFormat } from '../../infra/image-format.ts'
import { parseResolveMap, ruleText } from '../../infra/resolve-map.ts'
import type { CrawlSection } from '../../schema/contracts/spec.ts'

/** As the crawl's own limit. */
const MAX_RATIO = 200

/** What a probe stands on: the crawl's way to the web and its readers, without a database, a store or workers. */
export async function openProbe(
  settings: Settings,
  section: CrawlSection,
): Promise<{ deps: Omit<ProbeDeps, 'pages' | 'onPage'> } & AsyncDisposable> {
  const fetcher = createWebFetcher({
    guard: createAddressGuard({ allow: settings.networkAllow }),
    resolve: settings.resolve.length === 0 ? null : parseResolveMap(settings.resolve.map(ruleText).join(',')),
  })
  const detectors = await loadDetectors()
  const { limits, politeness } = section
  return {
    deps: {
      section,
      concurrency: settings.concurrency,
      fetch: (url, asked) =>
        fetcher.fetchOnce({
          url,
          userAgent: politeness.user_agent,
          maxBodyBytes: limits.max_body_mib * 1024 * 1024,
          deadlineMs: limits.seconds_per_page * 1000,
          maxRatio: MAX_RATIO,
          ...asked,
        }),
      extractPage,
      extractInput: extractInputDigest,
      pageLanguage: (text, declared) => detectPageLanguage(text, declared, detectors),
      sniffImage: sniffImageFormat,
      // Nothing keeps, decodes or shows a picture: its length is read and its bytes are let go.
      matchAbuse: () => Promise.resolve(null),
      readSitemap,
      now: () => performance.now(),
      sleep: async (ms) => {
        await sleep(ms)
      },
    },
    [Symbol.asyncDispose]: () => fetcher.close(),
  }
}
