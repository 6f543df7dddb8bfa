import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import type { TestDatabase } from './database.ts'
import { makeTestHome, removeTestHome } from './home.ts'
import type { TestNamespace } from './temporal.ts'

const CHECKOUT = path.resolve(import.meta.dirname, '../..')
/** A bound for what hangs: on a busy machine workers take minutes to start and to drain. */
const WORKERS_LIMIT_MS = 600_000

/** The program in a home of its own, on the file's database and namespace. */
export interface TestMella {
  home: string
  /** The environment of its workers; set before the first test, and may be added to until they start. */
  env: Record<string, string>
  /** Starts `mella worker` with these options; it is drained after the file's last test. */
  startWorkers(...options: string[]): void
}

/** Call at the top level of a file of the service lane, after its database and namespace. */
export function useMella(name: string, database: TestDatabase, namespace: TestNamespace): TestMella {
  const workers: ChildProcess[] = []
  const mella: TestMella = {
    home: '',
    env: {},
    startWorkers: (...options) => {
      const command = ['cli/main.ts', 'worker', ...options]
      workers.push(spawn(process.execPath, command, { cwd: CHECKOUT, env: mella.env, stdio: 'ignore' }))
    },
  }
  beforeAll(() => {
    mella.home = makeTestHome(name)
    mella.env = {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      MELLA_HOME: mella.home,
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: namespace.address,
      TEMPORAL_NAMESPACE: namespace.name,
    }
  })
  afterAll(async () => {
    await Promise.all(workers.map(drain))
    await removeTestHome(mella.home)
  }, WORKERS_LIMIT_MS)
  return mella
}

async function drain(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return
  const ended = once(worker, 'exit')
  worker.kill('SIGTERM')
  await ended
}
