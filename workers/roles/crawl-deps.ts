import type { CrawlDeps } from '../../activities/crawl/create-shard-crawler.ts'
import { readSitemap } from '../../activities/crawl/sitemap.ts'
import { extractInputDigest } from '../../activities/extract/extract-page.ts'
import { crawlDefinitions } from '../../activities/steps/tool-versions.ts'
import { archiveSize, digestArchive, scanArchive } from '../../infra/archive-file.ts'
import { createAddressGuard } from '../../infra/address-guard.ts'
import { createBodyBudget } from '../../infra/body-budget.ts'
import { createWebFetcher } from '../../infra/http.ts'
import { sniffImageFormat } from '../../infra/image-format.ts'
import { parseResolveMap, ruleText } from '../../infra/resolve-map.ts'
import { createSegment, encodeResponse, encodeRevisit } from '../../infra/warc.ts'
import { readMessage } from '../../infra/warc-message.ts'
import { readArchived } from '../../infra/warc-read.ts'
import type { Runtime } from '../runtime.ts'

/** Far above any `max_body_mib` that a spec may set. */
const MAX_BODY_BYTES = 1024 * 1024 * 1024

/** What the crawl stands on. */
export function crawlDeps(runtime: Runtime): CrawlDeps {
  const { settings } = runtime
  const bodies = createBodyBudget()
  const fetcher = createWebFetcher({
    bodies,
    guard: createAddressGuard({ allow: settings.networkAllow }),
    resolve: settings.resolve.length === 0 ? null : parseResolveMap(settings.resolve.map(ruleText).join(',')),
  })
  return {
    db: runtime.db,
    store: runtime.store,
    worker: runtime.worker,
    commitId: runtime.commitId,
    definitions: crawlDefinitions(runtime.tools),
    archive: { encodeResponse, encodeRevisit, createSegment },
    files: { digest: digestArchive, size: archiveSize, scan: scanArchive, readMessage },
    readArchived: async ({ sha, offset, length }) =>
      readArchived(await runtime.store.getRange(sha, offset, length), MAX_BODY_BYTES),
    fetchOnce: (request) => fetcher.fetchOnce(request),
    addressOf: (url) => fetcher.addressOf(url),
    bodies,
    takeSlot: createSlots(settings.concurrency),
    extractPage: (input) => runtime.pages.extract(input, false),
    extractInput: extractInputDigest,
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
