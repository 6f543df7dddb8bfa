import { existsSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { AppError, PermanentError } from '../../schema/contracts/errors.ts'
import { choosePort, LOOPBACK } from './ports.ts'
import { ensurePostgres, POSTGRES_VERSION } from './postgres-binary.ts'
import {
  checkEntrance,
  initialise,
  layOut,
  serverEnvironment,
  SUPERUSER,
  type PostgresLayout,
  type PostgresPlace,
} from './postgres-data.ts'
import {
  findByArgument,
  findByFolder,
  isPidTaken,
  isRunning,
  sizeOf,
  spawnDetached,
  stopProcess,
  type ProcessIdentity,
} from './process.ts'
import { recordRuns, writeRecord, type ServiceRecord } from './registry.ts'
import { serviceFailed } from './service-error.ts'

const DATABASE = 'mella'
/** Recovery after a crash replays at most `max_wal_size` of log; a slow disk gets time. */
const START_TIMEOUT_MS = 120_000
/** Backends of a killed postmaster end when they next look for it; until then their shared memory stops a successor. */
const ORPHANS_TIMEOUT_MS = 30_000
const POLL_MS = 30
const PORT_ATTEMPTS = 3

/** For two cores and some GB shared with workers. No parallel plans: they gain nothing there and reorder sums of doubles. */
const OPTIONS: Readonly<Record<string, string>> = {
  listen_addresses: LOOPBACK,
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '256MB',
  effective_cache_size: '1GB',
  work_mem: '16MB',
  maintenance_work_mem: '128MB',
  // What a start after a crash replays at most, some 200 MB a second of one core; most of it in one stretch before
  // a checkpoint, so that pages are logged whole no more often than that takes.
  max_wal_size: '512MB',
  checkpoint_completion_target: '0.2',
  checkpoint_timeout: '15min',
  max_parallel_workers_per_gather: '0',
  jit: 'off',
  fsync: 'on',
  synchronous_commit: 'on',
  timezone: 'UTC',
  log_timezone: 'UTC',
}

/** Fast shutdown, then immediate (recovers at the next start), then the kernel's. */
const STOP_STEPS = [
  { signal: 'SIGINT', waitMs: 30_000 },
  { signal: 'SIGQUIT', waitMs: 10_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
] as const

/** Address of the embedded database of this home, with its password. */
export function postgresUrl(port: number, password: string): string {
  return `postgres://${SUPERUSER}:${password}@${LOOPBACK}:${port}/${DATABASE}`
}

/**
 * Starts the embedded Postgres of this home, or finds it running, and waits until it answers. A server that was killed,
 * a stale pid file and a pid given to somebody else are recovered from. Callers hold the services lock.
 * Throws AppError SERVICE_* with the last lines of its log.
 */
export async function startPostgres(
  place: PostgresPlace,
  record: ServiceRecord | undefined,
  onProgress: (message: string) => void,
): Promise<string> {
  const layout = layOut(place)
  const running = findRunning(layout, record)
  const started = running === null ? await startNew(layout, record, onProgress) : await takeOver(layout, running)
  await makeDatabase(layout, started.port)
  writeRecord(layout.home, 'postgres', { ...started, ready: true })
  return postgresUrl(started.port, layout.password)
}

async function startNew(
  layout: PostgresLayout,
  record: ServiceRecord | undefined,
  onProgress: (message: string) => void,
): Promise<ServiceRecord> {
  const binary = await ensurePostgres(layout.checkout, layout.cache, onProgress)
  checkEntrance(layout, binary)
  await initialise(layout, binary, onProgress)
  await clearRemains(layout)
  onProgress('postgres: starting')
  return launch(layout, binary, record?.port ?? null)
}

async function takeOver(layout: PostgresLayout, running: Running): Promise<ServiceRecord> {
  await waitUntilReady(layout, running.process, running.port, sizeOf(layout.log))
  return recordOf(layout, running)
}

/** Stops the embedded Postgres; false when it did not run. Callers hold the services lock. */
export async function stopPostgres(place: PostgresPlace, record: ServiceRecord | undefined): Promise<boolean> {
  const layout = layOut(place)
  const running = findRunning(layout, record)
  if (running === null) return false
  if (!(await stopProcess(running.process, STOP_STEPS))) {
    throw serviceFailed('postgres', `process ${running.process.pid} did not stop`, { file: layout.log, from: 0 })
  }
  if (record !== undefined) writeRecord(place.home, 'postgres', { ...record, process: null, ready: false })
  return true
}

interface Running {
  process: ProcessIdentity
  port: number
  binary: string
}

function recordOf(layout: PostgresLayout, running: Running): ServiceRecord {
  return { ...running, ready: false, version: POSTGRES_VERSION, data: layout.data, log: layout.log }
}

/** The server that runs over this data, by our record or by its own pid file (pid on line 1, port on line 4). */
function findRunning(layout: PostgresLayout, record: ServiceRecord | undefined): Running | null {
  if (recordRuns(record) && record.data === layout.data)
    return { process: record.process, port: record.port, binary: record.binary }
  const lines = pidFileLines(layout)
  const pid = Number(lines[0])
  const port = Number(lines[3])
  if (!Number.isInteger(pid) || pid <= 0 || !Number.isInteger(port)) return null
  const ours = findByArgument(layout.data).find((candidate) => candidate.pid === pid)
  return ours === undefined ? null : { process: ours, port, binary: record?.binary ?? '' }
}

function pidFile(layout: PostgresLayout): string {
  return join(layout.data, 'postmaster.pid')
}

function pidFileLines(layout: PostgresLayout): string[] {
  return existsSync(pidFile(layout)) ? readFileSync(pidFile(layout), 'utf8').split('\n') : []
}

/**
 * Makes way for a start over the data of a server that was killed. Its backends end when they next look for it; then
 * its pid file may go, which else stops a successor as long as its number is taken: by a process that got it anew, or
 * by the killed server itself, not yet reaped.
 */
async function clearRemains(layout: PostgresLayout): Promise<void> {
  const deadline = performance.now() + ORPHANS_TIMEOUT_MS
  const data = realpathSync(layout.data)
  while (findByFolder(data).length > 0 && performance.now() < deadline) await sleep(POLL_MS)
  const pid = Number(pidFileLines(layout)[0])
  if (Number.isInteger(pid) && pid > 0 && isPidTaken(pid)) rmSync(pidFile(layout), { force: true })
}

/** Starts the server and waits for it; takes another port when somebody else was faster. */
async function launch(layout: PostgresLayout, binary: string, preferredPort: number | null): Promise<ServiceRecord> {
  const orphansDeadline = performance.now() + ORPHANS_TIMEOUT_MS
  for (let attempt = 1; ;) {
    const port = await choosePort(attempt === 1 ? preferredPort : null)
    const from = sizeOf(layout.log)
    const server = await spawnServer(layout, binary, port)
    const started = recordOf(layout, { process: server, port, binary })
    writeRecord(layout.home, 'postgres', started)
    try {
      await waitUntilReady(layout, server, port, from)
      return started
    } catch (error) {
      const lines = error instanceof AppError ? String(error.details['lines']) : ''
      if (lines.includes('shared memory block') && performance.now() < orphansDeadline) await sleep(POLL_MS * 5)
      else if (lines.includes('Address already in use') && attempt < PORT_ATTEMPTS) attempt += 1
      else throw error
    }
  }
}

async function spawnServer(layout: PostgresLayout, binary: string, port: number): Promise<ProcessIdentity> {
  const options = Object.entries({ ...OPTIONS, port: String(port) }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ])
  return spawnDetached({
    command: join(binary, 'bin', 'postgres'),
    args: ['-D', layout.data, ...options],
    cwd: layout.data,
    env: serverEnvironment(),
    logFile: layout.log,
    account: layout.account,
  })
}

/** Throws SERVICE_FAILED when the process ends or does not answer in time. */
async function waitUntilReady(
  layout: PostgresLayout,
  server: ProcessIdentity,
  port: number,
  from: number,
): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS
  const log = { file: layout.log, from }
  for (;;) {
    const refusal = await refusalOf(port, layout.password)
    if (refusal === null) return
    if (!isRunning(server)) throw serviceFailed('postgres', 'did not start', log)
    if (refusal.code === '28P01') {
      throw new PermanentError(
        'SERVICE_PASSWORD',
        `postgres: the password in ${join(layout.home, 'keys')} is not that of its data`,
        {
          mend: `put the file postgres-password back, or stop it and remove ${layout.data} to start empty`,
        },
      )
    }
    if (performance.now() > deadline) {
      throw serviceFailed(
        'postgres',
        `does not answer on port ${port} after ${START_TIMEOUT_MS / 1000} s (${refusal.message})`,
        log,
      )
    }
    await sleep(POLL_MS)
  }
}

/** Why a connection is refused now, null when it is not. */
async function refusalOf(port: number, password: string): Promise<{ code: string; message: string } | null> {
  const client = new pg.Client({
    host: LOOPBACK,
    port,
    user: SUPERUSER,
    password,
    database: 'postgres',
    connectionTimeoutMillis: 5_000,
  })
  client.on('error', () => {}) // a server that ends meanwhile: the query below rejects too
  try {
    await client.connect()
    await client.query('select 1')
    return null
  } catch (error) {
    const { code = '', message = String(error) } = error as { code?: string; message?: string }
    return { code, message }
  } finally {
    await client.end().catch(() => {}) // not connected
  }
}

async function makeDatabase(layout: PostgresLayout, port: number): Promise<void> {
  const client = new pg.Client({
    host: LOOPBACK,
    port,
    user: SUPERUSER,
    password: layout.password,
    database: 'postgres',
  })
  client.on('error', () => {}) // a server that ends meanwhile: the queries below reject too
  await client.connect()
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE])
    if (rowCount === 0) await client.query(`create database ${DATABASE}`)
  } finally {
    await client.end()
  }
}
