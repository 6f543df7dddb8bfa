import { promises as fs } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { FileMigrationProvider, Migrator } from 'kysely/migration'
import { AppError } from '../schema/contracts/errors.ts'
import { openDatabase, roleName, rolePassword } from './postgres.ts'

const MIGRATIONS = fileURLToPath(new URL('../schema/migrations', import.meta.url))
/** Any fixed number: one migration run at a time per cluster, also for the roles, which are cluster-wide. */
const MIGRATION_LOCK = 7_203_114

/** Brings the database to the newest schema. Safe to run twice and at the same time. Throws MIGRATION_FAILED. */
export async function migrateToLatest(databaseUrl: string): Promise<void> {
  const db = openDatabase(databaseUrl, 'owner', 2)
  try {
    await db.connection().execute(async (connection) => {
      await sql`SELECT pg_advisory_lock(${MIGRATION_LOCK})`.execute(connection)
      try {
        for (const role of ['writer', 'auditor'] as const) {
          const name = roleName(role)
          const exists = await sql`SELECT 1 FROM pg_roles WHERE rolname = ${name}`.execute(connection)
          if (exists.rows.length === 0) await sql.raw(`CREATE ROLE ${name}`).execute(connection)
          await sql.raw(`ALTER ROLE ${name} LOGIN PASSWORD '${rolePassword(databaseUrl, role)}'`).execute(connection)
        }
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

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
