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

  /** A release that could not be finished: failed with the code of its fault, or cancelled. Safe to run twice. */
  const endRelease = (input: RunInput & { failure: string | null }): Promise<void> =>
    runEdge(async () => {
      const { failure } = input
      const known = await getRelease(deps.db, input.releaseNo)
      await setReleaseState(deps.db, input.releaseNo, {
        state: failure === null ? 'cancelled' : 'failed',
        // The activity that failed has noted what it said.
        note: noteFor(failure, known),
        note_code: failure,
      })
    })

  return { planRun, endRelease }
}

function noteFor(code: string | null, known: { note: string | null; note_code: string | null }): string | null {
  if (code === null) return null
  return known.note_code === code ? known.note : `${code}: the logs of the workers say more`
}
