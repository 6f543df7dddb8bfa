import { createHmac } from 'node:crypto'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import type { Database } from '../schema/tables/database.ts'
import { prepareRepeated } from './prepared-statements.ts'

/** Who connects: `owner` migrates, `writer` is every worker, `auditor` only reads. */
export type Role = 'owner' | 'writer' | 'auditor'

// bigint columns that are counts come as strings; none of ours is read as a number unless cast to int in SQL.
const CONNECT_TIMEOUT_MS = 10_000

/**
 * The connection string of a role. Writer and auditor are login roles of their own, so that `pg_stat_activity` shows
 * who is who; their passwords are derived from the owner's, so that one secret is kept, not three.
 */
export function urlForRole(databaseUrl: string, role: Role): string {
  if (role === 'owner') return databaseUrl
  const url = new URL(databaseUrl)
  url.password = rolePassword(databaseUrl, role)
  url.username = roleName(role)
  return url.toString()
}

export function roleName(role: Exclude<Role, 'owner'>): string {
  return `mella_${role}`
}

/** Hex, so that it needs no quoting in `ALTER ROLE … PASSWORD`. */
export function rolePassword(databaseUrl: string, role: Exclude<Role, 'owner'>): string {
  const owner = new URL(databaseUrl)
  return createHmac('sha256', `mella:${decodeURIComponent(owner.password)}`)
    .update(role)
    .digest('hex')
    .slice(0, 32)
}

/**
 * A transaction whose client says nothing for so long is ended by the server. A worker that freezes in the middle of one
 * would else hold its locks, and with them shards and URLs, until it wakes: the leases alone run out without it.
 */
const SILENT_TRANSACTION_MS = 10_000

/** Opens a pool; whoever opens it calls `destroy()`. A lost idle connection is replaced, not fatal. */
export function openDatabase(
  databaseUrl: string,
  role: Role,
  size = 8,
  silentMs = SILENT_TRANSACTION_MS,
): Kysely<Database> {
  const pool = new pg.Pool({
    connectionString: urlForRole(databaseUrl, role),
    max: size,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: `mella ${role}`,
    // Sorting must not depend on the server's locale; times are compared, never shown from here.
    options: `-c TimeZone=UTC${role === 'writer' ? ` -c idle_in_transaction_session_timeout=${silentMs}` : ''}`,
  })
  // Postgres restarting under an idle client is a normal event; the next query opens a new connection. The pool leaves
  // a client that is lent alone: one that is lost between two statements of a transaction must not end the process.
  pool.on('error', () => {})
  pool.on('connect', (client) => {
    client.on('error', () => {})
    if (role === 'writer') prepareRepeated(client)
  })
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool }) })
}

const TRANSIENT_STATES = new Set([
  '57P01',
  '57P02',
  '57P03',
  '08000',
  '08003',
  '08006',
  '25P03',
  '40001',
  '40P01',
  '53300',
])
const TRANSIENT_NODE_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ENOENT', 'ETIMEDOUT'])

/** True for faults that pass when Postgres is back: connection lost, restarting, deadlock, too many clients. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = (error as { code?: string }).code ?? ''
  if (TRANSIENT_STATES.has(code) || TRANSIENT_NODE_CODES.has(code)) return true
  return /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/.test(
    error.message,
  )
}
