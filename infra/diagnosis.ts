import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statfsSync,
  statSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { AppError } from '../schema/contracts/errors.ts'
import type { Settings } from './config.ts'
import { canEnter, dataFolder, serverAccount } from './services/account.ts'
import { readRecords, recordRuns, type ServiceName } from './services/registry.ts'
import { servicesStatus, type ServiceStatus } from './services/services.ts'
import { findTemporal } from './services/temporal-binary.ts'

/** One thing that was looked at; `mend` is the command that puts it right, null when nothing is wrong. */
export interface Check {
  name: string
  ok: boolean
  fact: string
  mend: string | null
}

/** Below this the first pictures of a crawl would not fit. */
const MIN_FREE_BYTES = 1024 ** 3
const CONNECT_TIMEOUT_MS = 5_000

/** Looks at everything that `up` needs and at what runs; changes nothing but making the home's folder. Throws nothing. */
export async function diagnose(settings: Settings): Promise<Check[]> {
  const checks = [
    node(settings),
    packages(settings),
    attempt('home', () => home(settings)),
    attempt('keys', () => keys(settings)),
    attempt('disk', () => disk(settings)),
    attempt('store', () => store(settings)),
  ]
  if (settings.databaseUrl === null) checks.push(attempt('postgres account', () => account(settings)))
  if (settings.temporal === null) checks.push(await attemptLater('temporal program', () => temporalProgram(settings)))
  for (const status of await servicesStatus(settings))
    checks.push(await attemptLater(status.name, () => service(settings, status)))
  return checks
}

function good(name: string, fact: string): Check {
  return { name, ok: true, fact, mend: null }
}

function bad(name: string, fact: string, mend: string): Check {
  return { name, ok: false, fact, mend }
}

function attempt(name: string, check: () => Check): Check {
  try {
    return check()
  } catch (error) {
    return failed(name, error)
  }
}

async function attemptLater(name: string, check: () => Promise<Check>): Promise<Check> {
  try {
    return await check()
  } catch (error) {
    return failed(name, error)
  }
}

function failed(name: string, error: unknown): Check {
  const mend =
    error instanceof AppError && typeof error.details['mend'] === 'string' ? error.details['mend'] : './mella up'
  return bad(name, error instanceof Error ? error.message : String(error), mend)
}

function node({ checkout }: Settings): Check {
  const { engines } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as { engines: { node: string } }
  const version = process.versions.node
  return version === engines.node
    ? good('node', version)
    : bad('node', `${version}, the pinned version is ${engines.node}`, 'start it as ./mella')
}

function packages({ checkout }: Settings): Check {
  const folder = join(checkout, 'node_modules')
  if (lstatSync(folder).isSymbolicLink()) return good('packages', 'node_modules is a link, used as it is')
  const stamp = join(folder, '.mella-lock.json')
  const lock = readFileSync(join(checkout, 'package-lock.json'))
  if (!existsSync(stamp)) return good('packages', 'installed by npm itself')
  if (readFileSync(stamp).equals(lock)) return good('packages', 'as package-lock.json names them')
  return bad('packages', 'package-lock.json changed since they were installed', './mella up')
}

function home({ home: folder }: Settings): Check {
  mkdirSync(folder, { recursive: true })
  accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
  return good('home', folder)
}

function keys({ home: folder }: Settings): Check {
  const path = join(folder, 'keys')
  if (!existsSync(path)) return good('keys', 'none yet')
  const open = [path, ...readdirSync(path).map((name) => join(path, name))].filter(
    (file) => (statSync(file).mode & 0o077) !== 0,
  )
  return open.length === 0
    ? good('keys', 'readable by their owner alone')
    : bad('keys', `others can read ${open.join(', ')}`, `chmod -R go= ${path}`)
}

function disk({ home: folder }: Settings): Check {
  const { bavail, bsize } = statfsSync(folder)
  const free = bavail * bsize
  const fact = `${(free / 1024 ** 3).toFixed(1)} GiB free in ${folder}`
  return free >= MIN_FREE_BYTES
    ? good('disk', fact)
    : bad('disk', fact, `free space, or set MELLA_HOME to a folder on another disk`)
}

function store({ store: place }: Settings): Check {
  if (place.kind === 's3') return good('store', `s3://${place.bucket}/${place.prefix}`)
  let folder = place.path
  while (!existsSync(folder)) folder = dirname(folder)
  accessSync(folder, constants.W_OK)
  return good('store', place.path)
}

function account({ home: folder }: Settings): Check {
  const user = serverAccount()
  if (user === null) return good('postgres account', 'the current user')
  const data = dataFolder(folder, user)
  if (canEnter(dirname(data), user)) return good('postgres account', `${user.name}, data in ${data}`)
  return bad(
    'postgres account',
    `${user.name} cannot enter ${dirname(data)}`,
    `chmod o+x ${dirname(data)} and each folder above it`,
  )
}

async function temporalProgram({ temporalBin, path, cache }: Settings): Promise<Check> {
  const found = await findTemporal({ explicit: temporalBin, path, cache })
  return good(
    'temporal program',
    found === null ? 'not here yet, ./mella up fetches it' : `${found.version}, ${found.path}`,
  )
}

async function service(settings: Settings, status: ServiceStatus): Promise<Check> {
  const { name, kind, state, pid, port } = status
  if (kind === 'own') return name === 'postgres' ? ownPostgres(settings) : ownTemporal(settings)
  if (state === 'running') return good(name, `running, process ${pid}, port ${port}`)
  if (state === 'not answering')
    return bad(name, `process ${pid} does not answer on port ${port}`, './mella down && ./mella up')
  return hasDied(settings, name)
    ? bad(name, 'ended without being stopped; its data are safe', './mella up')
    : good(name, 'not running')
}

function hasDied({ home: folder }: Settings, name: ServiceName): boolean {
  const record = readRecords(folder)[name]
  return record !== undefined && record.process !== null && !recordRuns(record)
}

async function ownPostgres({ databaseUrl }: Settings): Promise<Check> {
  const client = new pg.Client({ connectionString: databaseUrl ?? '', connectionTimeoutMillis: CONNECT_TIMEOUT_MS })
  client.on('error', () => {}) // a server that ends meanwhile: the call below rejects too
  const where = new URL(databaseUrl ?? '').host
  try {
    await client.connect()
    return good('postgres', `your own at ${where}`)
  } catch (error) {
    return bad(
      'postgres',
      `your own at ${where} refuses: ${(error as Error).message}`,
      'mend DATABASE_URL, or unset it to use the embedded one',
    )
  } finally {
    await client.end().catch(() => {}) // was not connected
  }
}

async function ownTemporal({ temporal }: Settings): Promise<Check> {
  const { Connection } = await import('@temporalio/client')
  const address = temporal?.address ?? ''
  try {
    const connection = await Connection.connect({
      ...temporal?.connection,
      connectTimeout: CONNECT_TIMEOUT_MS,
    } as Parameters<typeof Connection.connect>[0])
    await connection.close()
    return good('temporal', `your own at ${address}`)
  } catch (error) {
    return bad(
      'temporal',
      `your own at ${address} refuses: ${(error as Error).message}`,
      'mend TEMPORAL_ADDRESS, or unset it to use the embedded one',
    )
  }
}
