import type { NormaliseFact } from '../../schema/contracts/facts.ts'
import type { ShardInput, ShardResult } from '../../schema/contracts/release-work.ts'
import { picturesOfShard, type RunPicture } from '../../schema/queries/run-lists.ts'
import { releaseBytes } from '../release-bytes.ts'
import { runFacts } from '../steps/run-facts.ts'
import { factBase, finishFacts, shardEdge, type StepDeps } from '../steps/shard-edge.ts'
import type { NormaliseConfig } from './normalise-picture.ts'

export interface NormaliseDeps extends StepDeps {
  /** Reads and decodes a stored picture in a thread; `released` is null when it cannot be decoded. */
  normalise(picture: Buffer, config: NormaliseConfig): Promise<{ fact: NormaliseFact; released: Buffer | null }>
  /** Digest of the known-abuse list that has the picture, null when none has. */
  matchAbuse(bytes: Buffer): Promise<string | null>
  /** Threads that decode. */
  threads: number
}

/** Pictures in work for each thread: one is decoded, others wait for the store, which syncs what it writes. */
const PICTURES_A_THREAD = 3

export type NormaliseActivities = ReturnType<typeof createNormaliseActivities>

/** One decode per picture and encoder; the released bytes go to the store before the fact that names them is committed. */
export function createNormaliseActivities(deps: NormaliseDeps) {
  /** Safe to run twice: the fact of a picture is stored once, its released bytes by their content. */
  const normaliseShard = (input: ShardInput): Promise<ShardResult> =>
    shardEdge(deps, input, null, async (context) => {
      const { format, quality, background, max_side } = context.release.spec.image
      const pictures = await picturesOfShard(deps.db, context.run.run, context.from, context.to)
      const inputs = pictures.map((one) => ({ no: one.picture_no, digest: one.picture, input: one }))
      const asked = await runFacts<RunPicture, { list: string | null }>(
        {
          ...factBase(deps, context),
          concurrency: deps.threads * PICTURES_A_THREAD,
          step: 'known-abuse',
          defId: context.defId('known-abuse'),
          table: 'fact',
          compute: async ({ picture }) => ({
            list:
              context.release.plan.abuse_lists === null ? null : await deps.matchAbuse(await deps.store.get(picture)),
          }),
          poisoned: () => ({ list: null }),
        },
        context.release.plan.abuse_lists === null ? [] : inputs,
      )
      if (!asked) return false
      const done = await runFacts<RunPicture, NormaliseFact>(
        {
          ...factBase(deps, context),
          concurrency: deps.threads * PICTURES_A_THREAD,
          step: 'normalise',
          defId: context.defId('normalise'),
          table: 'fact',
          compute: async ({ picture }) => {
            const { fact, released } = await deps.normalise(picture, {
              format,
              quality,
              background,
              max_side,
            })
            if (released) await storeAndFree(deps, released)
            return fact
          },
          poisoned: () => ({ ok: false, reason: 'kills_worker' }),
        },
        inputs,
      )
      if (done)
        await finishFacts(
          deps,
          context,
          'normalise',
          'fact',
          pictures.map((one) => one.picture),
        )
      return done
    })
  return { normaliseShard }
}

/** Its memory lies outside the heap, which is large here and would be collected for its sake. */
async function storeAndFree({ store }: NormaliseDeps, released: Buffer): Promise<void> {
  await store.put(released)
  releaseBytes(released)
}
