import { ApplicationFailure } from '@temporalio/common'
import { Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker'
import { beforeAll, expect, test } from 'vitest'
import { PHASES } from '../../../schema/contracts/release-work.ts'
import type { releaseWorkflow } from '../../../workflows/release.workflow.ts'
import { fakeRelease, type FakeRelease } from '../../support/fake-release.ts'
import { bundleWorkflows, closedRuns, quietRuntime, useTestNamespace } from '../../support/temporal.ts'

const budget = useTestNamespace()
const trials = useTestNamespace()
/** The queue that the workflows name themselves. */
const QUEUE = 'mella-orchestrator'
const STEPS = Object.values(PHASES).flat()
const FULL_SHARDS = 12
const CHILDREN = Object.keys(PHASES).length * (1 + FULL_SHARDS)

let bundle: WorkflowBundleWithSourceMap

beforeAll(async () => {
  quietRuntime()
  bundle = await bundleWorkflows()
})

/** Runs a worker with these activities for as long as `work` takes. */
async function withWorker<Result>(
  namespace: typeof budget,
  { activities }: FakeRelease,
  work: () => Promise<Result>,
): Promise<Result> {
  const worker = await Worker.create({
    connection: await namespace.native(),
    namespace: namespace.name,
    taskQueue: QUEUE,
    workflowBundle: bundle,
    activities,
    stickyQueueScheduleToStartTimeout: '1 s',
  })
  return worker.runUntil(work)
}

const start = ({ client }: typeof budget, id: string) =>
  client.workflow.start<typeof releaseWorkflow>('releaseWorkflow', {
    workflowId: id,
    taskQueue: QUEUE,
    args: [{ releaseNo: 1, run: '1', window: 4, queues: { io: QUEUE, cpu: QUEUE, model: QUEUE } }],
  })

test('a release costs at most 0.5 history events an item at shard size 100, and 0.05 at 1,000', async () => {
  const fake = fakeRelease(FULL_SHARDS)
  await withWorker(budget, fake, async () => (await start(budget, 'release/budget')).result())
  expect(STEPS.map((step) => [step, fake.calls[step]])).toEqual(STEPS.map((step) => [step, FULL_SHARDS]))
  const runs = await closedRuns(budget, 1 + CHILDREN)
  expect(runs).toHaveLength(1 + CHILDREN)
  const events = runs.reduce((sum, run) => sum + run.historyLength, 0)
  // An item is one input of one shard phase; what a shard costs does not depend on how many it has.
  const shards = Object.keys(PHASES).length * FULL_SHARDS
  expect(events / (shards * 100)).toBeLessThanOrEqual(0.5)
  expect(events / (shards * 1000)).toBeLessThanOrEqual(0.05)
})

test('a shard whose activity stopped early is called until it is done', async () => {
  let left = 3
  const more = () => Promise.resolve({ outcome: (left -= 1) > 0 ? 'more' : 'done' })
  const fake = fakeRelease(1, { extractShard: more })
  await withWorker(trials, fake, async () => (await start(trials, 'release/more')).result())
  expect(fake.calls['extractShard']).toBe(3)
})

test('a paused release waits, and goes on with the paused phase when it is resumed', async () => {
  let paused = true
  const asked = Promise.withResolvers<void>()
  const classify = () => {
    if (paused) asked.resolve()
    return Promise.resolve({ outcome: paused ? 'paused' : 'done' })
  }
  const fake = fakeRelease(2, { classifyShard: classify })
  await withWorker(trials, fake, async () => {
    const handle = await start(trials, 'release/paused')
    await asked.promise
    await expect.poll(async () => (await trials.client.workflow.count(running('release/paused/'))).count).toBe(0)
    expect((await handle.describe()).status.name).toBe('RUNNING')
    expect(fake.calls['surveyFrequency']).toBe(undefined)
    paused = false
    await handle.signal('resume')
    await handle.result()
  })
  // Both shards of the phase were paused, and both were done after it.
  expect([fake.calls['classifyShard'], fake.calls['finishRelease']]).toEqual([4, 1])
})

const running = (prefix: string) => `ExecutionStatus = 'Running' AND WorkflowId STARTS_WITH '${prefix}'`

test('a release that fails notes the code of the innermost cause', async () => {
  const notes: unknown[] = []
  const fake = fakeRelease(1, {
    captionShard: () => Promise.reject(ApplicationFailure.nonRetryable('service is not there', 'MODEL_AWAY')),
    endRelease: (input) => {
      notes.push(input)
      return Promise.resolve({})
    },
  })
  const failure = await withWorker(trials, fake, async () =>
    (await start(trials, 'release/failed')).result().then(
      () => 'no failure',
      (error: unknown) => error,
    ),
  )
  expect(failure).toMatchObject({ name: 'WorkflowFailedError' })
  expect(notes).toEqual([{ releaseNo: 1, run: '1', failure: 'MODEL_AWAY' }])
})

test('a cancelled release notes that it was cancelled, and nothing of it runs on', async () => {
  const asked = Promise.withResolvers<void>()
  const notes: unknown[] = []
  const fake = fakeRelease(3, {
    judgeSamplesShard: () => {
      asked.resolve()
      return Promise.resolve({ outcome: 'paused' })
    },
    endRelease: (input) => {
      notes.push(input)
      return Promise.resolve({})
    },
  })
  await withWorker(trials, fake, async () => {
    const handle = await start(trials, 'release/cancelled')
    await asked.promise
    await handle.cancel()
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } })
    await expect.poll(async () => (await trials.client.workflow.count(running('release/cancelled'))).count).toBe(0)
  })
  expect(notes).toEqual([{ releaseNo: 1, run: '1', failure: null }])
})

test('a phase of more shards than one run may start goes on in a new run, and starts each shard once', async () => {
  const seen: number[] = []
  const fake = fakeRelease(1, {
    buildRowsShard: (input) => {
      seen.push((input as { shard: number }).shard)
      return Promise.resolve({ outcome: 'done' })
    },
  })
  await withWorker(trials, fake, async () => {
    const handle = await trials.client.workflow.start('phaseWorkflow', {
      workflowId: 'release/long/rows',
      taskQueue: QUEUE,
      args: [
        {
          releaseNo: 1,
          run: '1',
          phase: 'rows',
          shards: 255,
          from: 0,
          window: 16,
          queues: { io: QUEUE, cpu: QUEUE, model: QUEUE },
        },
      ],
    })
    expect(await handle.result()).toEqual({ paused: false })
  })
  expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 255 }, (_, shard) => shard))
})
