import type { NormaliseFact, SafetyFact } from '../../schema/contracts/facts.ts'
import type { ShardInput, ShardResult } from '../../schema/contracts/release-work.ts'
import { selectFacts } from '../../schema/queries/captures.ts'
import { picturesOfShard } from '../../schema/queries/run-lists.ts'
import { isClassified } from '../../schema/spec/language-plan.ts'
import { runFacts } from '../steps/run-facts.ts'
import { factBase, finishFacts, shardEdge, type StepDeps } from '../steps/shard-edge.ts'

export interface SafetyDeps extends StepDeps {
  /** Scores of a released picture's bytes, in a thread of its own. */
  classify(released: Buffer): Promise<SafetyFact>
  threads: number
}

export type SafetyActivities = ReturnType<typeof createSafetyActivities>

/** A picture that ends the classifier is taken for the worst it could be. */
const POISONED: SafetyFact = { drawing: 0, hentai: 1, neutral: 0, porn: 1, sexy: 1 }

/** NSFW scores of normalised pictures, stored under the released bytes: equal pictures are classified once. */
export function createSafetyActivities(deps: SafetyDeps) {
  /** Nothing to do where the spec has no limits of scores. Safe to run twice. */
  const classifyShard = (input: ShardInput): Promise<ShardResult> =>
    shardEdge(deps, input, null, async (context) => {
      if (!isClassified(context.release.spec)) return true
      const pictures = await picturesOfShard(deps.db, context.run.run, context.from, context.to)
      const facts = await selectFacts<NormaliseFact>(
        deps.db,
        'fact',
        context.defId('normalise'),
        pictures.map((one) => one.picture),
      )
      const inputs = pictures.flatMap((one) => {
        const fact = facts.get(one.picture.toString('hex'))
        return fact?.ok ? [{ no: one.picture_no, digest: Buffer.from(fact.released.sha256, 'hex') }] : []
      })
      const done = await runFacts<Buffer, SafetyFact>(
        {
          ...factBase(deps, context),
          concurrency: deps.threads,
          step: 'safety',
          defId: context.defId('safety'),
          table: 'fact',
          compute: async (released) => deps.classify(await deps.store.get(released)),
          poisoned: () => POISONED,
        },
        inputs.map((one) => ({ ...one, input: one.digest })),
      )
      if (done)
        await finishFacts(
          deps,
          context,
          'safety',
          'fact',
          inputs.map((one) => one.digest),
        )
      return done
    })
  return { classifyShard }
}
