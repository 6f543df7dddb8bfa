import type { RunInput } from '../../schema/contracts/release-work.ts'
import {
  countFrequencies,
  frequencyRows,
  type HostLanguage,
  insertHostLanguages,
  pageLanguages,
} from '../../schema/queries/frequency.ts'
import { storeSurvey } from '../../schema/queries/surveys.ts'
import { digestRunList } from '../../schema/queries/run-digest.ts'
import { finishShard } from '../../schema/queries/in-flight.ts'
import { hostWeights } from '../judge-candidates/page-evidence.ts'
import { digestJson, sha256 } from '../digest.ts'
import { runStep, type StepDeps } from '../steps/shard-edge.ts'

export type FrequencyActivities = ReturnType<typeof createFrequencyActivities>

/**
 * How often a text stands on each host, counted over all candidates whatever is dropped later. Counts below the floor are
 * left out: no limit reads them.
 */
export function createFrequencyActivities(deps: StepDeps) {
  /** Safe to run twice: the rows of a run and the artifact are functions of its candidates. */
  const surveyFrequency = (input: RunInput): Promise<{ entries: number }> =>
    runStep(deps, input, 'frequency', async (context) => {
      const { run } = context.run
      await countFrequencies(deps.db, run)
      const languages = await hostLanguages(deps, run, context.defId('page-language'))
      await insertHostLanguages(deps.db, run, languages)
      const lines = languages.map((row) => JSON.stringify(row))
      for await (const row of frequencyRows(deps.db, run)) lines.push(JSON.stringify(row))
      const artifact = await deps.store.put(Buffer.from(lines.map((line) => `${line}\n`).join('')))
      const list = sha256(Buffer.concat([await digestRunList(deps.db, run, 'candidates'), digestJson(languages)]))
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

/** Letters by language over all pages of each host, in the order of (host, language). */
async function hostLanguages(deps: StepDeps, run: string, defId: number): Promise<HostLanguage[]> {
  const sums = new Map<string, HostLanguage>()
  for await (const pages of pageLanguages(deps.db, run, defId)) {
    for (const page of pages) {
      const { host } = new URL(page.url)
      for (const { group, letters } of hostWeights([page.value])) {
        const key = JSON.stringify([host, group])
        const sum = sums.get(key)
        if (sum) sum.letters += letters
        else sums.set(key, { host, lang: group, letters })
      }
    }
  }
  return [...sums.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
}
