import { mkdirSync } from 'node:fs'
import { connect } from 'node:http2'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../../schema/contracts/errors.ts'
import { choosePort, LOOPBACK } from './ports.ts'
import { findByArgument, isRunning, sizeOf, spawnDetached, stopProcess, type ProcessIdentity } from './process.ts'
import { recordRuns, writeRecord, type ServiceRecord } from './registry.ts'
import { serviceFailed } from './service-error.ts'
import { ensureTemporal, type TemporalBinary, type TemporalLookup } from './temporal-binary.ts'

const START_TIMEOUT_MS = 60_000
const POLL_MS = 50
const PORT_ATTEMPTS = 3
const CALL_TIMEOUT_MS = 5_000

/** One server process on two cores: one partition a queue, ids as short as SQL stores take them, a small cache. */
const DYNAMIC_CONFIG: Readonly<Record<string, string>> = {
  'limit.maxIDLength': '255',
  'matching.numTaskqueueReadPartitions': '1',
  'matching.numTaskqueueWritePartitions': '1',
  'history.hostLevelCacheMaxSize': '8192',
  'frontend.namespaceRPS.visibility': '100',
}

const STOP_STEPS = [
  { signal: 'SIGTERM', waitMs: 15_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
] as const

/** The address that clients and workers connect to. */
export function temporalAddress(port: number): string {
  return `${LOOPBACK}:${port}`
}

function databaseFile(home: string): string {
  return join(home, 'temporal', 'temporal.db')
}

function logFile(home: string): string {
  return join(home, 'logs', 'temporal.log')
}

/**
 * Starts the embedded Temporal server of this home, or finds it running, and waits until its gRPC port answers.
 * Its database is a file that outlives it, killed or not. Callers hold the services lock.
 * Throws AppError SERVICE_* with the last lines of its log.
 */
export async function startTemporal(
  home: string,
  lookup: TemporalLookup,
  record: ServiceRecord | undefined,
  onProgress: (message: string) => void,
): Promise<string> {
  if (recordRuns(record)) {
    await waitUntilReady(home, record.process, record.port, sizeOf(logFile(home)))
    return temporalAddress(record.port)
  }
  const binary = await ensureTemporal(lookup, onProgress)
  await endStray(home)
  mkdirSync(join(home, 'temporal'), { recursive: true, mode: 0o700 })
  onProgress('temporal: starting')
  return temporalAddress(await launch(home, binary, record?.port ?? null))
}

/** Stops the embedded Temporal; false when it did not run. Callers hold the services lock. */
export async function stopTemporal(home: string, record: ServiceRecord | undefined): Promise<boolean> {
  const servers = recordRuns(record) ? [record.process] : findByArgument(databaseFile(home))
  for (const server of servers) await end(home, server)
  if (record !== undefined) writeRecord(home, 'temporal', { ...record, process: null, ready: false })
  return servers.length > 0
}

/** Two servers over one database file would break it: one whose record was lost is ended first. */
async function endStray(home: string): Promise<void> {
  for (const stray of findByArgument(databaseFile(home))) await end(home, stray)
}

async function end(home: string, server: ProcessIdentity): Promise<void> {
  if (await stopProcess(server, STOP_STEPS)) return
  throw serviceFailed('temporal', `process ${server.pid} did not stop`, { file: logFile(home), from: 0 })
}

/** Starts the server and gives its port; takes another port when somebody else was faster. */
async function launch(home: string, binary: TemporalBinary, preferredPort: number | null): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await choosePort(attempt === 1 ? preferredPort : null)
    const from = sizeOf(logFile(home))
    const server = await spawnServer(home, binary, port)
    const started = {
      process: server,
      port,
      version: binary.version,
      binary: binary.path,
      data: databaseFile(home),
      log: logFile(home),
    }
    writeRecord(home, 'temporal', { ...started, ready: false })
    try {
      await waitUntilReady(home, server, port, from)
      writeRecord(home, 'temporal', { ...started, ready: true })
      return port
    } catch (error) {
      const lines = error instanceof AppError ? String(error.details['lines']) : ''
      if (!/address already in use/i.test(lines) || attempt === PORT_ATTEMPTS) throw error
    }
  }
}

async function spawnServer(home: string, binary: TemporalBinary, port: number): Promise<ProcessIdentity> {
  const dynamic = Object.entries(DYNAMIC_CONFIG).flatMap(([key, value]) => [
    '--dynamic-config-value',
    `${key}=${value}`,
  ])
  const storage = [
    '--db-filename',
    databaseFile(home),
    '--sqlite-pragma',
    'journal_mode=WAL',
    '--sqlite-pragma',
    'synchronous=NORMAL',
  ]
  return spawnDetached({
    command: binary.path,
    args: [
      'server',
      'start-dev',
      '--headless',
      '--ip',
      LOOPBACK,
      '--port',
      String(port),
      ...storage,
      '--log-level',
      'error',
      ...dynamic,
    ],
    cwd: join(home, 'temporal'),
    // HOME: else the CLI looks for a configuration file of the user's.
    env: { PATH: '/usr/bin:/bin', HOME: join(home, 'temporal'), TZ: 'UTC' },
    logFile: logFile(home),
    account: null,
  })
}

/** Throws SERVICE_FAILED when the process ends or does not answer in time. */
async function waitUntilReady(home: string, server: ProcessIdentity, port: number, from: number): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS
  const log = { file: logFile(home), from }
  for (;;) {
    const serving = await isServing(port)
    // Asked second: an answer may come from somebody else's server that took the port first.
    if (!isRunning(server)) throw serviceFailed('temporal', 'did not start', log)
    if (serving) return
    if (performance.now() > deadline)
      throw serviceFailed('temporal', `does not answer on port ${port} after ${START_TIMEOUT_MS / 1000} s`, log)
    await sleep(POLL_MS)
  }
}

/** gRPC framing of HealthCheckRequest { service: "temporal.api.workflowservice.v1.WorkflowService" } (grpc.health.v1). */
function healthRequest(): Buffer {
  const service = Buffer.from('temporal.api.workflowservice.v1.WorkflowService')
  const message = Buffer.concat([Buffer.from([0x0a, service.length]), service])
  const frame = Buffer.alloc(5)
  frame.writeUInt32BE(message.length, 1)
  return Buffer.concat([frame, message])
}

/** HealthCheckResponse { status: SERVING } in its gRPC frame. */
const SERVING = '00000000020801'

/** Whether the Temporal server at this loopback port says that it serves; without the SDK, whose loading takes longer than the answer. */
export function isServing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const session = connect(`http://${temporalAddress(port)}`)
    const answer = (serving: boolean): void => {
      session.destroy()
      resolve(serving)
    }
    session.once('error', () => answer(false))
    session.setTimeout(CALL_TIMEOUT_MS, () => answer(false))
    const stream = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.once('error', () => answer(false))
    stream.once('end', () => answer(Buffer.concat(chunks).toString('hex') === SERVING))
    stream.end(healthRequest())
  })
}
