import { PHASES } from '../../schema/contracts/release-work.ts'

export interface FakeRelease {
  /** Calls of each activity, by name. */
  calls: Record<string, number>
  activities: Record<string, (input: unknown) => Promise<unknown>>
}

/** Activities under the names of the real ones that do nothing: what is left is what the workflows themselves cost. */
export function fakeRelease(shards: number, changes: FakeRelease['activities'] = {}): FakeRelease {
  const calls: Record<string, number> = {}
  const results: Record<string, unknown> = {
    planRun: { pages: 0, pictures: 0, pageShards: shards, pictureShards: shards },
    surveyFrequency: {},
    surveyNearPairs: {},
    formSamples: { shards },
    chooseSamples: { shards },
    selectSamples: {},
    planFiles: { count: 2 },
    writeDataFile: {},
    finishRelease: {},
    endRelease: {},
  }
  for (const name of Object.values(PHASES).flat()) results[name] = { outcome: 'done' }
  const activities = Object.fromEntries(
    Object.entries(results).map(([name, result]) => [
      name,
      (input: unknown) => {
        calls[name] = (calls[name] ?? 0) + 1
        return changes[name] ? changes[name](input) : Promise.resolve(result)
      },
    ]),
  )
  return { calls, activities }
}
