import type { ExtractFact } from '../../schema/contracts/candidate.ts'
import type { NormaliseFact, SafetyFact } from '../../schema/contracts/facts.ts'
import type { ShardInput, ShardResult } from '../../schema/contracts/release-work.ts'
import { selectFacts } from '../../schema/queries/captures.ts'
import { generatedTexts, type KeptSample, keptOfShard, membersOf } from '../../schema/queries/generations.ts'
import { finishShard } from '../../schema/queries/in-flight.ts'
import { componentsOf, insertRows, selectedOf } from '../../schema/queries/release-files.ts'
import { isClassified } from '../../schema/spec/language-plan.ts'
import { type ShardContext, shardEdge, type StepDeps } from '../steps/shard-edge.ts'
import { sha256 } from '../digest.ts'
import { buildRow } from './build-row.ts'
import { canonicalRow, rowLeaf } from './leaf.ts'
import { encodeRows, type StoredRow } from './row-artifact.ts'
import { drawSplit } from './split.ts'

export interface RowsDeps extends StepDeps {
  datasetKey(dataset: string): Buffer
}

export type RowsActivities = ReturnType<typeof createRowsActivities>

export function createRowsActivities(deps: RowsDeps) {
  /** Builds the rows of a shard of kept samples. Safe to run twice: rows are functions of stored results. */
  const buildRowsShard = (input: ShardInput): Promise<ShardResult> =>
    shardEdge(deps, input, 'package', async (context) => {
      const { run } = context.run
      const kept = await keptOfShard(deps.db, run, context.from, context.to)
      const selected = await selectedOf(
        deps.db,
        run,
        kept.map((one) => one.sample_no),
      )
      const samples = kept.filter((one) => selected.has(one.sample_no))
      const rows = await buildRows(deps, context, samples)
      const [first, last] = [samples[0], samples.at(-1)]
      if (first && last) {
        const sha = await deps.store.put(encodeRows(rows))
        const members = rows.map(({ row }, index) => ({
          sample_no: (samples[index] as KeptSample).sample_no,
          split: row.split,
          leaf: rowLeaf(row),
          row_sha: sha256(canonicalRow(row)),
        }))
        await insertRows(
          deps.db,
          run,
          { shard: context.shard, sha, rows: rows.length, first_key: first.key, last_key: last.key },
          members,
        )
      }
      await finishShard(deps.db, {
        run,
        step: 'package',
        shard: context.shard,
        inputs: samples.length,
        computed: samples.length,
      })
      return true
    })
  return { buildRowsShard }
}

async function buildRows(deps: RowsDeps, context: ShardContext, samples: KeptSample[]): Promise<StoredRow[]> {
  const { run } = context.run
  const { spec } = context.release
  const numbers = samples.map((one) => one.sample_no)
  const pictures = samples.map((one) => one.picture)
  const members = await membersOf(deps.db, run, numbers)
  const extracts = await selectFacts<ExtractFact>(
    deps.db,
    'fact_text',
    context.defId('extract'),
    members.map((one) => one.extract_input),
  )
  const normalised = await selectFacts<NormaliseFact>(deps.db, 'fact', context.defId('normalise'), pictures)
  const released = [...normalised.values()].flatMap((fact) =>
    fact.ok ? [Buffer.from(fact.released.sha256, 'hex')] : [],
  )
  const safety = await selectFacts<SafetyFact>(deps.db, 'fact', context.defId('safety'), released)
  const generated = await generatedTexts(deps.db, run, numbers)
  const components = await componentsOf(deps.db, run, pictures)
  const secret = deps.datasetKey(context.release.dataset)
  return samples.flatMap((sample) => {
    const normalise = normalised.get(sample.picture.toString('hex'))
    if (!normalise?.ok) return []
    const row = buildRow({
      sample,
      split: drawSplit(secret, components.get(sample.picture.toString('hex')) ?? sample.picture, spec.select.splits),
      members: members.filter((one) => one.sample_no === sample.sample_no),
      extracts,
      normalise,
      safety: isClassified(spec, sample.tag) ? (safety.get(normalise.released.sha256) ?? null) : null,
      generated: generated.filter((one) => one.sample_no === sample.sample_no),
    })
    return [{ row, pictureBytes: spec.package.images === 'bytes' ? normalise.released.bytes : 0 }]
  })
}
