import type { Kysely } from 'kysely'
import type { ObjectStore } from '../../infra/objects.ts'
import { InvariantError } from '../../schema/contracts/errors.ts'
import type { RunInput, ShardInput, ShardResult } from '../../schema/contracts/release-work.ts'
import { countComputed } from '../../schema/queries/facts.ts'
import { finishShard } from '../../schema/queries/in-flight.ts'
import { getRelease, getRun, isPaused, type ReleaseRecord, type RunRecord } from '../../schema/queries/releases.ts'
import type { Database } from '../../schema/tables/database.ts'
import { type EdgeContext, runEdge } from '../edge/run-edge.ts'
import type { StepName } from '../pipeline.ts'

/** A batched activity stops by itself after this and is called again: none is longer than ten minutes. */
const LONGEST_MS = 8 * 60 * 1000

/** What every step of a release is given. */
export interface StepDeps {
  db: Kysely<Database>
  store: ObjectStore
  /** Names this process in what it holds. */
  worker: string
}

export interface RunContext {
  edge: EdgeContext
  release: ReleaseRecord
  run: RunRecord
  /** Id of the pinned definition of a step. */
  defId(step: StepName): number
}

export interface ShardContext extends RunContext {
  shard: number
  /** The shard's numbers in the frozen list: from <= no < to. */
  from: number
  to: number
  /** True when the activity should give the rest of its shard back. */
  shouldStop: () => Promise<boolean>
}

/** Runs one step over one shard; `work` returns false when it stopped early. */
export function shardEdge(
  deps: StepDeps,
  input: ShardInput,
  work: (context: ShardContext) => Promise<boolean>,
): Promise<ShardResult> {
  return runEdge(async (edge) => {
    const context = await runContext(deps, edge, input)
    const end = performance.now() + LONGEST_MS
    let paused = await isPaused(deps.db, input.releaseNo)
    if (paused) return { outcome: 'paused' }
    const size = context.run.shard_size
    const finished = await work({
      ...context,
      shard: input.shard,
      from: input.shard * size,
      to: (input.shard + 1) * size,
      shouldStop: async () => {
        paused = await isPaused(deps.db, input.releaseNo)
        return paused || performance.now() >= end
      },
    })
    return { outcome: finished ? 'done' : paused ? 'paused' : 'more' }
  })
}

/** Runs one step over a whole run. */
export function runStep<Result>(
  deps: StepDeps,
  input: RunInput,
  work: (context: RunContext) => Promise<Result>,
): Promise<Result> {
  return runEdge(async (edge) => work(await runContext(deps, edge, input)))
}

async function runContext(deps: StepDeps, edge: EdgeContext, input: RunInput): Promise<RunContext> {
  const release = await getRelease(deps.db, input.releaseNo)
  const run = await getRun(deps.db, input.run)
  const defId = (step: StepName) => {
    const pinned = release.plan.definitions[step]
    if (!pinned) throw new InvariantError('STEP_NOT_PINNED', `release ${release.id} pins no definition of ${step}`)
    return pinned.def_id
  }
  return { edge, release, run, defId }
}

/** What every fact step of a shard runs with. */
export function factBase(deps: StepDeps, context: ShardContext) {
  return {
    db: deps.db,
    run: context.run.run,
    again: context.run.again,
    worker: deps.worker,
    shouldStop: context.shouldStop,
    signal: context.edge.signal,
  }
}

/** Counts a shard's step as done: how many inputs it had, how many of them this run computed. */
export async function finishFacts(
  deps: StepDeps,
  context: ShardContext,
  step: StepName,
  table: 'fact' | 'fact_text',
  inputs: readonly Buffer[],
): Promise<void> {
  const { run, again } = context.run
  const computed = again ? inputs.length : await countComputed(deps.db, table, context.defId(step), run, inputs)
  await finishShard(deps.db, { run, step, shard: context.shard, inputs: inputs.length, computed })
}
