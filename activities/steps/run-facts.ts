import { type Kysely, sql } from 'kysely'
import { AppError } from '../../schema/contracts/errors.ts'
import { insertFacts, selectFacts } from '../../schema/queries/captures.ts'
import {
  clearFlight,
  type Flight,
  type FlightKey,
  flightsLeft,
  landFlight,
  startFlight,
} from '../../schema/queries/in-flight.ts'
import type { Database } from '../../schema/tables/database.ts'
import { canonicalJson, sha256 } from '../digest.ts'

/** Inputs computed and committed at a time (design rule 4: 25 to 100). */
const CHUNK = 50
/** One is computed while the other waits for its slowest input and its commit. */
const CHUNKS_AT_ONCE = 2
/** An input alone in its chunk that ended its worker this often is dropped. */
const KILLS = 3

export interface FactInput<Input> {
  /** Number in the run's frozen list: ascending over the inputs, another for each, and of one shard alone. */
  no: number
  digest: Buffer
  input: Input
}

export interface FactRun<Input, Value> {
  db: Kysely<Database>
  run: string
  /** Recompute beside the stored results and record every difference. */
  again: boolean
  step: string
  defId: number
  table: 'fact' | 'fact_text'
  worker: string
  compute: (input: Input) => Promise<Value>
  /** The value of an input that ends its worker. */
  poisoned(): Value
  /** Simultaneous computations of a chunk. */
  concurrency: number
  /** Asked between chunks: true ends the run early, with `false` as result. */
  shouldStop(): Promise<boolean> | boolean
  signal: AbortSignal
}

/**
 * The base of every fact step: computes what is not stored under (definition, input digest), commits in chunks, and on a
 * retry goes on with what is missing. Counting is done here, from committed rows. Safe to run twice and at the same time:
 * the first committed value stays. Returns false when it stopped early.
 */
export async function runFacts<Input, Value>(
  facts: FactRun<Input, Value>,
  inputs: readonly FactInput<Input>[],
): Promise<boolean> {
  const todo = await missing(facts, inputs)
  const left = await flightsLeft(facts.db, facts.run, facts.step, inputs)
  const chunks = chunksOf(todo, left)
  const wasHeld = ({ inputs: [first] }: Chunk<Input>) =>
    left.some((flight) => first !== undefined && flight.first_no <= first.no && first.no <= flight.last_no)
  // What a death may be blamed on runs alone: nothing beside it is charged with the next one.
  const suspects = chunks.filter(wasHeld)
  const fresh = chunks.filter((chunk) => !wasHeld(chunk))
  return (await runChunks(facts, suspects, 1)) && (await runChunks(facts, fresh, CHUNKS_AT_ONCE))
}

/** Some chunks at a time, in order; false when it stopped early. A failure is thrown when none runs any more. */
async function runChunks<Input, Value>(
  facts: FactRun<Input, Value>,
  chunks: readonly Chunk<Input>[],
  atOnce: number,
): Promise<boolean> {
  const waiting = chunks.values()
  let ends = false
  let stopped = false
  const lane = async () => {
    for (const chunk of waiting) {
      // Not `stopped ||=`: that would set it back to what was true before the other lane was told to stop.
      if (await facts.shouldStop()) stopped = true
      if (ends || stopped) return
      facts.signal.throwIfAborted()
      await runChunk(facts, chunk.inputs, chunk.tries)
    }
  }
  const guarded = () =>
    lane().catch((error: unknown) => {
      ends = true
      throw error
    })
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(atOnce, chunks.length) }, guarded))
  for (const one of lanes) if (one.status === 'rejected') throw one.reason
  return !stopped
}

async function missing<Input, Value>(
  facts: FactRun<Input, Value>,
  inputs: readonly FactInput<Input>[],
): Promise<FactInput<Input>[]> {
  // The first of equal inputs stands for them: numbers stay in order, so that a chunk's range is that of its ends.
  const seen = new Set<string>()
  const unique = inputs.filter(({ digest }) => {
    const key = digest.toString('hex')
    return !seen.has(key) && Boolean(seen.add(key))
  })
  if (facts.again) return unique
  const stored = await selectFacts(
    facts.db,
    facts.table,
    facts.defId,
    unique.map((one) => one.digest),
  )
  return unique.filter((one) => !stored.has(one.digest.toString('hex')))
}

interface Chunk<Input> {
  inputs: FactInput<Input>[]
  tries: number
}

/**
 * Cuts the list into chunks. Where a worker died, the range it held is run by itself; after a second death it is halved,
 * until the input that kills stands alone.
 */
export function chunksOf<Input>(todo: readonly FactInput<Input>[], left: readonly Flight[]): Chunk<Input>[] {
  const chunks: Chunk<Input>[] = []
  const taken = new Set<number>()
  for (const flight of left) {
    const held = todo.filter((one) => one.no >= flight.first_no && one.no <= flight.last_no && !taken.has(one.no))
    for (const one of held) taken.add(one.no)
    if (held.length === 0) continue
    if (held.length === 1 || flight.tries < KILLS - 1) {
      chunks.push({ inputs: held, tries: flight.tries })
      continue
    }
    const middle = Math.ceil(held.length / 2)
    for (const half of [held.slice(0, middle), held.slice(middle)])
      chunks.push({ inputs: half, tries: half.length === 1 ? 0 : 1 })
  }
  const rest = todo.filter((one) => !taken.has(one.no))
  for (let start = 0; start < rest.length; start += CHUNK)
    chunks.push({ inputs: rest.slice(start, start + CHUNK), tries: 0 })
  return chunks
}

async function runChunk<Input, Value>(
  facts: FactRun<Input, Value>,
  inputs: FactInput<Input>[],
  tries: number,
): Promise<void> {
  const first = inputs[0] as FactInput<Input>
  const last = inputs.at(-1) as FactInput<Input>
  const flight = { run: facts.run, step: facts.step, first_no: first.no, last_no: last.no }
  const isPoison = inputs.length === 1 && tries >= KILLS
  if (!isPoison) await startFlight(facts.db, flight, tries + 1, facts.worker)
  const values: Value[] = isPoison ? [facts.poisoned()] : await computeChunk(facts, inputs, flight, tries)
  await facts.db.transaction().execute(async (tx) => {
    if (facts.again) await recordDifferences(tx, facts, inputs, values)
    await insertFacts(
      tx,
      facts.table,
      facts.defId,
      facts.run,
      inputs.map((one, index) => ({ input: one.digest, value: values[index] })),
    )
    await clearFlight(tx, flight)
  })
}

/**
 * Computes a chunk. A fault that leaves this worker alive (disk full, service away) is no death: the flight counts it no
 * longer, or every input of a long outage would be taken for one that kills.
 */
async function computeChunk<Input, Value>(
  facts: FactRun<Input, Value>,
  inputs: FactInput<Input>[],
  flight: FlightKey,
  tries: number,
): Promise<Value[]> {
  try {
    return await mapLimited(inputs, facts.concurrency, (one) => facts.compute(one.input))
  } catch (error) {
    // Best effort: when the database is away, too, one try is counted that was none.
    if (!endedItsThread(error)) await landFlight(facts.db, flight, tries).catch(() => {})
    throw error
  }
}

/** A picture that crashes or hangs its thread would end the worker if it had no threads. */
function endedItsThread(error: unknown): boolean {
  return error instanceof AppError && (error.code === 'THREAD_CRASHED' || error.code === 'THREAD_TIMEOUT')
}

async function recordDifferences<Input, Value>(
  tx: Kysely<Database>,
  facts: FactRun<Input, Value>,
  inputs: FactInput<Input>[],
  values: Value[],
): Promise<void> {
  const stored = await selectFacts<unknown>(
    tx,
    facts.table,
    facts.defId,
    inputs.map((one) => one.digest),
  )
  for (const [index, one] of inputs.entries()) {
    const before = stored.get(one.digest.toString('hex'))
    if (before === undefined) continue
    const storedSha = sha256(canonicalJson(before))
    const computedSha = sha256(canonicalJson(JSON.parse(JSON.stringify(values[index]))))
    if (storedSha.equals(computedSha)) continue
    await sql`INSERT INTO recompute_difference (run, def_id, input, stored_sha, computed_sha)
      VALUES (${facts.run}, ${facts.defId}, ${one.digest}, ${storedSha}, ${computedSha}) ON CONFLICT DO NOTHING`.execute(
      tx,
    )
  }
}

/** Maps with at most `limit` at a time, results in order; the first failure stops new starts and is thrown. */
export async function mapLimited<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results = Array.from<Result>({ length: items.length })
  let next = 0
  const lane = async () => {
    while (next < items.length) {
      const index = next
      next += 1
      try {
        results[index] = await work(items[index] as Item)
      } catch (error) {
        next = items.length
        throw error
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane))
  return results
}
