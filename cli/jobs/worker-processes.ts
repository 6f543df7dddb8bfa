import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, openSync } from 'node:fs'
import path from 'node:path'
import type { WorkerRole } from '../../infra/config-values.ts'
import type { Settings } from '../../infra/config.ts'
import { settingsFlags } from '../../infra/settings-flags.ts'
import { AppError } from '../../schema/contracts/errors.ts'

/** A worker that ends by itself is started again after this. */
const RESTART_MS = 1_000
/** So many ends by itself in a row, each within this of its start, and the job is given up: something is wrong with the set-up. */
const MAX_QUICK_ENDS = 5
const QUICK_MS = 10_000
/** Deaths by a signal are normal events: a kill, or an input that crashes its worker and is found by halving (some 20 in a row). */
const MAX_QUICK_KILLS = 60

/**
 * MiB of each half of a worker's young heap, twice the default: what lives as long as a request or a batch is dead when
 * it is looked at, and a crawl takes a twentieth less of the processor.
 */
export const YOUNG_HEAP = '--max-semi-space-size=32'

export interface WorkerProcesses {
  /** Lets workers that were started with `held` look for the services; without effect on others and when called again. */
  release: () => void
  /** Rejects when workers cannot stay up. */
  failed: Promise<never>
  /** SIGTERM to all; resolves when they have drained. */
  stop: () => Promise<void>
}

/**
 * Runs the worker processes of some roles that the settings ask for, as children, and keeps them running. Logs go to the
 * home's folder. With `held` they load their code and wait for `release`: services may start and migrate meanwhile.
 */
export function startWorkers(settings: Settings, roles: readonly WorkerRole[], { held = false } = {}): WorkerProcesses {
  const logs = path.join(settings.home, 'logs')
  mkdirSync(logs, { recursive: true })
  const children = new Set<ChildProcess>()
  let stopping = false
  let isHeld = held
  let fail: (error: Error) => void = () => {}
  const failed = new Promise<never>((_, reject) => {
    fail = reject
  })
  failed.catch(() => {})
  const run = (role: string, index: number, ends: number, kills: number) => {
    const log = path.join(logs, `worker-${role}-${index}.log`)
    const child = spawnWorker(settings, [role], log, isHeld)
    const started = performance.now()
    children.add(child)
    child.on('exit', (_code, signal) => {
      children.delete(child)
      if (stopping) return
      const quick = performance.now() - started < QUICK_MS
      const ended = quick ? ends + (signal === null ? 1 : 0) : 0
      const killed = quick ? kills + (signal === null ? 0 : 1) : 0
      if (ended >= MAX_QUICK_ENDS || killed >= MAX_QUICK_KILLS) {
        fail(
          new AppError('WORKER_FAILED', `worker ${role}: ended ${ended + killed} times within seconds`, {
            mend: `see ${log}, then ./mella doctor`,
          }),
        )
        return
      }
      setTimeout(() => !stopping && run(role, index, ended, killed), RESTART_MS).unref()
    })
  }
  for (const role of roles) for (let index = 0; index < settings.workers[role]; index += 1) run(role, index, 0, 0)
  return {
    failed,
    release: () => {
      isHeld = false
      for (const child of children) child.stdin?.end('services run')
    },
    stop: async () => {
      stopping = true
      await Promise.all([...children].map((child) => ended(child)))
    },
  }
}

/**
 * One worker process; its log is appended to `log`, or goes to this process' stderr when null. With `held` it looks for
 * the services when something was written to its stdin, and ends when that closes without.
 */
export function spawnWorker(
  settings: Settings,
  roles: readonly string[],
  log: string | null,
  held = false,
): ChildProcess {
  const main = path.join(settings.checkout, 'workers', 'main.ts')
  const flags = Object.entries(settingsFlags(settings)).flatMap(([flag, value]) => [`--${flag}`, value])
  const output = log === null ? 'inherit' : openSync(log, 'a')
  const child = spawn(process.execPath, [YOUNG_HEAP, main, ...roles, ...flags, ...(held ? ['--await-services'] : [])], {
    cwd: settings.checkout,
    stdio: [held ? 'pipe' : 'ignore', output, output],
    detached: log !== null,
    // A key by setting need not come from the environment: the demo brings its own.
    // Name look-ups and large gzip bodies share libuv's threads, four by default.
    env: {
      UV_THREADPOOL_SIZE: '16',
      ...process.env,
      ...(settings.datasetKey === null ? {} : { MELLA_DATASET_KEY: settings.datasetKey }),
    },
  })
  // A worker that ended before it was told anything: its exit says so.
  child.stdin?.on('error', () => {})
  return child
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill('SIGTERM')
  })
}
