import { linkSync, mkdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { TransientError } from '../../schema/contracts/errors.ts'
import { isRunning, ownIdentity, type ProcessIdentity } from './process.ts'

const POLL_MS = 50
/** A breaker is held for microseconds; one this old belongs to a process that died holding it. */
const BREAKER_STALE_MS = 5_000

/**
 * Runs `work` while no other process holds the lock file `path`. The file names its holder, and a holder that no
 * longer runs (killed, machine restarted) is put aside. Not re-entrant.
 * Throws TransientError LOCK_TIMEOUT when it could not be had within `timeoutMs`; `onWait` is told once when there is a wait.
 */
export async function withFileLock<T>(
  path: string,
  options: { timeoutMs: number; onWait?: (holder: number) => void },
  work: () => Promise<T>,
): Promise<T> {
  await acquire(path, options)
  try {
    return await work()
  } finally {
    rmSync(path, { force: true })
  }
}

async function acquire(path: string, options: { timeoutMs: number; onWait?: (holder: number) => void }): Promise<void> {
  mkdirSync(dirname(path), { recursive: true })
  const deadline = performance.now() + options.timeoutMs
  let told = false
  while (!tryAcquire(path)) {
    const holder = readHolder(path)
    if (holder === 'gone') continue
    if (holder === 'unreadable' || !isRunning(holder)) {
      breakStale(path)
      continue
    }
    if (!told) options.onWait?.(holder.pid)
    told = true
    if (performance.now() > deadline) {
      throw new TransientError('LOCK_TIMEOUT', `lock ${path}: still held by process ${holder.pid}`, {
        mend: `wait for process ${holder.pid} to end, or end it`,
      })
    }
    await sleep(POLL_MS)
  }
}

/** The file appears with its content: it is written aside and linked into place. */
function tryAcquire(path: string): boolean {
  const own = `${path}.${process.pid}.${Math.trunc(performance.now() * 1000)}`
  writeFileSync(own, JSON.stringify(ownIdentity()))
  try {
    linkSync(own, path)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  } finally {
    rmSync(own, { force: true })
  }
}

function readHolder(path: string): ProcessIdentity | 'gone' | 'unreadable' {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    return isIdentity(value) ? value : 'unreadable'
  } catch (error) {
    return hasCode(error, 'ENOENT') ? 'gone' : 'unreadable'
  }
}

function isIdentity(value: unknown): value is ProcessIdentity {
  return (
    typeof value === 'object' && value !== null && 'pid' in value && 'started' in value && typeof value.pid === 'number'
  )
}

/**
 * Only the holder of the breaker folder may remove a lock that is not its own, and it looks again before it does:
 * else two waiters could both see the dead holder, and the slower one would remove the lock of the faster.
 */
function breakStale(path: string): void {
  const breaker = `${path}.break`
  try {
    mkdirSync(breaker)
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
    removeOldBreaker(breaker)
    return
  }
  try {
    const holder = readHolder(path)
    if (holder === 'unreadable' || (holder !== 'gone' && !isRunning(holder))) rmSync(path, { force: true })
  } finally {
    rmdirSync(breaker)
  }
}

function removeOldBreaker(breaker: string): void {
  try {
    if (Date.now() - statSync(breaker).mtimeMs > BREAKER_STALE_MS) rmdirSync(breaker)
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
