import type { RunInput } from '../../schema/contracts/release-work.ts'
import type { ReleaseSpec } from '../../schema/contracts/spec.ts'
import { type ChoiceLimits, choosePreselected, nearNodes } from '../../schema/queries/choose-samples.ts'
import { finishShard } from '../../schema/queries/in-flight.ts'
import { insertSampleVerdicts } from '../../schema/queries/samples.ts'
import { surveyOfRun } from '../../schema/queries/surveys.ts'
import { resolveLanguage } from '../../schema/spec/language-plan.ts'
import { chooseLeaders } from '../duplicates/leader-rule.ts'
import { createNeighbours } from '../duplicates/neighbours.ts'
import { hammingDistance } from '../normalise/pdq.ts'
import { type NearPair, readPairs } from '../duplicates/pair-file.ts'
import { type RunContext, runStep, type StepDeps } from '../steps/shard-edge.ts'

/** Samples captioned beyond the target, to replace those that lose their texts. */
const RESERVE = 0.2

/** What the choice before the models allows one language. */
export function choiceLimits(spec: ReleaseSpec, tag: string): ChoiceLimits {
  const target = spec.select.target[tag]
  return {
    tag,
    max_same_text: resolveLanguage(spec, tag).filters.max_same_text,
    wanted: target === undefined ? null : Math.ceil(target * (1 + RESERVE)),
  }
}

export type PreselectActivities = ReturnType<typeof createPreselectActivities>

export function createPreselectActivities(deps: StepDeps) {
  /**
   * Survivors of near pairs within a language, then quotas and targets before money is spent on models. One pass over
   * what no other rule dropped, in a canonical order, never by arrival. Safe to run twice.
   */
  const chooseSamples = (input: RunInput): Promise<{ kept: number; shards: number }> =>
    runStep(deps, input, 'preselect', async (context) => {
      const { spec } = context.release
      const pairs = readPairs(await deps.store.get(await surveyOfRun(deps.db, context.run.run, 'duplicates')))
      for (const tag of spec.languages) await dropNear(deps, context, tag, pairs)
      const limits = spec.languages.map((tag) => choiceLimits(spec, tag))
      const kept = await choosePreselected(deps.db, context.run.run, limits, spec.select.max_per_host)
      await finishShard(deps.db, { run: context.run.run, step: 'preselect', shard: 0, inputs: 1, computed: 1 })
      return { kept, shards: Math.ceil(kept / context.run.shard_size) }
    })
  return { chooseSamples }
}

/** The leader rule: a sample is kept if no kept one lies within the limit; a dropped one names its nearest leader. */
async function dropNear(deps: StepDeps, context: RunContext, tag: string, pairs: readonly NearPair[]): Promise<void> {
  const limit = resolveLanguage(context.release.spec, tag).filters.near_image.pdq
  const nodes = await nearNodes(deps.db, context.run.run, context.defId('normalise'), tag)
  const within = pairs.filter((pair) => pair.distance <= limit).map(({ a, b, distance }) => [a, b, distance] as const)
  const near = createNeighbours(nodes, within)
  const leaders = chooseLeaders(nodes, near)
  const verdicts = nodes.flatMap((node) => {
    const leader = leaders.get(node) ?? node
    if (leader === node) return []
    const value = hammingDistance(node.pdq, leader.pdq)
    const rule = {
      rule: 'near_duplicate',
      what: 'near_image.pdq',
      value,
      limit,
      fired: true,
      of: leader.picture.toString('hex'),
    }
    return [{ sample_no: node.sample_no, stage: 'near' as const, reason: 'near_duplicate', rules: [rule] }]
  })
  await insertSampleVerdicts(deps.db, context.run.run, verdicts)
}
