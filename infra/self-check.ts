import { sql } from 'kysely'
import { InvariantError } from '../schema/contracts/errors.ts'
import { openDatabase } from './postgres.ts'

/**
 * Tries, as the writer, each statement that history forbids, on every history table and each of its partitions; a worker
 * refuses to start if one passes. Nothing is changed either way: each attempt is rolled back.
 * Throws HISTORY_WRITABLE.
 */
export async function checkAppendOnly(databaseUrl: string): Promise<void> {
  const db = openDatabase(databaseUrl, 'writer', 1)
  try {
    const tables = await sql<{ name: string; column: string }>`
      SELECT c.oid::regclass::text AS name, (SELECT attname FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attidentity = '' ORDER BY attnum LIMIT 1) AS column
      FROM pg_class c WHERE c.relkind IN ('r', 'p') AND (obj_description(c.oid, 'pg_class') = 'class: history'
        OR c.oid IN (SELECT inhrelid FROM pg_inherits WHERE obj_description(inhparent, 'pg_class') = 'class: history'))`.execute(
      db,
    )
    if (tables.rows.length === 0)
      throw new InvariantError('HISTORY_WRITABLE', 'no history table is marked as such: run ./mella up to migrate')
    for (const { name, column } of tables.rows) {
      for (const statement of [`UPDATE ${name} SET ${column} = ${column}`, `DELETE FROM ${name}`, `TRUNCATE ${name}`]) {
        if (await passes(db, statement)) {
          throw new InvariantError(
            'HISTORY_WRITABLE',
            `history can be changed: ${statement.split(' ')[0]} on ${name} was not refused for the writer`,
          )
        }
      }
    }
  } finally {
    await db.destroy()
  }
}

/** True when the statement would be carried out; it is rolled back in any case. */
async function passes(db: ReturnType<typeof openDatabase>, statement: string): Promise<boolean> {
  const REFUSED = new Set(['42501', '23001'])
  return db.connection().execute(async (connection) => {
    await sql`BEGIN`.execute(connection)
    try {
      await sql.raw(statement).execute(connection)
      return true
    } catch (error) {
      if (REFUSED.has((error as { code?: string }).code ?? '')) return false
      throw error
    } finally {
      await sql`ROLLBACK`.execute(connection)
    }
  })
}
