import { InvariantError } from '../../schema/contracts/errors.ts'
import { storeJudgement } from '../../schema/queries/candidate-facts.ts'
import { finishShard } from '../../schema/queries/in-flight.ts'
import type { StepName } from '../pipeline.ts'
import type { RunContext, StepDeps } from './shard-edge.ts'
import { digestJson } from '../digest.ts'

/**
 * Counts a judged list under (definition, digest of all that was read). Judging reads rows only, so it is always done
 * again; that the same reading led to the same verdicts is checked each time. Throws JUDGEMENT_UNSTABLE.
 */
export async function finishJudgement(
  deps: StepDeps,
  context: RunContext,
  judged: { step: StepName; shard: number; read: unknown; verdicts: unknown; inputs: number },
): Promise<void> {
  const { run } = context.run
  const { isNew, agrees } = await storeJudgement(deps.db, {
    defId: context.defId(judged.step),
    input: digestJson(plain(judged.read)),
    output: digestJson(plain(judged.verdicts)),
    run,
  })
  if (!agrees) {
    throw new InvariantError(
      'JUDGEMENT_UNSTABLE',
      `${judged.step}: the same facts led to other verdicts: raise its rev`,
      { step: judged.step, shard: judged.shard },
    )
  }
  await finishShard(deps.db, {
    run,
    step: judged.step,
    shard: judged.shard,
    inputs: judged.inputs,
    computed: isNew || context.run.again ? judged.inputs : 0,
  })
}

/** Digests as hex, undefined gone: what canonical JSON can hold. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, inner: unknown) =>
      isBuffer(inner) ? Buffer.from(inner.data).toString('hex') : inner,
    ),
  )
}

function isBuffer(value: unknown): value is { type: 'Buffer'; data: number[] } {
  return (
    typeof value === 'object' &&
    value !== null &&
    (value as { type?: unknown }).type === 'Buffer' &&
    Array.isArray((value as { data?: unknown }).data)
  )
}
