import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import { type FactInput, type FactRun, runFacts } from '../../../../activities/steps/run-facts.ts'
import { sha256 } from '../../../../activities/digest.ts'
import { TransientError } from '../../../../schema/contracts/errors.ts'
import { ensureDefinition } from '../../../../schema/queries/definitions.ts'
import { startFlight } from '../../../../schema/queries/in-flight.ts'
import { inSession, useTestDatabase } from '../../../support/database.ts'

const database = useTestDatabase()
let lastRun = 0
let defId = 0

/** Foreign keys lead to a release's run, of which these tests need no more than the row. */
beforeAll(async () => {
  await inSession(database.url, async (client) => {
    await client.query('SET session_replication_role = replica')
    await client.query(
      `INSERT INTO release_run (release_no, again, shard_size) SELECT 1, false, 100 FROM generate_series(1, 99)`,
    )
  })
})

interface Value {
  length: number
}

interface Trial {
  run: FactRun<string, Value>
  /** What was computed, in order. */
  computed: string[]
}

/** A step of its own; `compute` measures a word. */
async function aStep(changes: Partial<FactRun<string, Value>> = {}): Promise<Trial> {
  lastRun += 1
  const db = database.as('writer')
  defId = await ensureDefinition(
    db,
    { step: `step-${lastRun}`, rev: 1, sha: sha256(`step-${lastRun}`).toString('hex'), body: {} },
    null,
  )
  const computed: string[] = []
  const run: FactRun<string, Value> = {
    db,
    run: String(lastRun),
    again: false,
    step: `step-${lastRun}`,
    defId,
    table: 'fact',
    worker: 'test/1',
    concurrency: 4,
    poisoned: () => ({ length: -1 }),
    shouldStop: () => false,
    signal: new AbortController().signal,
    compute: (word) => {
      computed.push(word)
      return Promise.resolve({ length: word.length })
    },
    ...changes,
  }
  return { run, computed }
}

const wordsOf = (count: number): FactInput<string>[] =>
  Array.from({ length: count }, (_, no) => ({ no, digest: sha256(`word ${no}`), input: `word ${no}` }))

async function storedOf({ run }: Trial): Promise<{ length: number; run: string }[]> {
  const rows = await sql<{ length: number; run: string }>`
    SELECT (value->>'length')::int AS length, first_run::text AS run FROM fact WHERE def_id = ${run.defId} ORDER BY input`.execute(
    run.db,
  )
  return rows.rows
}

async function flightsOf({ run }: Trial): Promise<unknown[]> {
  const rows =
    await sql`SELECT first_no::int AS first_no, last_no::int AS last_no, tries, worker FROM in_flight WHERE run = ${run.run} ORDER BY first_no`.execute(
      run.db,
    )
  return rows.rows
}

test('each input is computed once, whatever stands in the list twice', async () => {
  const step = await aStep()
  const words = wordsOf(7)
  expect(await runFacts(step.run, [...words, ...words.map((word) => ({ ...word, no: word.no + 7 }))])).toBe(true)
  expect(step.computed.toSorted()).toEqual(words.map((word) => word.input))
  expect(await storedOf(step)).toHaveLength(7)
  expect(await flightsOf(step)).toEqual([])
})

test('another run of the same definition reads what is stored', async () => {
  const step = await aStep()
  await runFacts(step.run, wordsOf(60))
  const later = { ...step.run, run: String((lastRun += 1)) }
  step.computed.length = 0
  await runFacts(later, wordsOf(70))
  expect(step.computed.toSorted()).toEqual(
    wordsOf(70)
      .slice(60)
      .map((word) => word.input),
  )
})

test('a second chunk is begun before the first is committed, each under its own range', async () => {
  const begun = new Set<string>()
  const both = Promise.withResolvers<unknown[]>()
  const step = await aStep({
    compute: async (word) => {
      begun.add(word)
      // No input ends before one of each chunk has begun.
      if (begun.has('word 0') && begun.has('word 50')) both.resolve(flightsOf(step))
      await both.promise
      return { length: word.length }
    },
  })
  await runFacts(step.run, wordsOf(60))
  const ranges = (await both.promise) as { first_no: string; last_no: string }[]
  expect(ranges.map((one) => [Number(one.first_no), Number(one.last_no)])).toEqual([
    [0, 49],
    [50, 59],
  ])
})

test('what was committed before a crash in the middle is not computed again', async () => {
  const step = await aStep()
  const crash = { ...step.run, compute: failingOn('word 60', step.run.compute) }
  await expect(runFacts(crash, wordsOf(120))).rejects.toMatchObject({ code: 'STORE_FULL' })
  expect(await storedOf(step)).toHaveLength(50)
  step.computed.length = 0
  await runFacts(step.run, wordsOf(120))
  expect(step.computed.toSorted()).toEqual(
    wordsOf(120)
      .slice(50)
      .map((word) => word.input)
      .toSorted(),
  )
})

test('while a chunk is computed, its range and its worker stand in Postgres', async () => {
  const seen: unknown[] = []
  const step = await aStep({
    compute: async (word) => {
      if (word === 'word 3') seen.push(...(await flightsOf(step)))
      return { length: word.length }
    },
  })
  await runFacts(step.run, wordsOf(5))
  expect(seen).toEqual([{ first_no: 0, last_no: 4, tries: 1, worker: 'test/1' }])
})

test('two at once store each fact once', async () => {
  const step = await aStep()
  await Promise.all([runFacts(step.run, wordsOf(120)), runFacts({ ...step.run, worker: 'zombie/2' }, wordsOf(120))])
  expect(await storedOf(step)).toHaveLength(120)
})

test('the first committed value stays', async () => {
  const step = await aStep()
  await runFacts(step.run, wordsOf(3))
  const other = { ...step.run, again: true, compute: () => Promise.resolve({ length: 99 }) }
  await runFacts(other, wordsOf(3))
  expect((await storedOf(step)).map((row) => row.length)).toEqual([6, 6, 6])
})

test('again computes everything and records each difference', async () => {
  const step = await aStep()
  await runFacts(step.run, wordsOf(60))
  const asked: string[] = []
  const run = String((lastRun += 1))
  const again = (word: string) => {
    asked.push(word)
    return Promise.resolve({ length: word === 'word 7' ? 99 : word.length })
  }
  await runFacts({ ...step.run, run, again: true, compute: again }, wordsOf(60))
  expect(asked).toHaveLength(60)
  const differences =
    await sql`SELECT input, stored_sha, computed_sha FROM recompute_difference WHERE run = ${run}`.execute(step.run.db)
  expect(differences.rows).toEqual([
    { input: sha256('word 7'), stored_sha: sha256('{"length":6}'), computed_sha: sha256('{"length":99}') },
  ])
})

test('it stops between chunks when asked to, and keeps what it has', async () => {
  let asked = 0
  const step = await aStep({ shouldStop: () => (asked += 1) > 2 })
  expect(await runFacts(step.run, wordsOf(200))).toBe(false)
  expect(await storedOf(step)).toHaveLength(100)
})

test('a late answer from before a pause does not undo it: what was left out is not called done', async () => {
  let asked = 0
  const step = await aStep({
    shouldStop: async () => {
      const question = (asked += 1)
      if (question === 1) await new Promise((resolve) => setTimeout(resolve, 50))
      return question === 2
    },
  })
  expect(await runFacts(step.run, wordsOf(100))).toBe(false)
  expect(await storedOf(step)).toEqual([])
})

test('a cancelled step computes nothing more', async () => {
  const step = await aStep({ signal: AbortSignal.abort(new TransientError('STOPPED', 'stopped')) })
  await expect(runFacts(step.run, wordsOf(3))).rejects.toMatchObject({ code: 'STOPPED' })
  expect(step.computed).toEqual([])
})

test('an input that kills its worker three times is found by halving and dropped, the others are computed', async () => {
  const step = await aStep()
  const words = wordsOf(40)
  const deaths = await killUntilDone(step, words, 'word 23')
  const rows = await sql<{ length: number }>`SELECT (value->>'length')::int AS length FROM fact
    WHERE def_id = ${step.run.defId} AND input = ${sha256('word 23')}`.execute(step.run.db)
  expect(rows.rows).toEqual([{ length: -1 }])
  expect((await storedOf(step)).filter((row) => row.length === -1)).toHaveLength(1)
  expect(await storedOf(step)).toHaveLength(40)
  expect(await flightsOf(step)).toEqual([])
  // Two by the whole range, one by each half down to the single input, three by the input alone.
  expect(deaths).toBeLessThanOrEqual(2 + Math.ceil(Math.log2(40)) + 3)
  expect(step.computed.filter((word) => word === 'word 23').length).toBeGreaterThanOrEqual(3)
})

test('an input that stood in a dead chunk, but does not kill, is computed', async () => {
  const step = await aStep()
  await startFlight(step.run.db, { run: step.run.run, step: step.run.step, first_no: 0, last_no: 0 }, 2, 'dead/1')
  await runFacts(step.run, wordsOf(1))
  expect((await storedOf(step)).map((row) => row.length)).toEqual([6])
})

test('a fault that its worker survives is not counted as a death, however often it comes', async () => {
  const step = await aStep()
  const broken = { ...step.run, compute: failingOn('word 0', step.run.compute) }
  for (let attempt = 0; attempt < 12; attempt += 1)
    await expect(runFacts(broken, wordsOf(2))).rejects.toMatchObject({ code: 'STORE_FULL' })
  expect(await flightsOf(step)).toEqual([])
  await runFacts(step.run, wordsOf(2))
  expect((await storedOf(step)).map((row) => row.length)).toEqual([6, 6])
})

test('a fault between two deaths leaves the count of deaths as it was', async () => {
  const step = await aStep()
  const flight = { run: step.run.run, step: step.run.step, first_no: 0, last_no: 0 }
  await startFlight(step.run.db, flight, 2, 'dead/1')
  const broken = { ...step.run, compute: failingOn('word 0', step.run.compute) }
  await expect(runFacts(broken, wordsOf(1))).rejects.toMatchObject({ code: 'STORE_FULL' })
  expect(await flightsOf(step)).toEqual([{ first_no: 0, last_no: 0, tries: 2, worker: 'test/1' }])
})

test.each(['THREAD_CRASHED', 'THREAD_TIMEOUT'])(
  'an input that ends its thread (%s) three times is dropped',
  async (code) => {
    const step = await aStep()
    const broken = { ...step.run, compute: failingOn('word 0', step.run.compute, code) }
    for (let attempt = 0; attempt < 3; attempt += 1)
      await expect(runFacts(broken, wordsOf(1))).rejects.toMatchObject({ code })
    await runFacts(broken, wordsOf(1))
    expect((await storedOf(step)).map((row) => row.length)).toEqual([-1])
  },
)

function failingOn(bad: string, compute: (word: string) => Promise<Value>, code = 'STORE_FULL') {
  return (word: string) =>
    word === bad ? Promise.reject(new TransientError(code, `no room for ${word}`)) : compute(word)
}

/** Runs the step as workers do that die at one input: what such a worker held stays behind, and the next goes on. */
async function killUntilDone(step: Trial, words: FactInput<string>[], killer: string): Promise<number> {
  for (let deaths = 0; ; deaths += 1) {
    const dead = Promise.withResolvers<'dead'>()
    // A dead worker neither answers nor clears up: its promise is never settled.
    const compute = (word: string) => {
      if (word !== killer) return step.run.compute(word)
      step.computed.push(word)
      dead.resolve('dead')
      return new Promise<Value>(() => {})
    }
    const end = await Promise.race([runFacts({ ...step.run, compute, worker: `test/${deaths}` }, words), dead.promise])
    if (end !== 'dead') return deaths
  }
}
