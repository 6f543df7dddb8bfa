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

test('a statement that comes again and again is prepared, one with a text of its own is not, and answers stay right', async () => {
  await using db = openDatabase(database.url, 'writer', 1)
  const answers: number[] = []
  for (let no = 0; no < 5; no += 1) {
    const { rows } = await sql<{ sum: number }>`SELECT ${no}::int + 1 AS sum`.execute(db)
    answers.push(rows[0]?.sum ?? -1)
    await sql`SELECT ${no}::int AS ${sql.ref(`own_${no}`)}`.execute(db)
  }
  const kept = await sql<{ statement: string }>`SELECT statement FROM pg_prepared_statements`.execute(db)
  expect([answers, kept.rows]).toEqual([[1, 2, 3, 4, 5], [{ statement: 'SELECT $1::int + 1 AS sum' }]])
})

test('prepared statements go on after their table has gained a column', async () => {
  await using db = openDatabase(database.url, 'writer', 1)
  const ask = () => sql<{ site_no: number }>`SELECT site_no FROM site WHERE crawl_no = ${1}::int`.execute(db)
  for (let no = 0; no < 7; no += 1) await ask()
  await sql`ALTER TABLE site ADD COLUMN later int`.execute(database.as('owner'))
  expect((await ask()).rows).toEqual([])
})
