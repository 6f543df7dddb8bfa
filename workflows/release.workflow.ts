import {
  CancellationScope,
  condition,
  defineSignal,
  executeChild,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow'
import { codedCause } from '../schema/contracts/errors.ts'
import type { Phase, Queues, RunInput } from '../schema/contracts/release-work.ts'
import { wasCancelled } from './crawl.workflow.ts'
import type { phaseWorkflow } from './phase.workflow.ts'
import { computeOn, orchestrate } from './proxies.ts'

export interface ReleaseWorkflowInput extends RunInput {
  queues: Queues
  /** Shards in work at a time, for each phase. */
  window: number
}

/** The release was resumed. */
export const resumeSignal = defineSignal('resume')

/** Data files written at a time; each is one activity. */
const FILES_AT_A_TIME = 2

/**
 * From frozen crawls to a signed release: facts, surveys, judgements, generations, packaging. Order and waiting only;
 * every count and every row is in Postgres, from which a restarted workflow goes on.
 */
export async function releaseWorkflow(input: ReleaseWorkflowInput): Promise<void> {
  const run = { releaseNo: input.releaseNo, run: input.run }
  const steps = orchestrate()
  const compute = computeOn(input.queues.cpu)
  let resumed = false
  setHandler(resumeSignal, () => {
    resumed = true
  })

  const phase = async (name: Phase, shards: number): Promise<void> => {
    for (;;) {
      const result = await executeChild<typeof phaseWorkflow>('phaseWorkflow', {
        workflowId: `${workflowInfo().workflowId}/${name}`,
        args: [{ ...run, phase: name, shards, from: 0, window: input.window, queues: input.queues }],
      })
      if (!result.paused) return
      await condition(() => resumed)
      resumed = false
    }
  }

  try {
    const lists = await steps.planRun(run)
    await Promise.all([phase('pages', lists.pageShards), phase('pictures', lists.pictureShards)])
    await Promise.all([steps.surveyFrequency(run), compute.surveyNearPairs(run)])
    await phase('candidates', lists.pageShards)
    const samples = await steps.formSamples(run)
    await phase('samples', samples.shards)
    const kept = await steps.chooseSamples(run)
    await phase('generate', kept.shards)
    await steps.selectSamples(run)
    await phase('rows', kept.shards)
    const files = await steps.planFiles(run)
    for (let start = 0; start < files.count; start += FILES_AT_A_TIME) {
      const end = Math.min(files.count, start + FILES_AT_A_TIME)
      await Promise.all(
        Array.from({ length: end - start }, (_, index) => compute.writeDataFile({ ...run, file: start + index })),
      )
    }
    await steps.finishRelease(run)
  } catch (error) {
    await CancellationScope.nonCancellable(() =>
      steps.endRelease({ ...run, failure: wasCancelled(error) ? null : codeOf(error) }),
    )
    throw error
  }
}

/** The code of what ended it: the activity that failed has noted what it said. */
function codeOf(error: unknown): string {
  return codedCause(error)?.code ?? 'UNKNOWN_FAULT'
}
