import type { RunInput } from '../../schema/contracts/release-work.ts'
import { insertComponents, pictureHashes } from '../../schema/queries/choose-samples.ts'
import { finishShard } from '../../schema/queries/in-flight.ts'
import { findSurvey, storeSurvey } from '../../schema/queries/surveys.ts'
import { runStep, type StepDeps } from '../steps/shard-edge.ts'
import { sha256 } from '../steps/step.ts'
import { nameComponents } from './components.ts'
import { readPairs, writePairs } from './pair-file.ts'

export interface DuplicatesDeps extends StepDeps {
  /** All pairs within `threshold` bits among 32-byte hashes, exactly, in a thread of its own. */
  nearPairs(hashes: Uint8Array, threshold: number): Promise<{ a: number; b: number; distance: number }[]>
}

/** Meta's starting threshold for a match; fixed, so that splits never depend on a spec's limit. */
const SURVEY_DISTANCE = 31
/** Pictures of less PDQ quality are nearly featureless and would match each other (PDQ's README). */
const LEAST_QUALITY = 50

export type DuplicatesActivities = ReturnType<typeof createDuplicatesActivities>

export function createDuplicatesActivities(deps: DuplicatesDeps) {
  /**
   * Near pairs over all pictures of the run, kept or dropped. One artifact under the digest of (picture, hash) in order:
   * another encoder leaves hashes and so this survey as they are. Safe to run twice.
   */
  const surveyNearPairs = (input: RunInput): Promise<{ pairs: number }> =>
    runStep(deps, input, 'duplicates', async (context) => {
      const { run, again } = context.run
      const { pictures, hashes } = await readHashes(deps, run, context.defId('normalise'))
      const list = sha256(
        Buffer.concat([
          ...pictures.flatMap((picture, index) => [picture, hashes.subarray(index * 32, index * 32 + 32)]),
        ]),
      )
      const defId = context.defId('duplicates')
      const known = again ? undefined : await findSurvey(deps.db, defId, list)
      const artifact = known ? known.artifact : await survey(deps, pictures, hashes)
      const pairs = readPairs(await deps.store.get(artifact))
      const isNew = await storeSurvey(deps.db, 'duplicates', {
        defId,
        input: list,
        artifact,
        entries: pairs.length,
        run,
      })
      const names = nameComponents(
        [],
        pairs.map(({ a, b }) => [a, b] as const),
      )
      await insertComponents(
        deps.db,
        run,
        [...names].map(([picture, least]) => ({
          picture: Buffer.from(picture, 'hex'),
          least: Buffer.from(least, 'hex'),
        })),
      )
      await finishShard(deps.db, { run, step: 'duplicates', shard: 0, inputs: 1, computed: isNew || again ? 1 : 0 })
      return { pairs: pairs.length }
    })
  return { surveyNearPairs }
}

async function readHashes(
  deps: StepDeps,
  run: string,
  defId: number,
): Promise<{ pictures: Buffer[]; hashes: Uint8Array }> {
  const pictures: Buffer[] = []
  const parts: Buffer[] = []
  for await (const batch of pictureHashes(deps.db, run, defId, LEAST_QUALITY)) {
    for (const one of batch) {
      pictures.push(one.picture)
      parts.push(Buffer.from(one.pdq, 'hex'))
    }
  }
  return { pictures, hashes: Buffer.concat(parts) }
}

async function survey(deps: DuplicatesDeps, pictures: readonly Buffer[], hashes: Uint8Array): Promise<Buffer> {
  const pairs = await deps.nearPairs(hashes, SURVEY_DISTANCE)
  return deps.store.put(
    writePairs(pairs.map(({ a, b, distance }) => ({ a: pictures[a] as Buffer, b: pictures[b] as Buffer, distance }))),
  )
}
