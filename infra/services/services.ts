import { accessSync, constants, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { PermanentError } from '../../schema/contracts/errors.ts'
import type { Settings } from '../config.ts'
import { readSecret } from '../keys.ts'
import { withFileLock } from './file-lock.ts'
import { accepts } from './ports.ts'
import { postgresUrl, startPostgres, stopPostgres } from './postgres-server.ts'
import { readRecords, recordRuns, type ServiceName, type ServiceRecord } from './registry.ts'
import { isServing, startTemporal, stopTemporal, temporalAddress } from './temporal-server.ts'

const LOCK_TIMEOUT_MS = 1_200_000

export interface RunningServices {
  databaseUrl: string
  temporalAddress: string
}

export interface ServiceStatus {
  name: ServiceName
  /** `own`: a service of the user's, which mella neither starts nor stops. */
  kind: 'embedded' | 'own'
  state: 'running' | 'not answering' | 'stopped' | 'unknown'
  pid: number | null
  port: number | null
  version: string | null
  log: string | null
}

/**
 * Starts the embedded services that the settings do not replace, unless they run, and gives the addresses to use.
 * They outlive this process. Safe to run twice and at the same time. `onProgress` gets plain lines.
 * Throws AppError SERVICE_* (see details.lines and details.mend); a service that did start stays up.
 */
export async function startServices(
  settings: Settings,
  onProgress: (message: string) => void,
): Promise<RunningServices> {
  const running = await findRunning(settings)
  if (running !== null) return running
  return locked(settings, onProgress, async () => {
    // Whoever held the lock has started them.
    const meanwhile = await findRunning(settings)
    if (meanwhile !== null) return meanwhile
    const records = readRecords(settings.home)
    const lookup = { explicit: settings.temporalBin, path: settings.path, cache: settings.cache }
    const started = await Promise.allSettled([
      settings.databaseUrl ?? startPostgres(settings, records.postgres, onProgress),
      settings.temporal?.address ?? startTemporal(settings.home, lookup, records.temporal, onProgress),
    ])
    const [database, temporal] = started.map((result) => {
      if (result.status === 'rejected') throw result.reason
      return result.value
    })
    return { databaseUrl: database ?? '', temporalAddress: temporal ?? '' }
  })
}

/** Stops the embedded services of this home and names those that ran. Services of the user's are left alone. */
export async function stopServices(settings: Settings, onProgress: (message: string) => void): Promise<ServiceName[]> {
  if (!existsSync(settings.home)) return []
  return locked(settings, onProgress, async () => {
    const records = readRecords(settings.home)
    const [temporal, postgres] = await Promise.all([
      stopTemporal(settings.home, records.temporal),
      stopPostgres(settings, records.postgres),
    ])
    return [...(temporal ? (['temporal'] as const) : []), ...(postgres ? (['postgres'] as const) : [])]
  })
}

/** What runs now; starts nothing. */
export async function servicesStatus(settings: Settings): Promise<ServiceStatus[]> {
  const records = readRecords(settings.home)
  return [
    settings.databaseUrl === null ? await statusOf('postgres', records.postgres, accepts) : ownStatus('postgres'),
    settings.temporal === null ? await statusOf('temporal', records.temporal, isServing) : ownStatus('temporal'),
  ]
}

async function statusOf(
  name: ServiceName,
  record: ServiceRecord | undefined,
  answers: (port: number) => Promise<boolean>,
): Promise<ServiceStatus> {
  const { port = null, version = null, log = null } = record ?? {}
  if (!recordRuns(record)) return { name, kind: 'embedded', state: 'stopped', pid: null, port, version, log }
  const state = (await answers(record.port)) ? 'running' : 'not answering'
  return { name, kind: 'embedded', state, pid: record.process.pid, port, version, log }
}

function ownStatus(name: ServiceName): ServiceStatus {
  return { name, kind: 'own', state: 'unknown', pid: null, port: null, version: null, log: null }
}

/** The addresses when all that is embedded runs and answers, else null; starts nothing and takes no lock. */
export async function findRunning(settings: Settings): Promise<RunningServices | null> {
  const { postgres, temporal } = readRecords(settings.home)
  const database = settings.databaseUrl ?? (await runningDatabase(settings.home, postgres))
  const address = settings.temporal?.address ?? (await runningTemporal(temporal))
  return database === null || address === null ? null : { databaseUrl: database, temporalAddress: address }
}

async function runningDatabase(home: string, record: ServiceRecord | undefined): Promise<string | null> {
  const password = readSecret(home, 'postgres-password')
  if (password === null || !recordRuns(record) || !record.ready || !(await accepts(record.port))) return null
  return postgresUrl(record.port, password)
}

async function runningTemporal(record: ServiceRecord | undefined): Promise<string | null> {
  return recordRuns(record) && (await isServing(record.port)) ? temporalAddress(record.port) : null
}

function makeHome(home: string): void {
  try {
    mkdirSync(join(home, 'logs'), { recursive: true })
    accessSync(home, constants.W_OK)
  } catch (error) {
    const fact = error instanceof Error ? error.message : String(error)
    throw new PermanentError(
      'HOME_UNUSABLE',
      `home ${home}: cannot be written (${fact})`,
      { mend: 'set MELLA_HOME to a folder of your own' },
      error,
    )
  }
}

async function locked<T>(
  settings: Settings,
  onProgress: (message: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  makeHome(settings.home)
  const onWait = (holder: number): void =>
    onProgress(`services: process ${holder} is starting or stopping them, waiting`)
  return withFileLock(join(settings.home, 'services.lock'), { timeoutMs: LOCK_TIMEOUT_MS, onWait }, work)
}
