import { promises as fs } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Kysely, sql } from 'kysely'
import { FileMigrationProvider, Migrator } from 'kysely/migration'
import { AppError } from '../schema/contracts/errors.ts'
import type { Database } from '../schema/tables/database.ts'
import { openDatabase, roleName, rolePassword } from './postgres.ts'

const MIGRATIONS = fileURLToPath(new URL('../schema/migrations', import.meta.url))
/** Any fixed number: one migration run at a time in a database. */
const MIGRATION_LOCK = 7_203_114
/** Roles are the cluster's, and its other databases may be migrated at the same time: no lock reaches over them. */
const ROLE_TRIES = 20
const ROLE_PAUSE_MS = 50
const INTERNAL_ERROR = 'XX000'
const UNIQUE_VIOLATION = '23505'
const DUPLICATE_OBJECT = '42710'
const BY_ANOTHER = new Set([INTERNAL_ERROR, UNIQUE_VIOLATION, DUPLICATE_OBJECT])

/** Brings the database to the newest schema. Safe to run twice and at the same time. Throws MIGRATION_FAILED. */
export async function migrateToLatest(databaseUrl: string): Promise<void> {
  const db = openDatabase(databaseUrl, 'owner', 2)
  try {
    await db.connection().execute(async (connection) => {
      await sql`SELECT pg_advisory_lock(${MIGRATION_LOCK})`.execute(connection)
      try {
        for (const role of ['writer', 'auditor'] as const)
          await makeRole(connection, roleName(role), rolePassword(databaseUrl, role))
      } finally {
        await sql`SELECT pg_advisory_unlock(${MIGRATION_LOCK})`.execute(connection)
      }
    })
    const migrator = new Migrator({
      db,
      provider: new FileMigrationProvider({ fs, path, migrationFolder: MIGRATIONS }),
    })
    const { error } = await migrator.migrateToLatest()
    if (error) throw new AppError('MIGRATION_FAILED', `database migration failed: ${describe(error)}`, {}, error)
  } finally {
    await db.destroy()
  }
}

/** `tuple concurrently updated`, or that it exists by now, is another's doing: the same a moment later succeeds. */
async function makeRole(db: Kysely<Database>, name: string, password: string): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    try {
      const exists = await sql`SELECT 1 FROM pg_roles WHERE rolname = ${name}`.execute(db)
      if (exists.rows.length === 0) await sql.raw(`CREATE ROLE ${name}`).execute(db)
      await sql.raw(`ALTER ROLE ${name} LOGIN PASSWORD '${password}'`).execute(db)
      return
    } catch (error) {
      if (tried >= ROLE_TRIES || !BY_ANOTHER.has((error as { code?: string }).code ?? '')) throw error
      await sleep(ROLE_PAUSE_MS)
    }
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
