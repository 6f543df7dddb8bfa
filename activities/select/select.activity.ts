import type { RunInput } from '../../schema/contracts/release-work.ts'
import { chooseFinal } from '../../schema/queries/choose-samples.ts'
import { finishShard } from '../../schema/queries/in-flight.ts'
import { runStep, type StepDeps } from '../steps/shard-edge.ts'

export type SelectActivities = ReturnType<typeof createSelectActivities>

export function createSelectActivities(deps: StepDeps) {
  /** The last choice, when generated texts are judged. Safe to run twice. */
  const selectSamples = (input: RunInput): Promise<{ kept: number; dropped: number }> =>
    runStep(deps, input, 'select', async ({ run, release }) => {
      const targets = Object.entries(release.spec.select.target).map(([tag, target]) => ({ tag, target }))
      const chosen = await chooseFinal(deps.db, run.run, targets)
      await finishShard(deps.db, { run: run.run, step: 'select', shard: 0, inputs: 1, computed: 1 })
      return chosen
    })
  return { selectSamples }
}
