import { setTimeout as sleep } from 'node:timers/promises'
import { createCrawlActivities } from '../../activities/crawl/crawl.activity.ts'
import { crawlDeps } from '../../workers/roles/crawl-deps.ts'
import { inActivity } from './activity.ts'
import { openTestRuntime } from './crawler.ts'
import type { Settings } from '../../infra/config.ts'

/** What a crawling process is started with, as JSON in its first argument. */
export interface CrawlOrder {
  home: string
  databaseUrl: string
  settings: Partial<Settings>
  crawlId: string
  /** It begins with the shards of this parity, and helps with the others when those are done. */
  parity: 0 | 1
}

/** A process of its own that crawls as an io worker does, until nothing is left. `node test/support/crawl-process.ts ORDER`. */
const order = JSON.parse(process.argv[2] ?? '') as CrawlOrder
const runtime = await openTestRuntime(order.home, order.databaseUrl, 0, order.settings)
const activities = createCrawlActivities(crawlDeps(runtime))
const { crawlId } = order
for (;;) {
  const round = await inActivity(() => activities.planCrawlRound({ crawlId }))
  if (round.kind !== 'work') break
  const own = round.shards.filter((shard) => shard % 2 === order.parity)
  const shards = own.length > 0 ? own : round.shards
  // One whose lease went to another process fails, as its worker would be told; the next round says what is left.
  await Promise.all(
    shards.map((shard) => inActivity(() => activities.crawlShard({ crawlId, shard })).catch(() => sleep(100))),
  )
  if (shards.length === 0) await sleep(100)
}
await runtime[Symbol.asyncDispose]()
