import type { Kysely } from 'kysely'
import type { ObjectStore } from '../../infra/objects.ts'
import { InvariantError } from '../../schema/contracts/errors.ts'
import type { RunInput, ShardInput, ShardResult } from '../../schema/contracts/release-work.ts'
import { countComputed } from '../../schema/queries/facts.ts'
import { clearFlight, finishShard, startFlight } from '../../schema/queries/in-flight.ts'
import {
  getRelease,
  getRun,
  isPaused,
  setReleaseState,
  type ReleaseRecord,
  type RunRecord,
} from '../../schema/queries/releases.ts'
import type { Database } from '../../schema/tables/database.ts'
import { type EdgeContext, type FaultNote, runEdge } from '../edge/run-edge.ts'
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
  defId: (step: StepName) => number
}

export interface ShardContext extends RunContext {
  shard: number
  /** The shard's numbers in the frozen list: from <= no < to. */
  from: number
  to: number
  /** True when the activity should give the rest of its shard back. */
  shouldStop: () => Promise<boolean>
}

/**
 * Runs one step over one shard; `work` returns false when it stopped early. The shard's numbers are noted as in flight
 * under `step` meanwhile; null for a step that notes its own parts.
 */
export function shardEdge(
  deps: StepDeps,
  input: ShardInput,
  step: string | null,
  work: (context: ShardContext) => Promise<boolean>,
): Promise<ShardResult> {
  return runEdge(
    async (edge) => {
      const context = await runContext(deps, edge, input)
      const end = performance.now() + LONGEST_MS
      let paused = await isPaused(deps.db, input.releaseNo)
      if (paused) return { outcome: 'paused' }
      const size = context.run.shard_size
      const [from, to] = [input.shard * size, (input.shard + 1) * size]
      const shouldStop = async () => {
        paused = await isPaused(deps.db, input.releaseNo)
        return paused || performance.now() >= end
      }
      const finished = await holding(deps, step, { run: input.run, first_no: from, last_no: to - 1 }, () =>
        work({ ...context, shard: input.shard, from, to, shouldStop }),
      )
      return { outcome: finished ? 'done' : paused ? 'paused' : 'more' }
    },
    noteOn(deps, input.releaseNo),
  )
}

/** Runs one step over a whole run, noted as in flight under `step` meanwhile; null for a step that notes its own parts. */
export function runStep<Result>(
  deps: StepDeps,
  input: RunInput,
  step: string | null,
  work: (context: RunContext) => Promise<Result>,
): Promise<Result> {
  return runEdge(
    async (edge) => {
      const context = await runContext(deps, edge, input)
      return holding(deps, step, { run: input.run, first_no: 0, last_no: 0 }, () => work(context))
    },
    noteOn(deps, input.releaseNo),
  )
}

/** Keeps what a fault says in the release's row. */
function noteOn(deps: StepDeps, releaseNo: number) {
  return ({ code, message }: FaultNote) => setReleaseState(deps.db, releaseNo, { note: message, note_code: code })
}

/** Postgres shows what this process holds until the work has ended; what a killed one held stays until the step is redone. */
async function holding<Result>(
  deps: StepDeps,
  step: string | null,
  numbers: { run: string; first_no: number; last_no: number },
  work: () => Promise<Result>,
): Promise<Result> {
  if (step === null) return work()
  const flight = { ...numbers, step }
  await startFlight(deps.db, flight, 1, deps.worker)
  const result = await work()
  await clearFlight(deps.db, flight)
  return result
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
