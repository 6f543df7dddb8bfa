import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { parseDocument } from 'yaml'
import { AppError, PermanentError } from '../schema/contracts/errors.ts'
import {
  BadValue,
  defaultWorkers,
  oneOf,
  readHexKey,
  readNetworks,
  readPath,
  readPaths,
  readPostgresUrl,
  readResolve,
  readServiceUrl,
  readStore,
  readText,
  readWorkers,
  wholeNumber,
  type ResolveRule,
  type StorePlace,
  type ValueReader,
  type WorkerCounts,
} from './config-values.ts'
import { editDistance, nearestName } from './nearest-name.ts'
import { cacheFolder } from './services/cache.ts'
import type * as EnvConfig from '@temporalio/envconfig'

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export interface ModelService {
  /** Overrides the spec's `base_url`; null: the spec's. */
  readonly baseUrl: string | null
  readonly apiKey: string | null
}

/** How to reach a Temporal of the user's. */
export interface TemporalSettings {
  readonly address: string
  readonly namespace: string
  /** Options for `Connection.connect` and `NativeConnection.connect`. */
  readonly connection: EnvConfig.ClientConnectConfig['connectionOptions']
}

/** What may not change an output byte. Paths are absolute. */
export interface Settings {
  /** The repository's root. */
  readonly checkout: string
  readonly home: string
  /** Folder of programs shared by all homes. */
  readonly cache: string
  /** PATH, where programs are looked for. */
  readonly path: string
  /** Null: the embedded Postgres. */
  readonly databaseUrl: string | null
  /** Null: the embedded Temporal. */
  readonly temporal: TemporalSettings | null
  readonly temporalBin: string | null
  readonly store: StorePlace
  readonly workers: WorkerCounts
  /** Simultaneous requests of one `io` worker. */
  readonly concurrency: number
  /** Inputs of one shard. */
  readonly shardSize: number
  /** Lowercase hex; null: made per dataset in the home's keys. */
  readonly datasetKey: string | null
  readonly abuseLists: readonly string[]
  /** Networks (CIDR) that the crawl may reach although they are not public. */
  readonly networkAllow: readonly string[]
  readonly resolve: readonly ResolveRule[]
  readonly logLevel: LogLevel
  readonly models: { readonly caption: ModelService; readonly translate: ModelService; readonly thick: ModelService }
}

type Origin = 'flag' | 'env' | 'file'

interface Definition<T> {
  env: string
  /** Key in mella.config.yaml, and with dashes the flag; null: the environment only, since it is secret. */
  key: string | null
  what: string
  read: ValueReader<T>
}

function define<T>(env: string, key: string | null, what: string, read: ValueReader<T>): Definition<T> {
  return { env, key, what, read }
}

const DEFINITIONS = {
  home: define('MELLA_HOME', 'home', 'folder of services, keys and store', readPath),
  cache: define('MELLA_CACHE', 'cache', 'folder of programs', readPath),
  databaseUrl: define('DATABASE_URL', null, 'Postgres of your own', readPostgresUrl),
  temporalBin: define('MELLA_TEMPORAL_BIN', 'temporal_bin', 'Temporal CLI to run', readPath),
  store: define('MELLA_STORE', 'store', 'folder or s3://bucket/prefix', readStore),
  workers: define('MELLA_WORKERS', 'workers', 'worker processes, such as io=2,cpu=1', readWorkers),
  concurrency: define(
    'MELLA_CONCURRENCY',
    'concurrency',
    'simultaneous requests of an io worker',
    wholeNumber(1, 1000),
  ),
  shardSize: define('MELLA_SHARD_SIZE', 'shard_size', 'inputs of a shard', wholeNumber(100, 1000)),
  datasetKey: define('MELLA_DATASET_KEY', null, 'secret key of sample keys, hex', readHexKey),
  abuseLists: define('MELLA_ABUSE_LISTS', 'abuse_lists', 'files of known-abuse hashes', readPaths),
  networkAllow: define('MELLA_NETWORK_ALLOW', 'network_allow', 'private networks the crawl may reach', readNetworks),
  resolve: define(
    'MELLA_RESOLVE',
    'resolve',
    'names sent to addresses, such as *.a.example=127.0.0.1:8080',
    readResolve,
  ),
  logLevel: define('MELLA_LOG_LEVEL', 'log_level', LOG_LEVELS.join(', '), oneOf(LOG_LEVELS)),
  captionUrl: define('MELLA_CAPTION_URL', 'caption_url', "overrides the spec's caption.base_url", readServiceUrl),
  translateUrl: define(
    'MELLA_TRANSLATE_URL',
    'translate_url',
    "overrides the spec's translate.base_url",
    readServiceUrl,
  ),
  thickUrl: define('MELLA_THICK_URL', 'thick_url', "overrides the spec's thick.base_url", readServiceUrl),
  captionKey: define('MELLA_CAPTION_KEY', null, 'API key of the caption service', readText),
  translateKey: define('MELLA_TRANSLATE_KEY', null, 'API key of the translation service', readText),
  thickKey: define('MELLA_THICK_KEY', null, 'API key of the thick caption service', readText),
} as const

type Definitions = typeof DEFINITIONS
type Values = { [K in keyof Definitions]?: Definitions[K] extends Definition<infer T> ? T : never }

/** Flags that every command takes, without their dashes. */
export interface SettingFlag {
  flag: string
  env: string
  what: string
}

export const SETTING_FLAGS: readonly SettingFlag[] = Object.values(DEFINITIONS)
  .filter(({ key }) => key !== null)
  .map(({ key, env, what }) => ({ flag: flagOf(key ?? ''), env, what }))

/** Variables that are read from the environment only. */
export const SECRET_VARIABLES: readonly { env: string; what: string }[] = Object.values(DEFINITIONS).filter(
  ({ key }) => key === null,
)

const DEFAULT_CONCURRENCY = 16
/** Progress shows every few seconds and a kill loses little; larger shards cost fewer history events an item. */
const DEFAULT_SHARD_SIZE = 100

export interface ConfigSources {
  env: Readonly<Record<string, string | undefined>>
  /** Flag (as in SETTING_FLAGS) -> value. */
  flags?: Readonly<Record<string, string>>
  cwd: string
}

interface Given {
  origin: Origin
  /** As the user wrote it. */
  name: string
  text: string
  folder: string
}

const CONFIG_FILE = 'mella.config.yaml'
const CHECKOUT = resolve(import.meta.dirname, '..')

/**
 * Reads the settings: flags over variables over mella.config.yaml (of the current folder, else of the checkout) over
 * defaults. The result is frozen. Throws PermanentError BAD_SETTINGS that lists everything that is wrong.
 */
export function loadConfig(sources: ConfigSources): Settings {
  const faults: string[] = []
  const file = readConfigFile(sources.cwd, faults)
  const values = readValues(sources, file, faults)
  faults.push(...misspeltVariables(sources.env))
  const temporal = attempt(faults, () => readTemporal(sources.env))
  if (faults.length > 0) {
    throw new PermanentError(
      'BAD_SETTINGS',
      `settings: ${faults.length === 1 ? 'one is' : `${faults.length} are`} wrong`,
      {
        lines: faults,
        mend: './mella --help lists the settings and what they take',
      },
    )
  }
  return deepFreeze(complete(values, temporal ?? null, sources.env))
}

function complete(values: Values, temporal: TemporalSettings | null, env: ConfigSources['env']): Settings {
  const home = values.home ?? join(CHECKOUT, '.mella')
  return {
    checkout: CHECKOUT,
    home,
    cache: cacheFolder(values.cache ?? null, env['XDG_CACHE_HOME'] || null),
    path: env['PATH'] ?? '',
    databaseUrl: values.databaseUrl ?? null,
    temporal,
    temporalBin: values.temporalBin ?? null,
    store: values.store ?? { kind: 'folder', path: join(home, 'store') },
    workers: values.workers ?? defaultWorkers(),
    concurrency: values.concurrency ?? DEFAULT_CONCURRENCY,
    shardSize: values.shardSize ?? DEFAULT_SHARD_SIZE,
    datasetKey: values.datasetKey ?? null,
    abuseLists: values.abuseLists ?? [],
    networkAllow: values.networkAllow ?? [],
    resolve: values.resolve ?? [],
    logLevel: values.logLevel ?? 'info',
    models: {
      caption: { baseUrl: values.captionUrl ?? null, apiKey: values.captionKey ?? null },
      translate: { baseUrl: values.translateUrl ?? null, apiKey: values.translateKey ?? null },
      thick: { baseUrl: values.thickUrl ?? null, apiKey: values.thickKey ?? null },
    },
  }
}

interface ConfigFile {
  folder: string
  values: Map<string, string>
}

function readConfigFile(cwd: string, faults: string[]): ConfigFile | null {
  const path = [cwd, CHECKOUT].map((folder) => join(folder, CONFIG_FILE)).find((candidate) => existsSync(candidate))
  if (path === undefined) return null
  const document = parseDocument(readFileSync(path, 'utf8'), { strict: true })
  faults.push(...document.errors.map(({ message }) => `${path}: ${message.split('\n', 1)[0]}`))
  const content: unknown = document.errors.length > 0 ? {} : (document.toJS() ?? {})
  const values = new Map<string, string>()
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    faults.push(`${path}: must hold keys and values`)
    return { folder: join(path, '..'), values }
  }
  const known = Object.values(DEFINITIONS).flatMap(({ key }) => key ?? [])
  for (const [key, value] of Object.entries(content)) {
    if (known.includes(key)) values.set(key, textOf(value))
    else faults.push(`${path}: unknown key ${key}${meant(nearestName(key, known))}`)
  }
  return { folder: join(path, '..'), values }
}

/** YAML lists and maps in the form of the variables: `a,b` and `a=1,b=2`. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(String).join(',')
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .map(([key, item]) => `${key}=${String(item)}`)
    .join(',')
}

function readValues(sources: ConfigSources, file: ConfigFile | null, faults: string[]): Values {
  const values: Record<string, unknown> = {}
  for (const [name, definition] of Object.entries(DEFINITIONS)) {
    const given = find(definition, sources, file)
    if (given === null) continue
    try {
      values[name] = definition.read(given.text, given.folder)
    } catch (error) {
      if (!(error instanceof BadValue)) throw error
      // A secret is never shown, however wrong.
      faults.push(`${given.name}${definition.key === null ? '' : `=${given.text}`}: ${error.message}`)
    }
  }
  return values as Values
}

function find(definition: Definition<unknown>, sources: ConfigSources, file: ConfigFile | null): Given | null {
  const { env, key } = definition
  const flag = key === null ? undefined : sources.flags?.[flagOf(key)]
  if (flag !== undefined) return { origin: 'flag', name: `--${flagOf(key ?? '')}`, text: flag, folder: sources.cwd }
  const variable = sources.env[env]
  if (variable !== undefined && variable !== '')
    return { origin: 'env', name: env, text: variable, folder: sources.cwd }
  const value = key === null ? undefined : file?.values.get(key)
  if (value === undefined || file === null) return null
  return { origin: 'file', name: `${CONFIG_FILE}: ${key}`, text: value, folder: file.folder }
}

function flagOf(key: string): string {
  return key.replaceAll('_', '-')
}

/** A variable that looks like one of ours but is not would be ignored in silence. */
function misspeltVariables(env: ConfigSources['env']): string[] {
  const known = Object.values(DEFINITIONS).map((definition) => definition.env)
  return Object.keys(env)
    .filter((name) => name.startsWith('MELLA_') && !known.includes(name))
    .flatMap((name) => {
      const near = nearestName(name, known)
      return near !== null && editDistance(name, near) <= 2 ? [`${name}: no such variable${meant(near)}`] : []
    })
}

function meant(name: string | null): string {
  return name === null ? '' : `, did you mean ${name}?`
}

/** A Temporal of the user's, as the TEMPORAL_* variables name it (and the configuration file that they name); null without any. */
function readTemporal(env: ConfigSources['env']): TemporalSettings | null {
  const variables = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[0].startsWith('TEMPORAL_') && Boolean(entry[1]),
  )
  if (variables.length === 0) return null
  // Loaded only here: it takes longer to load than most commands take to run.
  const envconfig = createRequire(import.meta.url)('@temporalio/envconfig') as typeof EnvConfig
  const { connectionOptions, namespace } = envconfig.loadClientConnectConfig({
    overrideEnvVars: Object.fromEntries(variables),
  })
  const address = connectionOptions.address ?? 'localhost:7233'
  return { address, namespace: namespace ?? 'default', connection: { ...connectionOptions, address } }
}

function attempt<T>(faults: string[], work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof AppError) throw error
    faults.push(`TEMPORAL_*: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}

function deepFreeze<T extends object>(value: T): T {
  for (const item of Object.values(value))
    if (typeof item === 'object' && item !== null && !ArrayBuffer.isView(item)) deepFreeze(item as object)
  return Object.freeze(value)
}
