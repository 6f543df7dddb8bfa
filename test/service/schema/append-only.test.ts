import pg from 'pg'
import { beforeAll, expect, test } from 'vitest'
import { urlForRole } from '../../../infra/postgres.ts'
import { inSession, useTestDatabase } from '../../support/database.ts'

const database = useTestDatabase()

/** Everything that may be changed or erased. A table that is neither is history, also one that comes later. */
const MUTABLE = [
  'address_lease',
  'address_want',
  'archive_fault',
  'capture_tally',
  'crawl_archive',
  'crawl_attempt',
  'crawl_host',
  'crawl_process',
  'crawl_state',
  'fact_text',
  'frontier',
  'frontier_tally',
  'generated_text',
  'in_flight',
  'page_branch',
  'release_state',
  'robots',
  'server_pace',
  'shard_done',
  'shard_lease',
  'site',
  'tdm_file',
  'url',
  'version_label',
]

interface Column {
  name: string
  type: string
  identity: string
  generated: string
}

let history: { name: string; columns: Column[] }[] = []

beforeAll(async () => {
  history = await inSession(database.url, async (client) => {
    const tables = await client.query<{ name: string; columns: Column[] }>(`
      SELECT c.relname AS name, (SELECT json_agg(json_build_object('name', attname, 'type', format_type(atttypid, atttypmod),
        'identity', attidentity, 'generated', attgenerated) ORDER BY attnum)
        FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS columns
      FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
        AND c.relname NOT LIKE 'kysely%' ORDER BY c.relname COLLATE "C"`)
    return tables.rows.filter((table) => !MUTABLE.includes(table.name))
  })
})

test('the history of crawls, facts and releases is there to be kept', () => {
  const names = history.map((table) => table.name)
  expect(names).toEqual(
    expect.arrayContaining(['capture', 'crawl_freeze', 'fact', 'generation', 'member', 'release_end']),
  )
})

test('every history table refuses UPDATE, DELETE and TRUNCATE from the writer', async () => {
  const refused = await inSession(urlForRole(database.url, 'writer'), (client) => refusals(client, history))
  expect(refused).toEqual(history.map(({ name }) => ({ name, update: '42501', delete: '42501', truncate: '42501' })))
})

test('every history table refuses UPDATE, DELETE and TRUNCATE from its owner, too', async () => {
  const refused = await inSession(database.url, async (client) => {
    await client.query('SET session_replication_role = replica') // one row each, without its relations
    for (const table of history) await client.query(aRow(table))
    await client.query('SET session_replication_role = origin')
    return refusals(client, history)
  })
  expect(refused).toEqual(history.map(({ name }) => ({ name, update: '23001', delete: '23001', truncate: '23001' })))
})

async function refusals(client: pg.Client, tables: typeof history) {
  const found = []
  for (const { name, columns } of tables) {
    const column = columns.find((one) => one.identity === '')?.name
    found.push({
      name,
      update: await codeOf(client, `UPDATE ${name} SET ${column} = ${column}`),
      delete: await codeOf(client, `DELETE FROM ${name}`),
      truncate: await codeOf(client, `TRUNCATE ${name} CASCADE`),
    })
  }
  return found
}

async function codeOf(client: pg.Client, statement: string): Promise<string> {
  await client.query('BEGIN')
  try {
    await client.query(statement)
    return 'passed'
  } catch (error) {
    return error instanceof pg.DatabaseError ? (error.code ?? 'none') : String(error)
  } finally {
    await client.query('ROLLBACK')
  }
}

/** Values that the columns' checks let in. */
const ALLOWED: Record<string, string> = {
  'capture.kind': `'page'`,
  'sample_verdict.stage': `'judge'`,
  'sample_generation.task': `'caption'`,
}

function aRow({ name, columns }: (typeof history)[number]): string {
  const own = columns.filter((column) => column.identity === '' && column.generated === '')
  const values = own.map((column) => ALLOWED[`${name}.${column.name}`] ?? valueOf(column.type))
  return `INSERT INTO ${name} (${own.map((column) => column.name).join(', ')}) VALUES (${values.join(', ')})`
}

function valueOf(type: string): string {
  if (type.endsWith('[]')) return `'{}'`
  if (type === 'bytea') return `decode(repeat('ab', 32), 'hex')`
  if (type === 'boolean') return 'false'
  if (type === 'jsonb') return `'{}'`
  if (type.startsWith('timestamp')) return 'now()'
  return type === 'text' ? `'x'` : '1'
}
