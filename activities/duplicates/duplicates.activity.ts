import type { RunInput } from '../../schema/contracts/release-work.ts'
import { insertComponents, pictureHashes } from '../../schema/queries/choose-samples.ts'
import { finishShard } from '../../schema/queries/in-flight.ts'
import { findSurvey, storeSurvey } from '../../schema/queries/surveys.ts'
import { PDQ_MATCH_DISTANCE, PDQ_MIN_QUALITY } from '../normalise/pdq.ts'
import { runStep, type StepDeps } from '../steps/shard-edge.ts'
import { sha256 } from '../digest.ts'
import { nameComponents } from './components.ts'
import { type NearPair, readPairs, writePairs } from './pair-file.ts'

export interface DuplicatesDeps extends StepDeps {
  /** All pairs within `threshold` bits among distinct 32-byte hashes, exactly, as chunks of (first, second, distance). */
  nearPairs(hashes: Uint8Array, threshold: number): AsyncIterable<Uint32Array>
}

export type DuplicatesActivities = ReturnType<typeof createDuplicatesActivities>

export function createDuplicatesActivities(deps: DuplicatesDeps) {
  /**
   * Near pairs over all pictures of the run, kept or dropped: pairs of distinct hashes, so that a thousand copies of one
   * picture are one hash. The distance is fixed, so that splits never depend on a spec's limit. One artifact under the
   * digest of the sorted hashes: another encoder leaves hashes, and so this survey, as they are. Safe to run twice.
   */
  const surveyNearPairs = (input: RunInput): Promise<{ pairs: number }> =>
    runStep(deps, input, 'duplicates', async (context) => {
      const { run, again } = context.run
      const pictures = await readHashes(deps, run, context.defId('normalise'))
      const hashes = [...pictures.keys()].sort().map((hash) => Buffer.from(hash, 'hex'))
      const list = sha256(Buffer.concat(hashes))
      const defId = context.defId('duplicates')
      const known = again ? undefined : await findSurvey(deps.db, defId, list)
      const artifact = known ? known.artifact : await survey(deps, hashes)
      const pairs = readPairs(await deps.store.get(artifact))
      const isNew = await storeSurvey(deps.db, 'duplicates', {
        defId,
        input: list,
        artifact,
        entries: pairs.length,
        run,
      })
      await insertComponents(deps.db, run, componentRows(pictures, pairs))
      await finishShard(deps.db, { run, step: 'duplicates', shard: 0, inputs: 1, computed: isNew || again ? 1 : 0 })
      return { pairs: pairs.length }
    })
  return { surveyNearPairs }
}

/** Hash -> pictures that have it, in the order of their digests. */
async function readHashes(deps: StepDeps, run: string, defId: number): Promise<Map<string, string[]>> {
  const pictures = new Map<string, string[]>()
  for await (const batch of pictureHashes(deps.db, run, defId, PDQ_MIN_QUALITY)) {
    for (const one of batch) {
      const same = pictures.get(one.pdq)
      if (same) same.push(one.picture.toString('hex'))
      else pictures.set(one.pdq, [one.picture.toString('hex')])
    }
  }
  return pictures
}

async function survey(deps: DuplicatesDeps, hashes: readonly Buffer[]): Promise<Buffer> {
  const pairs: { a: Buffer; b: Buffer; distance: number }[] = []
  for await (const chunk of deps.nearPairs(Buffer.concat(hashes), PDQ_MATCH_DISTANCE)) {
    for (let at = 0; at < chunk.length; at += 3) {
      pairs.push({
        a: hashes[chunk[at] as number] as Buffer,
        b: hashes[chunk[at + 1] as number] as Buffer,
        distance: chunk[at + 2] as number,
      })
    }
  }
  const artifact = await deps.store.put(writePairs(pairs))
  return artifact
}

/** Pictures in a component of more than one, with its least digest. */
function componentRows(
  pictures: Map<string, string[]>,
  pairs: readonly NearPair[],
): { picture: Buffer; least: Buffer }[] {
  const links: [string, string][] = []
  const first = (hash: string) => pictures.get(hash)?.[0] ?? ''
  for (const same of pictures.values()) for (const other of same.slice(1)) links.push([same[0] as string, other])
  for (const { a, b } of pairs) links.push([first(a), first(b)])
  return [...nameComponents([], links)].map(([picture, least]) => ({
    picture: Buffer.from(picture, 'hex'),
    least: Buffer.from(least, 'hex'),
  }))
}
