import { createCrawlActivities } from '../../activities/crawl/crawl.activity.ts'
import type { CrawlDeps } from '../../activities/crawl/create-shard-crawler.ts'
import type { Settings } from '../../infra/config.ts'
import { crawlDeps } from '../../workers/roles/crawl-deps.ts'
import { openRuntime, type Runtime } from '../../workers/runtime.ts'
import { inActivity } from './activity.ts'
import { testSettings } from './home.ts'

/** A worker's runtime in a test home: names below `example` lead to one port of loopback. */
export function openTestRuntime(
  home: string,
  databaseUrl: string,
  sitePort: number,
  changes: Partial<Settings> = {},
): Promise<Runtime> {
  const settings: Settings = {
    ...testSettings(home),
    networkAllow: ['127.0.0.0/8'],
    resolve: [{ pattern: '*.example', host: '127.0.0.1', port: sitePort }],
    ...changes,
  }
  return openRuntime(settings, { databaseUrl, temporalAddress: '' }, 2)
}

/** Crawls as the coordinator does, with the real activities, until a round says that nothing is left to do. */
export async function crawlToEnd(
  runtime: Runtime,
  crawlId: string,
  signal?: AbortSignal,
  deps: CrawlDeps = crawlDeps(runtime),
): Promise<string> {
  const activities = createCrawlActivities(deps)
  for (;;) {
    const round = await inActivity(() => activities.planCrawlRound({ crawlId }))
    if (round.kind !== 'work') return round.kind
    await Promise.all(round.shards.map((shard) => inActivity(() => activities.crawlShard({ crawlId, shard }), signal)))
    if (round.shards.length === 0) await new Promise((resolve) => setTimeout(resolve, Math.min(round.waitMs, 200)))
  }
}
