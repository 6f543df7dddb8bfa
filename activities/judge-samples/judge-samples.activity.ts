import { InvariantError } from '../../schema/contracts/errors.ts'
import type { NormaliseFact, SafetyFact } from '../../schema/contracts/facts.ts'
import type { ShardInput, ShardResult } from '../../schema/contracts/release-work.ts'
import { selectFacts } from '../../schema/queries/captures.ts'
import { honoursMining } from '../../schema/queries/reserved.ts'
import { insertSampleVerdicts, samplesOfShard, type SampleRow } from '../../schema/queries/samples.ts'
import { isClassified, resolveLanguage } from '../../schema/spec/language-plan.ts'
import { finishJudgement } from '../steps/finish-judgement.ts'
import { type RunContext, shardEdge, type StepDeps } from '../steps/shard-edge.ts'
import { judgeSample, type SampleFacts } from './judge-sample.ts'

export type JudgeSamplesActivities = ReturnType<typeof createJudgeSamplesActivities>

export function createJudgeSamplesActivities(deps: StepDeps) {
  /** Judges a shard of samples by their pictures' facts. Safe to run twice. */
  const judgeSamplesShard = (input: ShardInput): Promise<ShardResult> =>
    shardEdge(deps, input, 'judge-samples', async (context) => {
      const { spec } = context.release
      const samples = await samplesOfShard(deps.db, context.run.run, context.from, context.to)
      const facts = await readSampleFacts(deps, context, samples)
      const heedsMining = await honoursMining(
        deps.db,
        context.release.plan.crawls.map((crawl) => crawl.crawl_no),
      )
      const verdicts = samples.map((sample, index) => {
        const { filters } = resolveLanguage(spec, sample.tag)
        const fired = judgeSample(facts[index] as SampleFacts, {
          image: spec.image,
          nsfw: filters.nsfw,
          heedsMining,
        }).filter((result) => result.fired)
        return { sample_no: sample.sample_no, stage: 'judge' as const, reason: fired[0]?.rule ?? null, rules: fired }
      })
      await insertSampleVerdicts(deps.db, context.run.run, verdicts)
      const read = samples.map((sample, index) => ({ key: sample.key, ...facts[index], heedsMining }))
      await finishJudgement(deps, context, {
        step: 'judge-samples',
        shard: context.shard,
        read,
        verdicts,
        inputs: samples.length,
      })
      return true
    })
  return { judgeSamplesShard }
}

/** The facts that rules on a sample read, in the samples' order. Throws FACT_MISSING. */
export async function readSampleFacts(
  deps: StepDeps,
  context: Pick<RunContext, 'defId' | 'release'>,
  samples: readonly Pick<SampleRow, 'picture' | 'reserved' | 'tag'>[],
): Promise<SampleFacts[]> {
  const pictures = samples.map((sample) => sample.picture)
  const normalised = await selectFacts<NormaliseFact>(deps.db, 'fact', context.defId('normalise'), pictures)
  const released = [...normalised.values()].flatMap((fact) =>
    fact.ok ? [Buffer.from(fact.released.sha256, 'hex')] : [],
  )
  const safety = await selectFacts<SafetyFact>(deps.db, 'fact', context.defId('safety'), released)
  const abuse =
    context.release.plan.abuse_lists === null
      ? new Map<string, { list: string | null }>()
      : await selectFacts<{ list: string | null }>(deps.db, 'fact', context.defId('known-abuse'), pictures)
  return samples.map((sample) => {
    const normalise = normalised.get(sample.picture.toString('hex'))
    if (!normalise)
      throw new InvariantError('FACT_MISSING', `picture ${sample.picture.toString('hex')} was not normalised`)
    const scores =
      normalise.ok && isClassified(context.release.spec, sample.tag) ? safety.get(normalise.released.sha256) : null
    return {
      normalise,
      safety: scores ?? null,
      reserved: sample.reserved,
      abuseList: abuse.get(sample.picture.toString('hex'))?.list ?? null,
    }
  })
}
