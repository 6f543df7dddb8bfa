import { proxyActivities } from '@temporalio/workflow'
import type { CrawlActivities } from '../activities/crawl/crawl.activity.ts'
import type { LaunchActivities } from '../activities/plan-release/launch.activity.ts'
import type { GenerateActivities } from '../activities/generate/generate.activity.ts'
import type { ReleaseActivities } from '../activities/plan-release/release.activity.ts'
import type { ShardActivities } from '../activities/shards/shard.activity.ts'

/** Every timeout, heartbeat and retry of the system, in one place. */

/** Until a fault of the batch (database away, disk full) passes; what cannot pass is non-retryable by its error. */
const UNTIL_IT_PASSES = { initialInterval: '500 ms', backoffCoefficient: 2, maximumInterval: '20 s' } as const

/** Queries and set-based statements over a whole run: minutes at ten million rows. */
export const orchestration = {
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '10 s',
  retry: UNTIL_IT_PASSES,
} as const

/** One shard for some 20 s; a dead worker is noticed after the same five seconds that its lease lasts. */
export const crawling = {
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '5 s',
  retry: { initialInterval: '500 ms', backoffCoefficient: 1.5, maximumInterval: '10 s' },
} as const

/** One batch of a shard; activities stop by themselves after eight minutes. */
export const batch = {
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '5 s',
  retry: UNTIL_IT_PASSES,
} as const

/** Model services: the adapter waits for 429 itself; a service that stays away fails the release, which can be resumed. */
export const modelCalls = {
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '5 s',
  retry: { initialInterval: '2 s', backoffCoefficient: 2, maximumInterval: '20 s' },
} as const

export const orchestrate = () =>
  proxyActivities<
    Pick<CrawlActivities, 'planCrawlRound' | 'endCrawl' | 'readCrawlState'> & ReleaseActivities & LaunchActivities
  >(orchestration)
export const crawlOn = (taskQueue: string) =>
  proxyActivities<Pick<CrawlActivities, 'crawlShard'>>({ ...crawling, taskQueue })
export const computeOn = (taskQueue: string) => proxyActivities<ShardActivities>({ ...batch, taskQueue })
export const generateOn = (taskQueue: string) => proxyActivities<GenerateActivities>({ ...modelCalls, taskQueue })
