import { mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { diagnose } from '../../../../infra/diagnosis.ts'
import {
  isRunning,
  lastLines,
  ownIdentity,
  waitForEnd,
  type ProcessIdentity,
} from '../../../../infra/services/process.ts'
import { readRecords, servicesFile } from '../../../../infra/services/registry.ts'
import {
  servicesStatus,
  startServices,
  stopServices,
  type RunningServices,
} from '../../../../infra/services/services.ts'
import { makeTestHome, removeTestHome, testSettings } from '../../../support/home.ts'

/** One home for the file: making a cluster takes longer than anything that is done to it. Each test leaves it able to start. */
let outer: string
let home: string

beforeAll(() => {
  outer = makeTestHome('own')
  home = join(outer, 'a home with spaces')
  mkdirSync(home)
})

afterAll(async () => {
  await stopServices(testSettings(home), () => {})
  await removeTestHome(outer)
})

async function stop(): Promise<void> {
  await stopServices(testSettings(home), () => {})
}

function start(): Promise<RunningServices> {
  return startServices(testSettings(home), () => {})
}

function processOf(name: 'postgres' | 'temporal'): ProcessIdentity {
  const identity = readRecords(home)[name]?.process
  if (!identity) throw new Error(`${name} has no process`)
  return identity
}

/** Kills and waits: until the kernel has ended it, a killed server is still found running. */
async function kill(name: 'postgres' | 'temporal'): Promise<ProcessIdentity> {
  const identity = processOf(name)
  process.kill(identity.pid, 'SIGKILL')
  expect(await waitForEnd(identity, 10_000)).toBe(true)
  return identity
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

test('services start once, are found again, and stop', async () => {
  const [one, two] = await Promise.all([start(), start()])
  expect(two).toEqual(one)
  const processes = [processOf('postgres'), processOf('temporal')]
  expect(await start()).toEqual(one)
  expect([processOf('postgres'), processOf('temporal')]).toEqual(processes)
  expect((await servicesStatus(testSettings(home))).map(({ state }) => state)).toEqual(['running', 'running'])
  expect(await stopServices(testSettings(home), () => {})).toEqual(['temporal', 'postgres'])
  expect(processes.map(isRunning)).toEqual([false, false])
  expect(await stopServices(testSettings(home), () => {})).toEqual([])
})

test('killed servers come back on the same ports with every commit', async () => {
  const before = await start()
  await query(before.databaseUrl, 'create table kept as select 42 as answer')
  const killed = [await kill('postgres'), await kill('temporal')]
  expect(await start()).toEqual(before)
  expect(await query(before.databaseUrl, 'select answer from kept')).toEqual([{ answer: 42 }])
  expect(killed.map(isRunning)).toEqual([false, false])
})

test('doctor names a server that died and the command that brings it back', async () => {
  await start()
  await kill('temporal')
  const wrong = (await diagnose(testSettings(home))).filter(({ name, ok }) => !ok && name !== 'packages')
  expect(wrong).toEqual([
    { name: 'temporal', ok: false, fact: 'ended without being stopped; its data are safe', mend: './mella up' },
  ])
})

test('without the record the running Postgres is taken over, and Temporal is not doubled', async () => {
  const before = await start()
  const [postgres, temporal] = [processOf('postgres'), processOf('temporal')]
  rmSync(servicesFile(home))
  const after = await start()
  expect(after.databaseUrl).toBe(before.databaseUrl)
  expect(processOf('postgres')).toEqual(postgres)
  expect([isRunning(temporal), isRunning(processOf('temporal'))]).toEqual([false, true])
})

test('a pid file whose number now belongs to another process does not stop Postgres', async () => {
  await start()
  const data = join(home, 'postgres')
  await kill('postgres')
  const pidFile = join(data, 'postmaster.pid')
  writeFileSync(pidFile, readFileSync(pidFile, 'utf8').replace(/^[0-9]+/, String(ownIdentity().pid)))
  await start()
  expect(isRunning(processOf('postgres'))).toBe(true)
})

test('a port that was taken meanwhile is given up', async () => {
  await start()
  await stop()
  const records = readRecords(home)
  const squatters = await Promise.all([records.postgres, records.temporal].map((record) => listen(record?.port ?? 0)))
  try {
    await start()
    expect(readRecords(home).postgres?.port).not.toBe(records.postgres?.port)
    expect(readRecords(home).temporal?.port).not.toBe(records.temporal?.port)
  } finally {
    for (const squatter of squatters) squatter.close()
  }
})

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}

test('a Postgres that cannot start says what its log says, and Temporal stays up', async () => {
  await start()
  await stop()
  const control = join(home, 'postgres', 'global', 'pg_control')
  const content = readFileSync(control)
  truncateSync(control, 100)
  try {
    await expect(start()).rejects.toMatchObject({
      code: 'SERVICE_FAILED',
      message: 'postgres: did not start',
      details: {
        lines: expect.arrayContaining([expect.stringContaining('pg_control')]),
        mend: './mella doctor',
        log: join(home, 'logs', 'postgres.log'),
      },
    })
  } finally {
    writeFileSync(control, content)
  }
  const log = lastLines(join(home, 'logs', 'temporal.log'), 0, 20).join('\n')
  expect(isRunning(processOf('temporal')), log).toBe(true)
})

test('a Temporal whose database is no database says so', async () => {
  await stop()
  rmSync(join(home, 'temporal'), { recursive: true })
  mkdirSync(join(home, 'temporal'))
  writeFileSync(join(home, 'temporal', 'temporal.db'), 'this is no database, it is a text of some length'.repeat(100))
  await expect(start()).rejects.toMatchObject({
    code: 'SERVICE_FAILED',
    message: 'temporal: did not start',
    details: { lines: expect.arrayContaining([expect.stringMatching(/not a database/i)]) },
  })
  rmSync(join(home, 'temporal'), { recursive: true })
})

test('data of another major version of Postgres are left alone', async () => {
  await stop()
  const versionFile = join(home, 'postgres', 'PG_VERSION')
  writeFileSync(versionFile, '15\n')
  await expect(start()).rejects.toMatchObject({
    code: 'SERVICE_DATA',
    message: expect.stringContaining('made by Postgres 15, this is 18'),
  })
  writeFileSync(versionFile, '18\n')
})

test('a lost password is told, not replaced', async () => {
  await start()
  await stop()
  const file = join(home, 'keys', 'postgres-password')
  const password = readFileSync(file)
  rmSync(file)
  await expect(start()).rejects.toMatchObject({ code: 'SERVICE_PASSWORD' })
  writeFileSync(file, password)
  await stop()
})

test("others can read neither the servers' data nor their keys", async () => {
  await start()
  const modes = ['keys', 'keys/postgres-password', 'postgres', 'temporal', 'services.json', 'logs/postgres.log'].map(
    (path) => (statSync(join(home, path)).mode & 0o077).toString(8),
  )
  expect(modes).toEqual(['0', '0', '0', '0', '0', '0'])
})
