import pg from 'pg'
import { expect, test } from 'vitest'
import { migrateToLatest } from '../../../infra/migrate.ts'
import { urlForRole } from '../../../infra/postgres.ts'
import { inSession, useTestDatabase } from '../../support/database.ts'

const once = useTestDatabase('empty')
const atOnce = useTestDatabase('empty')

const SHAPE = `
  SELECT c.relname AS table_name, obj_description(c.oid, 'pg_class') AS class,
    array(SELECT attname::text FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum) AS columns,
    array(SELECT tgname::text FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal ORDER BY tgname) AS triggers
  FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE 'kysely%'
  ORDER BY c.relname COLLATE "C"`

const shapeOf = (url: string) =>
  inSession(url, async (client) => (await client.query(SHAPE)).rows as { class: string }[])
const appliedIn = (url: string) =>
  inSession(
    url,
    async (client) => (await client.query('SELECT name, timestamp FROM kysely_migration ORDER BY name')).rows,
  )

test('migrations from empty make tables, each of one of three classes', async () => {
  await migrateToLatest(once.url)
  const shape = await shapeOf(once.url)
  expect(shape.length).toBeGreaterThan(30)
  expect(shape.filter((table) => !/^class: (history|work|erasable)$/.test(table.class))).toEqual([])
})

test('a second migration changes nothing', async () => {
  await migrateToLatest(once.url)
  const before = [await shapeOf(once.url), await appliedIn(once.url)]
  await migrateToLatest(once.url)
  expect([await shapeOf(once.url), await appliedIn(once.url)]).toEqual(before)
})

test('two migrations at once end in the schema of one', async () => {
  await Promise.all([migrateToLatest(atOnce.url), migrateToLatest(atOnce.url)])
  await migrateToLatest(once.url)
  expect(await shapeOf(atOnce.url)).toEqual(await shapeOf(once.url))
})

test('databases of one cluster are migrated at once, though they share their roles', async () => {
  for (let round = 0; round < 15; round += 1)
    await Promise.all([once.url, atOnce.url, once.url, atOnce.url].map((url) => migrateToLatest(url)))
}, 60_000)

test('a migration waits for the roles until another one has made them', async () => {
  await inSession(once.url, async (other) => {
    await other.query('SELECT pg_advisory_lock(7203114)')
    const migration = migrateToLatest(once.url).then(() => 'migrated')
    const waiting = `SELECT count(*)::int AS count FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
    await expect
      .poll(async () => (await other.query<{ count: number }>(waiting)).rows[0]?.count, { timeout: 20_000 })
      .toBe(1)
    await other.query('SELECT pg_advisory_unlock(7203114)')
    expect(await migration).toBe('migrated')
  })
})

test('writer and auditor log in as roles of their own, the auditor only reads, neither makes tables', async () => {
  await migrateToLatest(once.url)
  const who = async (role: 'writer' | 'auditor') =>
    inSession(urlForRole(once.url, role), async (client) => ({
      user: (await client.query<{ user: string }>('SELECT current_user AS user')).rows[0]?.user,
      reads: (await client.query('SELECT count(*) FROM capture')).rowCount,
      writes: await codeOf(client, `INSERT INTO url VALUES (decode(repeat('00', 32), 'hex'), 'x')`),
      changes: await codeOf(client, `UPDATE frontier SET state = 'done'`),
      creates: await codeOf(client, 'CREATE TABLE mine (a int)'),
    }))
  const denied = '42501'
  expect(await who('writer')).toEqual({ user: 'mella_writer', reads: 1, writes: null, changes: null, creates: denied })
  expect(await who('auditor')).toEqual({
    user: 'mella_auditor',
    reads: 1,
    writes: denied,
    changes: denied,
    creates: denied,
  })
})

test('raw texts and URLs can be erased by the writer, and changed by nobody but the owner', async () => {
  await migrateToLatest(once.url)
  const erasable = (await shapeOf(once.url)).filter((table) => table.class === 'class: erasable') as unknown as {
    table_name: string
    columns: string[]
  }[]
  expect(erasable.map((table) => table.table_name)).toEqual([
    'archive_fault',
    'crawl_attempt',
    'fact_text',
    'generated_text',
    'url',
  ])
  await inSession(urlForRole(once.url, 'writer'), async (client) => {
    for (const { table_name, columns } of erasable) {
      expect(await codeOf(client, `DELETE FROM ${table_name}`)).toBe(null)
      expect(await codeOf(client, `UPDATE ${table_name} SET ${columns.at(-1)} = ${columns.at(-1)}`)).toBe('42501')
    }
  })
})

/** SQLSTATE of a statement's refusal, null when it passes; nothing of it stays. */
async function codeOf(client: pg.Client, statement: string): Promise<string | null> {
  await client.query('BEGIN')
  try {
    await client.query(statement)
    return null
  } catch (error) {
    return error instanceof pg.DatabaseError ? (error.code ?? 'none') : String(error)
  } finally {
    await client.query('ROLLBACK')
  }
}
