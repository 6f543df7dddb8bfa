import { type Kysely, sql } from 'kysely'
import type { Database } from '../tables/database.ts'

export interface Flight {
  first_no: number
  last_no: number
  tries: number
}

export interface FlightKey {
  run: string
  step: string
  first_no: number
  last_no: number
}

/** What a dead worker left in its hands, within the numbers of `inputs`. */
export async function flightsLeft(
  db: Kysely<Database>,
  run: string,
  step: string,
  inputs: readonly { no: number }[],
): Promise<Flight[]> {
  if (inputs.length === 0) return []
  let [least, most] = [Infinity, -Infinity]
  for (const { no } of inputs) [least, most] = [Math.min(least, no), Math.max(most, no)]
  // As doubles: exact far beyond any list, and read as numbers.
  const found = await sql<Flight>`SELECT first_no::float8 AS first_no, last_no::float8 AS last_no, tries FROM in_flight
    WHERE run = ${run} AND step = ${step} AND first_no >= ${least}::bigint AND last_no <= ${most}::bigint
    ORDER BY tries DESC, first_no`.execute(db)
  return found.rows
}

/** Says that a worker holds these inputs now; ranges inside it that others left are replaced. */
export async function startFlight(
  db: Kysely<Database>,
  flight: FlightKey,
  tries: number,
  worker: string,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await sql`DELETE FROM in_flight WHERE run = ${flight.run} AND step = ${flight.step}
      AND first_no <= ${flight.last_no} AND last_no >= ${flight.first_no}`.execute(tx)
    await sql`INSERT INTO in_flight (run, step, first_no, last_no, tries, worker)
      VALUES (${flight.run}, ${flight.step}, ${flight.first_no}, ${flight.last_no}, ${tries}, ${worker})
      ON CONFLICT (run, step, first_no, last_no) DO UPDATE SET tries = greatest(in_flight.tries, excluded.tries), worker = excluded.worker, since = now()`.execute(
      tx,
    )
  })
}

export async function clearFlight(db: Kysely<Database>, flight: FlightKey): Promise<void> {
  await sql`DELETE FROM in_flight WHERE run = ${flight.run} AND step = ${flight.step}
    AND first_no = ${flight.first_no} AND last_no = ${flight.last_no}`.execute(db)
}

/** The worker gives these inputs back alive: only `tries` deaths before this one count. */
export async function landFlight(db: Kysely<Database>, flight: FlightKey, tries: number): Promise<void> {
  if (tries === 0) return clearFlight(db, flight)
  await sql`UPDATE in_flight SET tries = ${tries} WHERE run = ${flight.run} AND step = ${flight.step}
    AND first_no = ${flight.first_no} AND last_no = ${flight.last_no}`.execute(db)
}

/** A shard's step is done: how many inputs it had and how many of them this run computed. */
export async function finishShard(
  db: Kysely<Database>,
  done: { run: string; step: string; shard: number; inputs: number; computed: number },
): Promise<void> {
  await db
    .insertInto('shard_done')
    .values(done)
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}
