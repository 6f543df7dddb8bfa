import { setTimeout as sleep } from 'node:timers/promises'
import { readSitemap } from '../../activities/crawl/sitemap.ts'
import { extractInThread, PAGE_THREAD_LIMITS } from '../../activities/extract/extract-in-thread.ts'
import { extractInputDigest } from '../../activities/extract/extract-page.ts'
import { detectPageLanguage } from '../../activities/page-language/page-language.ts'
import type { ProbeDeps } from '../../activities/probe/probe-sites.ts'
import { createAddressGuard } from '../../infra/address-guard.ts'
import type { Settings } from '../../infra/config.ts'
import { loadDetectors } from '../../infra/detectors.ts'
import { createWebFetcher } from '../../infra/http.ts'
import { sniffImageFormat } from '../../infra/image-format.ts'
import { parseResolveMap, ruleText } from '../../infra/resolve-map.ts'
import { createThreadPool } from '../../infra/thread-pool.ts'
import type { CrawlSection } from '../../schema/contracts/spec.ts'

/** As the crawl's own limit. */
const MAX_RATIO = 200

/** Threads that read pages: one is always on a page, the other one on the next. */
const PAGE_THREADS = 2

/** The workers' own thread, by its file: what it runs is theirs. */
const PAGE_THREAD = new URL('../../workers/page-thread.ts', import.meta.url)

/**
 * What a probe stands on: the crawl's way to the web and its readers, without a database, a store or workers. Pages are
 * parsed in threads, where one that takes longer than `pageTimeoutMs` is ended.
 */
export async function openProbe(
  settings: Settings,
  section: CrawlSection,
  { pageTimeoutMs = PAGE_THREAD_LIMITS.taskTimeoutMs }: { pageTimeoutMs?: number } = {},
): Promise<{ deps: Omit<ProbeDeps, 'pages' | 'onPage'> } & AsyncDisposable> {
  const fetcher = createWebFetcher({
    guard: createAddressGuard({ allow: settings.networkAllow }),
    resolve: settings.resolve.length === 0 ? null : parseResolveMap(settings.resolve.map(ruleText).join(',')),
  })
  const detectors = await loadDetectors()
  const pages = createThreadPool({
    ...PAGE_THREAD_LIMITS,
    file: PAGE_THREAD,
    threads: PAGE_THREADS,
    taskTimeoutMs: pageTimeoutMs,
  })
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
      extractPage: (input) => extractInThread(pages, input, true),
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
    [Symbol.asyncDispose]: async () => {
      await pages.close()
      await fetcher.close()
    },
  }
}
