import { continueAsNew } from '@temporalio/workflow'
import { crawlOn } from './proxies.ts'

export interface CrawlShardWorkflowInput {
  crawlId: string
  shard: number
  ioQueue: string
}

/** Some 1,200 events, half an hour of crawling. */
const MAX_ROUNDS = 100

/** Crawls one shard for as long as it has work at hand. */
export async function crawlShardWorkflow(input: CrawlShardWorkflowInput): Promise<void> {
  const { crawlShard } = crawlOn(input.ioQueue)
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const { outcome } = await crawlShard({ crawlId: input.crawlId, shard: input.shard })
    if (outcome !== 'budget') return
  }
  await continueAsNew<typeof crawlShardWorkflow>(input)
}
