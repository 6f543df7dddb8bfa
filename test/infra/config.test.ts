import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadConfig } from '../../infra/config.ts'
import { AppError } from '../../schema/contracts/errors.ts'

const CHECKOUT = join(import.meta.dirname, '..', '..')
let cwd: string

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'mella-config-'))
})
afterEach(() => rmSync(cwd, { recursive: true }))

function faultsOf(env: Record<string, string>, flags: Record<string, string> = {}): unknown {
  try {
    loadConfig({ env, flags, cwd })
    return []
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    expect(error.code).toBe('BAD_SETTINGS')
    return error.details['lines']
  }
}

test('without any setting everything is embedded and stands in the checkout', () => {
  const { workers, cache, ...settings } = loadConfig({ env: { PATH: '/bin', MELLA_CACHE: '/c' }, cwd })
  expect(cache).toBe('/c')
  expect(Object.keys(workers)).toEqual(['orchestrator', 'io', 'cpu', 'model'])
  expect(settings).toEqual({
    checkout: CHECKOUT,
    home: join(CHECKOUT, '.mella'),
    path: '/bin',
    databaseUrl: null,
    temporal: null,
    temporalBin: null,
    store: { kind: 'folder', path: join(CHECKOUT, '.mella', 'store') },
    concurrency: 16,
    shardSize: 100,
    datasetKey: null,
    abuseLists: [],
    networkAllow: [],
    resolve: [],
    logLevel: 'info',
    models: {
      caption: { baseUrl: null, apiKey: null },
      translate: { baseUrl: null, apiKey: null },
      thick: { baseUrl: null, apiKey: null },
    },
  })
})

test('a flag wins over a variable, a variable over the file, the file over the default', () => {
  writeFileSync(join(cwd, 'mella.config.yaml'), 'shard_size: 200\nconcurrency: 4\nlog_level: debug\n')
  const { shardSize, concurrency, logLevel } = loadConfig({
    env: { MELLA_SHARD_SIZE: '300', MELLA_CONCURRENCY: '5' },
    flags: { 'shard-size': '400' },
    cwd,
  })
  expect({ shardSize, concurrency, logLevel }).toEqual({ shardSize: 400, concurrency: 5, logLevel: 'debug' })
})

test('all values are read into their types', () => {
  const settings = loadConfig({
    env: {
      DATABASE_URL: 'postgres://u:p@db.example:5432/m',
      MELLA_STORE: 's3://bucket/a//b/',
      MELLA_WORKERS: 'io=2, cpu=3',
      MELLA_DATASET_KEY: 'AB'.repeat(16),
      MELLA_ABUSE_LISTS: 'a.txt,/b.txt',
      MELLA_NETWORK_ALLOW: '127.0.0.1,10.0.0.0/8,fd00::/8',
      MELLA_RESOLVE: '*.Demo.example=127.0.0.1:41234,a.example=[::1]:80,b.example=10.0.0.1',
      MELLA_CAPTION_URL: 'http://127.0.0.1:8000/v1/',
      MELLA_CAPTION_KEY: 'secret',
    },
    cwd,
  })
  expect(settings).toMatchObject({
    databaseUrl: 'postgres://u:p@db.example:5432/m',
    store: { kind: 's3', bucket: 'bucket', prefix: 'a/b' },
    workers: { orchestrator: 1, io: 2, cpu: 3, model: 1 },
    datasetKey: 'ab'.repeat(16),
    abuseLists: [join(cwd, 'a.txt'), '/b.txt'],
    networkAllow: ['127.0.0.1/32', '10.0.0.0/8', 'fd00::/8'],
    resolve: [
      { pattern: '*.demo.example', host: '127.0.0.1', port: 41234 },
      { pattern: 'a.example', host: '::1', port: 80 },
      { pattern: 'b.example', host: '10.0.0.1', port: null },
    ],
    models: { caption: { baseUrl: 'http://127.0.0.1:8000/v1', apiKey: 'secret' } },
  })
})

test('lists and maps of the file read like the variables, paths from the folder of the file', () => {
  writeFileSync(
    join(cwd, 'mella.config.yaml'),
    'workers: { io: 2 }\nnetwork_allow: [127.0.0.0/8, "::1"]\nstore: data\nabuse_lists: [x.txt]\n',
  )
  const { workers, networkAllow, store, abuseLists } = loadConfig({ env: {}, cwd })
  expect({ io: workers.io, networkAllow, store, abuseLists }).toEqual({
    io: 2,
    networkAllow: ['127.0.0.0/8', '::1/128'],
    store: { kind: 'folder', path: join(cwd, 'data') },
    abuseLists: [join(cwd, 'x.txt')],
  })
})

test('everything that is wrong is told at once, secrets are not shown', () => {
  writeFileSync(join(cwd, 'mella.config.yaml'), 'shard_sise: 100\nlog_level: loud\n')
  const env = {
    MELLA_WORKERS: 'gpu=1',
    MELLA_DATASET_KEY: 'tooshort',
    MELLA_STORE: 'ftp://x',
    MELLA_RESOLVE: 'a.example',
    MELLA_CONCURENCY: '3',
    DATABASE_URL: 'mysql://u:p@x/y',
  }
  expect(faultsOf(env, { 'shard-size': '99', 'network-allow': '10.0.0/8' })).toEqual([
    `${join(cwd, 'mella.config.yaml')}: unknown key shard_sise, did you mean shard_size?`,
    'DATABASE_URL: must be a URL such as postgres://user:password@host:5432/database',
    'MELLA_STORE=ftp://x: must be a folder or s3://bucket/prefix',
    'MELLA_WORKERS=gpu=1: must be counts by role (orchestrator, io, cpu, model) such as io=2,cpu=1',
    '--shard-size=99: must be a whole number from 100 to 1000',
    'MELLA_DATASET_KEY: must be hex, at least 32 digits',
    '--network-allow=10.0.0/8: 10.0.0/8 is not a network such as 10.0.0.0/8 or fd00::/8',
    'MELLA_RESOLVE=a.example: a.example is not of the form name=address:port, where the name may start with *.',
    'mella.config.yaml: log_level=loud: must be one of trace, debug, info, warn, error, fatal, silent',
    'MELLA_CONCURENCY: no such variable, did you mean MELLA_CONCURRENCY?',
  ])
})

test('a variable of ours that is nothing like a setting is left alone', () => {
  expect(faultsOf({ MELLA_SOMETHING_ELSE_ENTIRELY: '1' })).toEqual([])
})

test('a Temporal of the user is read as its own tools read it', () => {
  const { temporal } = loadConfig({
    env: { TEMPORAL_ADDRESS: 'temporal.example:7233', TEMPORAL_NAMESPACE: 'mella', TEMPORAL_API_KEY: 'k' },
    cwd,
  })
  expect(temporal).toMatchObject({
    address: 'temporal.example:7233',
    namespace: 'mella',
    connection: { address: 'temporal.example:7233', apiKey: 'k', tls: true },
  })
})

test('a Temporal profile that is not there is a fault', () => {
  expect(faultsOf({ TEMPORAL_PROFILE: 'nowhere', HOME: cwd })).toEqual([expect.stringContaining("'nowhere'")])
})

test('the settings are frozen through and through', () => {
  const settings = loadConfig({ env: {}, cwd })
  expect(() => Object.assign(settings.workers, { io: 9 })).toThrow(TypeError)
  expect(() => (settings.abuseLists as string[]).push('x')).toThrow(TypeError)
})
