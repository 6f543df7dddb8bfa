import { type Phase, PHASES, type Queues, type ShardInput, type ShardResult } from '../schema/contracts/release-work.ts'
import { computeOn, generateOn } from './proxies.ts'

export interface ShardWorkflowInput extends ShardInput {
  phase: Phase
  queues: Queues
}

/** One shard of one phase: its batched activities one after the other, each called until the shard is done. */
export async function shardWorkflow(input: ShardWorkflowInput): Promise<{ paused: boolean }> {
  const activities: Record<string, (shard: ShardInput) => Promise<ShardResult>> =
    input.phase === 'generate'
      ? { ...named(generateOn(input.queues.model), 'generate') }
      : { ...named(computeOn(input.queues.cpu), input.phase) }
  const shard = { releaseNo: input.releaseNo, run: input.run, shard: input.shard }
  for (const name of PHASES[input.phase]) {
    for (;;) {
      const { outcome } = await (activities[name] as (shard: ShardInput) => Promise<ShardResult>)(shard)
      if (outcome === 'paused') return { paused: true }
      if (outcome === 'done') break
    }
  }
  return { paused: false }
}

/** The proxy makes its functions on demand; here those of one phase by name. */
function named(proxy: object, phase: Phase): Record<string, (shard: ShardInput) => Promise<ShardResult>> {
  return Object.fromEntries(
    PHASES[phase].map((name) => [
      name,
      (proxy as Record<string, (shard: ShardInput) => Promise<ShardResult>>)[name] as never,
    ]),
  )
}
