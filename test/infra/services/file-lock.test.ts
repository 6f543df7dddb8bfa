import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { withFileLock } from '../../../infra/services/file-lock.ts'
import { ownIdentity } from '../../../infra/services/process.ts'

let folder: string
let lock: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mella-lock-'))
  lock = join(folder, 'a.lock')
})
afterEach(() => rmSync(folder, { recursive: true }))

const OPTIONS = { timeoutMs: 20_000 }

/** The pid of a process that has ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ['-e', '']).pid
}

test('work under one lock never overlaps', async () => {
  let inside = 0
  let most = 0
  const work = async (): Promise<void> => {
    most = Math.max(most, (inside += 1))
    await sleep(5)
    inside -= 1
  }
  await Promise.all(Array.from({ length: 8 }, () => withFileLock(lock, OPTIONS, work)))
  expect(most).toBe(1)
})

test('the lock is given back when the work throws, and no file is left', async () => {
  const work = (): Promise<never> => Promise.reject(new Error('work failed'))
  await expect(withFileLock(lock, OPTIONS, work)).rejects.toThrow('work failed')
  expect(readdirSync(folder)).toEqual([])
})

test('a holder that was killed is put aside', async () => {
  writeFileSync(lock, JSON.stringify({ pid: deadPid(), started: 'then' }))
  expect(await withFileLock(lock, OPTIONS, async () => 'had it')).toBe('had it')
})

test('a pid that was given to another process holds nothing', async () => {
  writeFileSync(lock, JSON.stringify({ pid: process.pid, started: 'before a restart' }))
  expect(await withFileLock(lock, OPTIONS, async () => 'had it')).toBe('had it')
})

test('half a lock file, left by a crash of the machine, is put aside', async () => {
  writeFileSync(lock, '{"pid"')
  expect(await withFileLock(lock, OPTIONS, async () => 'had it')).toBe('had it')
})

test('a breaker left by a killed process does not stop others for good', async () => {
  writeFileSync(lock, '')
  mkdirSync(`${lock}.break`)
  utimesSync(`${lock}.break`, 0, 0)
  expect(await withFileLock(lock, OPTIONS, async () => 'had it')).toBe('had it')
})

test('a live holder is waited for, told once, and keeps its lock', async () => {
  writeFileSync(lock, JSON.stringify(ownIdentity()))
  const told: number[] = []
  const attempt = withFileLock(lock, { timeoutMs: 200, onWait: (holder) => told.push(holder) }, async () => {})
  await expect(attempt).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' })
  expect([told, existsSync(lock)]).toEqual([[process.pid], true])
})
