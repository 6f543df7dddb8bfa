import { randomUUID } from 'node:crypto'
import type { Kysely } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, inject } from 'vitest'
import { openDatabase, type Role } from '../../infra/postgres.ts'
import type { Database } from '../../schema/tables/database.ts'

/** A database of its own for a test file: `url` is set before the first test. */
export interface TestDatabase {
  url: string
  /** A pool of a role, closed after the file's last test. */
  as(role: Role): Kysely<Database>
}

/**
 * Clones the migrated template for this test file, and drops the clone after it; `empty` takes a database without any
 * table. Call at the top level of a file of the service lane.
 */
export function useTestDatabase(kind: 'migrated' | 'empty' = 'migrated'): TestDatabase {
  const pools = new Map<Role, Kysely<Database>>()
  const name = `test_${randomUUID().replaceAll('-', '')}`
  const database: TestDatabase = {
    url: '',
    as: (role) => {
      const pool = pools.get(role) ?? openDatabase(database.url, role, 4)
      pools.set(role, pool)
      return pool
    },
  }
  beforeAll(async () => {
    const template = new URL(inject('services').databaseUrl)
    await administer(`create database ${name} template ${kind === 'empty' ? 'template0' : template.pathname.slice(1)}`)
    template.pathname = `/${name}`
    database.url = template.href
  })
  afterAll(async () => {
    await Promise.all([...pools.values()].map((pool) => pool.destroy()))
    await administer(`drop database if exists ${name} with (force)`)
  })
  return database
}

/** Runs statements in one session of a role, closed afterwards. */
export async function inSession<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

async function administer(sql: string): Promise<void> {
  const url = new URL(inject('services').databaseUrl)
  url.pathname = '/postgres'
  await inSession(url.href, (client) => client.query(sql))
}
