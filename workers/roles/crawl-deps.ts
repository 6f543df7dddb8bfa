import type { CrawlDeps } from '../../activities/crawl/crawl.activity.ts'
import { readSitemap } from '../../activities/crawl/sitemap.ts'
import { extractInputDigest, extractPage } from '../../activities/extract/extract-page.ts'
import { detectPageLanguage } from '../../activities/page-language/page-language.ts'
import { crawlDefinitions } from '../../activities/steps/tool-versions.ts'
import { createAddressGuard } from '../../infra/address-guard.ts'
import type { ResolveRule } from '../../infra/config-values.ts'
import { loadDetectors } from '../../infra/detectors.ts'
import { createWebFetcher } from '../../infra/http.ts'
import { sniffImageFormat } from '../../infra/image-format.ts'
import { parseResolveMap } from '../../infra/resolve-map.ts'
import { createSegment, encodeResponse, encodeRevisit } from '../../infra/warc.ts'
import { readArchived } from '../../infra/warc-read.ts'
import type { Runtime } from '../runtime.ts'

/** Far above any `max_body_mib` that a spec may set. */
const MAX_BODY_BYTES = 1024 * 1024 * 1024

/** What the crawl stands on; `fetches` is false for the orchestrator, which only plans. */
export async function crawlDeps(runtime: Runtime, fetches: boolean): Promise<CrawlDeps> {
  const { settings } = runtime
  const fetcher = createWebFetcher({
    guard: createAddressGuard({ allow: settings.networkAllow }),
    resolve: settings.resolve.length === 0 ? null : parseResolveMap(settings.resolve.map(ruleText).join(',')),
  })
  const detectors = fetches ? await loadDetectors() : null
  return {
    db: runtime.db,
    store: runtime.store,
    worker: runtime.worker,
    commitId: runtime.commitId,
    definitions: crawlDefinitions(runtime.tools),
    archive: { encodeResponse, encodeRevisit, createSegment },
    readArchived: async ({ sha, offset, length }) =>
      readArchived(await runtime.store.getRange(sha, offset, length), MAX_BODY_BYTES),
    fetchOnce: (request) => fetcher.fetchOnce(request),
    addressOf: (url) => fetcher.addressOf(url),
    takeSlot: createSlots(settings.concurrency),
    extractPage,
    extractInput: extractInputDigest,
    pageLanguage: (text, declared) => {
      if (!detectors) throw new Error('this role does not read pages')
      return detectPageLanguage(text, declared, detectors)
    },
    sniffImage: sniffImageFormat,
    matchAbuse: runtime.matchAbuse,
    readSitemap,
  }
}

/** At most `limit` requests of this process at a time, over all shards that it crawls. */
function createSlots(limit: number): () => (() => void) | null {
  let taken = 0
  return () => {
    if (taken >= limit) return null
    taken += 1
    let held = true
    return () => {
      if (held) taken -= 1
      held = false
    }
  }
}

function ruleText({ pattern, host, port }: ResolveRule): string {
  const address = host.includes(':') ? `[${host}]` : host
  return `${pattern}=${address}${port === null ? '' : `:${port}`}`
}
