import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { isDatabaseAway, openDatabase } from '../../../infra/postgres.ts'
import { useTestDatabase } from '../../support/database.ts'

const database = useTestDatabase()

test('a connection that is lost between two statements of a transaction fails the second one, and nothing else', async () => {
  const db = database.as('writer')
  const failure = await db
    .transaction()
    .execute(async (tx) => {
      const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(tx)
      await sql`SELECT pg_terminate_backend(${rows[0]?.pid ?? 0}, 5000)`.execute(database.as('owner'))
      await new Promise((resolve) => setTimeout(resolve, 50))
      await sql`SELECT 1`.execute(tx)
    })
    .catch((error: unknown) => error)
  expect(isDatabaseAway(failure)).toBe(true)
  expect((await sql<{ one: number }>`SELECT 1 AS one`.execute(db)).rows).toEqual([{ one: 1 }])
})

test('a transaction whose worker freezes is ended: its locks are free, and its late statement fails as one that passes', async () => {
  const bound = await sql<{
    bound: string
  }>`SELECT current_setting('idle_in_transaction_session_timeout') AS bound`.execute(database.as('writer'))
  expect(bound.rows).toEqual([{ bound: '10s' }])
  const frozen = openDatabase(database.url, 'writer', 1, 200)
  const late = await frozen
    .transaction()
    .execute(async (tx) => {
      await sql`SELECT pg_advisory_xact_lock(1)`.execute(tx)
      await sql`SELECT pg_advisory_xact_lock(1)`.execute(database.as('owner'))
      await sql`SELECT 1`.execute(tx)
    })
    .catch((error: unknown) => error)
  expect(isDatabaseAway(late)).toBe(true)
  await frozen.destroy()
})
