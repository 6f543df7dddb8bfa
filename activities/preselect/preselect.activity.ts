import type { RunInput } from '../../schema/contracts/release-work.ts'
import type { ReleaseSpec } from '../../schema/contracts/spec.ts'
import { type ChoiceLimits, choosePreselected, nearNodes } from '../../schema/queries/choose-samples.ts'
import { finishShard } from '../../schema/queries/in-flight.ts'
import { insertSampleVerdicts } from '../../schema/queries/samples.ts'
import { surveyOfRun } from '../../schema/queries/surveys.ts'
import { resolveLanguage } from '../../schema/spec/language-plan.ts'
import { chooseLeaders, type Neighbour } from '../duplicates/leader-rule.ts'
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
    runStep(deps, input, async (context) => {
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
  const order = nodes.map((node) => node.picture.toString('hex'))
  const neighbours = neighboursWithin(pairs, new Set(order), limit)
  const near = (picture: string) => neighbours.get(picture) ?? []
  const leaders = chooseLeaders(order, near)
  const verdicts = nodes.flatMap((node) => {
    const picture = node.picture.toString('hex')
    const leader = leaders.get(picture) ?? picture
    if (leader === picture) return []
    const value = near(picture).find((one) => one.node === leader)?.distance ?? 0
    const rule = { rule: 'near_duplicate', what: 'near_image.pdq', value, limit, fired: true, of: leader }
    return [{ sample_no: node.sample_no, stage: 'near' as const, reason: 'near_duplicate', rules: [rule] }]
  })
  await insertSampleVerdicts(deps.db, context.run.run, verdicts)
}

function neighboursWithin(
  pairs: readonly NearPair[],
  pictures: ReadonlySet<string>,
  limit: number,
): Map<string, Neighbour<string>[]> {
  const neighbours = new Map<string, Neighbour<string>[]>()
  const link = (from: string, node: string, distance: number) => {
    const known = neighbours.get(from)
    if (known) known.push({ node, distance })
    else neighbours.set(from, [{ node, distance }])
  }
  for (const { a, b, distance } of pairs) {
    if (distance > limit || !pictures.has(a) || !pictures.has(b)) continue
    link(a, b, distance)
    link(b, a, distance)
  }
  return neighbours
}
