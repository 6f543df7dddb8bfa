import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { activityInfo } from '@temporalio/activity'
import { Worker } from '@temporalio/worker'
import { afterAll, expect, test } from 'vitest'
import type { CrawlShardResult } from '../../../schema/contracts/crawl-work.ts'
import type { crawlShardWorkflow } from '../../../workflows/crawl-shard.workflow.ts'
import { useTestDatabase } from '../../support/database.ts'
import { useMella } from '../../support/mella.ts'
import { bundleWorkflows, quietRuntime, useTestNamespace } from '../../support/temporal.ts'

const CHECKOUT = path.resolve(import.meta.dirname, '../../..')
const ORCHESTRATOR = 'mella-orchestrator'
const SHARDS = 12
/** `TASK_QUEUE_TYPE_ACTIVITY` of Temporal's protocol. */
const ACTIVITIES = 2

const namespace = useTestNamespace()
const mella = useMella('frozen', useTestDatabase(), namespace)
const stops: (() => Promise<unknown>)[] = []
afterAll(() => Promise.all(stops.map((stop) => stop())))

/** The process of an io worker, once it takes work, and its queue. */
async function startIoWorker(): Promise<{ queue: string; freeze(): void }> {
  const child = spawn(process.execPath, ['workers/main.ts', 'io'], {
    cwd: CHECKOUT,
    env: mella.env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = once(child, 'exit')
  stops.push(() => {
    child.kill('SIGKILL')
    return ended
  })
  for await (const line of createInterface({ input: child.stderr })) {
    if (!line.includes('"worker running"')) continue
    const { queues } = JSON.parse(line) as { queues: [string] }
    return { queue: queues[0], freeze: () => child.kill('SIGSTOP') }
  }
  throw new Error('the worker ended')
}

async function pollers(queue: string): Promise<number> {
  const { pollers: found } = await namespace.client.workflowService.describeTaskQueue({
    namespace: namespace.name,
    taskQueue: { name: queue },
    taskQueueType: ACTIVITIES,
  })
  return found?.length ?? 0
}

test('a worker that freezes keeps two shards from the others until their heartbeats are missed, and no more', async () => {
  quietRuntime()
  const frozen = await startIoWorker()
  await expect.poll(() => pollers(frozen.queue), { timeout: 20_000 }).toBeGreaterThan(0)
  // The first poll is there; the others are on their way.
  await new Promise((resolve) => setTimeout(resolve, 500))
  frozen.freeze()
  const attempts: number[] = []
  const crawlShard = (): Promise<CrawlShardResult> => {
    attempts.push(activityInfo().attempt)
    return Promise.resolve({ outcome: 'idle', committed: 0 })
  }
  const connection = await namespace.native()
  const workflowBundle = await bundleWorkflows()
  const other = { connection, namespace: namespace.name }
  const orchestrator = await Worker.create({ ...other, taskQueue: ORCHESTRATOR, workflowBundle })
  const io = await Worker.create({ ...other, taskQueue: frozen.queue, activities: { crawlShard } })
  const crawl = async (shard: number) => {
    const started = await namespace.client.workflow.start<typeof crawlShardWorkflow>('crawlShardWorkflow', {
      workflowId: `frozen/shard/${shard}`,
      taskQueue: ORCHESTRATOR,
      args: [{ crawlId: 'frozen', shard, ioQueue: frozen.queue }],
    })
    await started.result()
  }
  const crawlAll = () => Promise.all(Array.from({ length: SHARDS }, (_, shard) => crawl(shard)))
  await orchestrator.runUntil(() => io.runUntil(crawlAll))
  expect(attempts).toHaveLength(SHARDS)
  expect(attempts.filter((attempt) => attempt > 1).length).toBeLessThanOrEqual(2)
})
