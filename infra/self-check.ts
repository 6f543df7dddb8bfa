import { type Kysely, sql } from 'kysely'
import { InvariantError } from '../schema/contracts/errors.ts'
import type { Database } from '../schema/tables/database.ts'
import { openDatabase } from './postgres.ts'

/** Bits of `pg_trigger.tgtype`. */
const ROW = 1
const BEFORE = 2
const DELETE = 8
const UPDATE = 16
const TRUNCATE = 32

interface HistoryTable {
  name: string
  column: string
  guards_rows: boolean
  guards_truncate: boolean
  /** Privileges of the writer, those on single columns included, that it must not have. */
  excess: string[]
}

/**
 * Looks, as the writer, for the triggers and privileges of every history table and each of its partitions, and tries each
 * statement that history forbids; a worker refuses to start if a trigger is missing, a privilege is there or a statement
 * gets past the privileges. Nothing is changed either way: each attempt is rolled back. Throws HISTORY_WRITABLE.
 */
export async function checkAppendOnly(databaseUrl: string): Promise<void> {
  const db = openDatabase(databaseUrl, 'writer', 1)
  try {
    const tables = await historyTables(db)
    if (tables.length === 0) throw writable('no history table is marked as such: run ./mella up to migrate')
    for (const table of tables) await checkTable(db, table)
  } finally {
    await db.destroy()
  }
}

async function historyTables(db: Kysely<Database>): Promise<HistoryTable[]> {
  const guards = (bits: number) => sql`EXISTS (
    SELECT 1 FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE t.tgrelid = c.oid AND p.proname = 'refuse_change' AND t.tgenabled IN ('O', 'A') AND t.tgtype & ${bits} = ${bits})`
  const tables = await sql<HistoryTable>`
    SELECT c.oid::regclass::text AS name, (SELECT attname FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attidentity = '' ORDER BY attnum LIMIT 1) AS column,
      ${guards(ROW | BEFORE | UPDATE | DELETE)} AS guards_rows, ${guards(BEFORE | TRUNCATE)} AS guards_truncate,
      array_remove(ARRAY[CASE WHEN has_any_column_privilege(c.oid, 'UPDATE') THEN 'UPDATE' END,
        CASE WHEN has_table_privilege(c.oid, 'DELETE') THEN 'DELETE' END,
        CASE WHEN has_table_privilege(c.oid, 'TRUNCATE') THEN 'TRUNCATE' END], NULL) AS excess
    FROM pg_class c WHERE c.relkind IN ('r', 'p') AND (obj_description(c.oid, 'pg_class') = 'class: history'
      OR c.oid IN (SELECT inhrelid FROM pg_inherits WHERE obj_description(inhparent, 'pg_class') = 'class: history'))`.execute(
    db,
  )
  return tables.rows
}

async function checkTable(db: Kysely<Database>, table: HistoryTable): Promise<void> {
  const { name, column } = table
  if (!table.guards_rows) throw writable(`${name} has no trigger that refuses update and delete`)
  if (!table.guards_truncate) throw writable(`${name} has no trigger that refuses truncate`)
  for (const statement of [`UPDATE ${name} SET ${column} = ${column}`, `DELETE FROM ${name}`, `TRUNCATE ${name}`]) {
    if (await passes(db, statement))
      throw writable(`${statement.split(' ')[0]} on ${name} was not refused for the writer`)
  }
  // What the attempts cannot show: a privilege on one other column, or on a table that the writer may not read.
  if (table.excess.length > 0) throw writable(`the writer holds ${table.excess.join(', ')} on ${name}`)
}

function writable(fact: string): InvariantError {
  return new InvariantError('HISTORY_WRITABLE', `history can be changed: ${fact}`)
}

/** True when the statement gets past the privileges; it is rolled back in any case. */
async function passes(db: Kysely<Database>, statement: string): Promise<boolean> {
  const INSUFFICIENT_PRIVILEGE = '42501'
  // Our own trigger: the privileges alone let the statement through.
  const RESTRICT_VIOLATION = '23001'
  return db.connection().execute(async (connection) => {
    await sql`BEGIN`.execute(connection)
    try {
      await sql.raw(statement).execute(connection)
      return true
    } catch (error) {
      const { code } = error as { code?: string }
      if (code === INSUFFICIENT_PRIVILEGE) return false
      if (code === RESTRICT_VIOLATION) return true
      throw error
    } finally {
      await sql`ROLLBACK`.execute(connection)
    }
  })
}
