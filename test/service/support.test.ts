import pg from 'pg'
import { expect, inject, test } from 'vitest'
import { isServing } from '../../infra/services/temporal-server.ts'
import { useTestDatabase } from '../support/database.ts'

const database = useTestDatabase()

async function query(sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

test('each test file has a database of its own, with the builtin C.UTF-8 locale', async () => {
  const [row] = await query(
    'select datname <> current_setting($$cluster_name$$) as own, datlocprovider, datlocale, pg_encoding_to_char(encoding) as encoding from pg_database where datname = current_database()',
  )
  expect(row).toEqual({ own: true, datlocprovider: 'b', datlocale: 'C.UTF-8', encoding: 'UTF8' })
})

test('the embedded Postgres keeps commits and plans no parallel sums', async () => {
  const names = ['fsync', 'synchronous_commit', 'max_parallel_workers_per_gather', 'TimeZone', 'max_connections']
  const rows = await query(
    `select name, setting from pg_settings where name in (${names.map((name) => `'${name}'`).join(',')}) order by name collate "C"`,
  )
  expect(rows).toEqual([
    { name: 'TimeZone', setting: 'UTC' },
    { name: 'fsync', setting: 'on' },
    { name: 'max_connections', setting: '200' },
    { name: 'max_parallel_workers_per_gather', setting: '0' },
    { name: 'synchronous_commit', setting: 'on' },
  ])
})

test('the Temporal server of the lane serves', async () => {
  const port = Number(inject('services').temporalAddress.split(':')[1])
  expect(await isServing(port)).toBe(true)
})
