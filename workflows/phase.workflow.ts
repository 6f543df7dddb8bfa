import { condition, continueAsNew, startChild, workflowInfo } from '@temporalio/workflow'
import type { Phase, Queues, RunInput } from '../schema/contracts/release-work.ts'
import type { shardWorkflow } from './shard.workflow.ts'

export interface PhaseWorkflowInput extends RunInput {
  phase: Phase
  shards: number
  /** First shard that this run starts. */
  from: number
  /** Shards in work at a time. */
  window: number
  queues: Queues
}

export interface PhaseWorkflowResult {
  paused: boolean
}

/** Some 3,000 events a run. */
const SHARDS_PER_RUN = 250

/** A sliding window of shard workflows over one numbered list; continues as new between pages of shards. */
export async function phaseWorkflow(input: PhaseWorkflowInput): Promise<PhaseWorkflowResult> {
  const end = Math.min(input.shards, input.from + SHARDS_PER_RUN)
  let running = 0
  let paused = false
  let failure: unknown = null
  for (let shard = input.from; shard < end; shard += 1) {
    await condition(() => running < input.window || paused || failure !== null)
    if (paused || failure !== null) break
    running += 1
    const child = await startChild<typeof shardWorkflow>('shardWorkflow', {
      // The id extends this one's without its run, so that a resumed phase joins what still runs.
      workflowId: `${workflowInfo().workflowId}/${shard}`,
      args: [{ releaseNo: input.releaseNo, run: input.run, phase: input.phase, shard, queues: input.queues }],
    })
    child.result().then(
      (result) => {
        running -= 1
        paused ||= result.paused
      },
      (error: unknown) => {
        running -= 1
        failure ??= error
      },
    )
  }
  await condition(() => running === 0)
  if (failure !== null) throw failure
  if (paused) return { paused: true }
  if (end < input.shards) await continueAsNew<typeof phaseWorkflow>({ ...input, from: end })
  return { paused: false }
}
