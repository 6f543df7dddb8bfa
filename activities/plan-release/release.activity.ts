import type { RunInput } from '../../schema/contracts/release-work.ts'
import { fixRunLists } from '../../schema/queries/run-lists.ts'
import { getRelease, setReleaseState } from '../../schema/queries/releases.ts'
import { runEdge } from '../edge/run-edge.ts'
import { runStep, type StepDeps } from '../steps/shard-edge.ts'

export type PlanActivities = ReturnType<typeof createPlanActivities>

export interface RunLists {
  pages: number
  pictures: number
  pageShards: number
  pictureShards: number
}

export function createPlanActivities(deps: StepDeps) {
  /** Fixes the numbered lists of a run. Safe to run twice. */
  const planRun = (input: RunInput): Promise<RunLists> =>
    runStep(deps, input, 'plan', async ({ run, release }) => {
      const lists = await fixRunLists(
        deps.db,
        run.run,
        release.plan.crawls.map((crawl) => crawl.crawl_no),
      )
      const shards = (count: number) => Math.ceil(count / run.shard_size)
      return { ...lists, pageShards: shards(lists.pages), pictureShards: shards(lists.pictures) }
    })

  /** A release that could not be finished: failed with its cause, or cancelled. Safe to run twice. */
  const endRelease = (input: RunInput & { failure: { code: string; message: string } | null }): Promise<void> =>
    runEdge(async () => {
      const { failure } = input
      const known = await getRelease(deps.db, input.releaseNo)
      await setReleaseState(deps.db, input.releaseNo, {
        state: failure === null ? 'cancelled' : 'failed',
        // The activity that failed has noted what it said.
        note: failure !== null && known.note_code === failure.code ? known.note : (failure?.message ?? null),
        note_code: failure?.code ?? null,
      })
    })

  return { planRun, endRelease }
}
