import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, inject } from 'vitest'

/** A database of its own for a test file: `url` is set before the first test. */
export interface TestDatabase {
  url: string
}

/** Clones the migrated template for this test file, and drops the clone after it. Call at the top level of a file of the service lane. */
export function useTestDatabase(): TestDatabase {
  const database: TestDatabase = { url: '' }
  const name = `test_${randomUUID().replaceAll('-', '')}`
  beforeAll(async () => {
    const template = new URL(inject('services').databaseUrl)
    await administer(`create database ${name} template ${template.pathname.slice(1)}`)
    template.pathname = `/${name}`
    database.url = template.href
  })
  afterAll(() => administer(`drop database if exists ${name} with (force)`))
  return database
}

async function administer(sql: string): Promise<void> {
  const url = new URL(inject('services').databaseUrl)
  url.pathname = '/postgres'
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
