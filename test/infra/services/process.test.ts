import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  findByArgument,
  identify,
  isRunning,
  lastLines,
  ownIdentity,
  spawnDetached,
  stopProcess,
} from '../../../infra/services/process.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mella-process-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function start(script: string, ...args: string[]): ReturnType<typeof spawnDetached> {
  return spawnDetached({
    command: process.execPath,
    args: ['-e', script, ...args],
    cwd: folder,
    env: { ONLY: 'this' },
    logFile: join(folder, 'log'),
    account: null,
  })
}

const KILL = [{ signal: 'SIGKILL', waitMs: 10_000 }] as const

test('a process is known by pid and start, another start is another process', () => {
  const own = ownIdentity()
  expect(isRunning(own)).toBe(true)
  expect(isRunning({ ...own, started: `${own.started}0` })).toBe(false)
})

test('a zombie does not run', async () => {
  const child = spawn('sh', ['-c', 'sleep 0.01 & exec tail -f /dev/null'])
  const shell = child.pid ?? 0
  // The sleep's parent became tail, which never reaps it.
  const zombie = await waitForZombieOf(shell)
  expect(identify(zombie)).toBeNull()
  child.kill('SIGKILL')
})

async function waitForZombieOf(parent: number): Promise<number> {
  for (;;) {
    const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ').map(Number)
    const zombie = children.find((pid) => pid > 0 && readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z '))
    if (zombie !== undefined) return zombie
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

test('a detached process has a session and an environment of its own, and its output in the log', async () => {
  const script = 'console.log(JSON.stringify(process.env)); console.error("to stderr"); setInterval(() => {}, 1000)'
  const identity = await start(script)
  while (lastLines(join(folder, 'log'), 0, 9).length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(lastLines(join(folder, 'log'), 0, 9)).toEqual(['{"ONLY":"this"}', 'to stderr'])
  // Field 6 of proc_pid_stat(5): the session is that of the process itself.
  expect(readFileSync(`/proc/${identity.pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[3]).toBe(String(identity.pid))
  expect(await stopProcess(identity, KILL)).toBe(true)
})

test('a program that cannot be run is an error of the system', async () => {
  const options = {
    command: join(folder, 'none'),
    args: [],
    cwd: folder,
    env: {},
    logFile: join(folder, 'log'),
    account: null,
  }
  await expect(spawnDetached(options)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('a process that ignores the first signal gets the next one', async () => {
  const identity = await start(
    'process.on("SIGTERM", () => console.log("no")); console.log("up"); setInterval(() => {}, 1000)',
  )
  while (!lastLines(join(folder, 'log'), 0, 1).includes('up')) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(await stopProcess(identity, [{ signal: 'SIGTERM', waitMs: 100 }, ...KILL])).toBe(true)
  expect([isRunning(identity), lastLines(join(folder, 'log'), 0, 1)]).toEqual([false, ['no']])
})

test('a successor of a pid is never signalled', async () => {
  const identity = await start('setInterval(() => {}, 1000)')
  expect(await stopProcess({ ...identity, started: 'earlier' }, KILL)).toBe(true)
  expect(isRunning(identity)).toBe(true)
  await stopProcess(identity, KILL)
})

test('a process is found by an argument of its own', async () => {
  const identity = await start('setInterval(() => {}, 1000)', join(folder, 'some data'))
  expect(findByArgument(join(folder, 'some data'))).toEqual([identity])
  expect(findByArgument(join(folder, 'some'))).toEqual([])
  await stopProcess(identity, KILL)
})

test('a log that was cut meanwhile is read from its start', () => {
  writeFileSync(join(folder, 'log'), 'a\n\nb\n')
  expect([lastLines(join(folder, 'log'), 2, 5), lastLines(join(folder, 'log'), 999, 1)]).toEqual([['b'], ['b']])
})
