import type { RunInput } from '../../schema/contracts/release-work.ts'
import { countFrequencies, frequencyRows } from '../../schema/queries/frequency.ts'
import { storeSurvey } from '../../schema/queries/surveys.ts'
import { digestRunList } from '../../schema/queries/run-digest.ts'
import { finishShard } from '../../schema/queries/in-flight.ts'
import { runStep, type StepDeps } from '../steps/shard-edge.ts'

export type FrequencyActivities = ReturnType<typeof createFrequencyActivities>

/**
 * How often a text stands on each host, counted over all candidates whatever is dropped later. Counts below the floor are
 * left out: no limit reads them.
 */
export function createFrequencyActivities(deps: StepDeps) {
  /** Safe to run twice: the rows of a run and the artifact are functions of its candidates. */
  const surveyFrequency = (input: RunInput): Promise<{ entries: number }> =>
    runStep(deps, input, async (context) => {
      const { run } = context.run
      await countFrequencies(deps.db, run)
      const lines: string[] = []
      for await (const row of frequencyRows(deps.db, run)) lines.push(JSON.stringify(row))
      const artifact = await deps.store.put(Buffer.from(lines.map((line) => `${line}\n`).join('')))
      const list = await digestRunList(deps.db, run, 'candidates')
      const isNew = await storeSurvey(deps.db, 'frequency', {
        defId: context.defId('frequency'),
        input: list,
        artifact,
        entries: lines.length,
        run,
      })
      await finishShard(deps.db, {
        run,
        step: 'frequency',
        shard: 0,
        inputs: 1,
        computed: isNew || context.run.again ? 1 : 0,
      })
      return { entries: lines.length }
    })
  return { surveyFrequency }
}
