import {
  ActivityFailure,
  CancellationScope,
  condition,
  continueAsNew,
  defineSignal,
  isCancellation,
  patched,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow'
import { codedCause } from '../schema/contracts/errors.ts'
import { orchestrate } from './proxies.ts'
import type { crawlShardWorkflow } from './crawl-shard.workflow.ts'

export interface CrawlWorkflowInput {
  crawlId: string
  ioQueue: string
  /** Shards crawled at a time. */
  window: number
}

export interface CrawlWorkflowResult {
  state: 'frozen' | 'partial' | 'cancelled' | 'failed'
}

/** Look again now: the crawl was paused, resumed, cancelled or given something back. */
export const wakeSignal = defineSignal('wake')

/** Far under the server's 4,096 events that suggest a new run. */
const MAX_STARTS = 300
const LONGEST_WAIT_MS = 60_000

/**
 * Crawls until no URL is left to try: a sliding window of shard workflows, each started when a query of committed rows
 * says that its shard has work. Holds no list: which shards run is the only state, and a new run waits for them first.
 */
export async function crawlWorkflow(input: CrawlWorkflowInput): Promise<CrawlWorkflowResult> {
  const { planCrawlRound, endCrawl, failCrawl } = orchestrate()
  const running = new Set<number>()
  let changed = false
  let starts = 0
  let failure: unknown = null
  setHandler(wakeSignal, () => {
    changed = true
  })
  const start = async (shard: number) => {
    const child = await startChild<typeof crawlShardWorkflow>('crawlShardWorkflow', {
      workflowId: `${workflowInfo().workflowId}/shard/${shard}`,
      args: [{ crawlId: input.crawlId, shard, ioQueue: input.ioQueue }],
    })
    const ended = () => {
      running.delete(shard)
      changed = true
    }
    child.result().then(ended, (error: unknown) => {
      failure ??= error
      ended()
    })
  }
  for (;;) {
    changed = false
    // What passes is retried inside the shard; what reaches here would come again for ever.
    if (failure !== null)
      return failCrawl({
        crawlId: input.crawlId,
        code: codedCause(failure)?.code ?? 'UNKNOWN_FAULT',
      })
    const round = await planCrawlRound({ crawlId: input.crawlId })
    if (round.kind === 'work') {
      const free = round.shards
        .filter((shard) => !running.has(shard))
        .slice(0, Math.max(0, input.window - running.size))
      for (const shard of free) running.add(shard)
      starts += free.length
      // One after the other each costs a way to the server and back: the last host of a crawl waited for all before it.
      if (patched('shards-start-together')) await Promise.all(free.map(start))
      else for (const shard of free) await start(shard)
    } else if (running.size === 0 && round.kind === 'cancelled') return { state: 'cancelled' }
    else if (running.size === 0 && round.kind === 'finished') return endCrawl({ crawlId: input.crawlId })
    if (starts >= MAX_STARTS) return renew(input, running)
    if (round.kind === 'paused' && running.size === 0) await condition(() => changed)
    else
      await condition(
        () => changed,
        round.kind === 'work' && round.waitMs > 0 ? Math.min(round.waitMs, LONGEST_WAIT_MS) : LONGEST_WAIT_MS,
      )
  }
}

async function renew(input: CrawlWorkflowInput, running: Set<number>): Promise<never> {
  await condition(() => running.size === 0)
  return continueAsNew<typeof crawlWorkflow>(input)
}

/** True for a cancellation, also one that came through an activity. */
export function wasCancelled(error: unknown): boolean {
  return (
    isCancellation(error) ||
    (error instanceof ActivityFailure && isCancellation(error.cause)) ||
    CancellationScope.current().consideredCancelled
  )
}
