import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll } from 'vitest'
import type { TestDatabase } from './database.ts'
import { makeTestHome, removeTestHome } from './home.ts'
import { type Ended, runCommand } from './run-command.ts'
import type { TestNamespace } from './temporal.ts'

const CHECKOUT = path.resolve(import.meta.dirname, '../..')
/** A bound for what hangs: on a busy machine workers take minutes to start and to drain. */
export const WORKERS_LIMIT_MS = 600_000

/** The program in a home of its own, which its commands run in, on the file's database and namespace. */
export interface TestMella {
  home: string
  /** The environment of its commands and workers; set before the first test, and may be added to. */
  env: Record<string, string>
  /** Names below `example` lead to this port of loopback, in commands and workers that start from now on. */
  reach(port: number): void
  /** Writes a release spec into its home; returns the file. */
  writeSpec(text: string): string
  /** A command in this process. */
  run(...argv: string[]): Promise<Ended>
  /** What it prints on stdout. Throws what it said when it did not end with 0. */
  output(...argv: string[]): Promise<string>
  /** The same with `--json`, read; of a command that prints nothing, an empty object. */
  json(...argv: string[]): Promise<Record<string, unknown>>
  /** Starts `mella worker` with these options; it is drained after the file's last test. */
  startWorkers(...options: string[]): void
}

/** Call at the top level of a file of the service lane, after its database and namespace. */
export function useMella(name: string, database: TestDatabase, namespace: TestNamespace): TestMella {
  const workers: ChildProcess[] = []
  const mella: TestMella = {
    home: '',
    env: {},
    reach: (port) => {
      Object.assign(mella.env, { MELLA_RESOLVE: `*.example=127.0.0.1:${port}`, MELLA_NETWORK_ALLOW: '127.0.0.0/8' })
    },
    writeSpec: (text) => {
      const file = path.join(mella.home, 'spec.yaml')
      writeFileSync(file, text)
      return file
    },
    run: (...argv) => runCommand(argv, { env: mella.env, cwd: mella.home }),
    output: async (...argv) => {
      const { code, stdout, stderr } = await mella.run(...argv)
      if (code !== 0) throw new Error(`mella ${argv.join(' ')} ended with ${code}: ${stderr}`)
      return stdout
    },
    json: async (...argv) => {
      const stdout = await mella.output(...argv, '--json')
      return JSON.parse(stdout === '' ? '{}' : stdout) as Record<string, unknown>
    },
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

/** Makes the release of a spec to its end, with workers that it starts. Throws the note of one that fails. */
export async function makeRelease(mella: TestMella, database: TestDatabase, spec: string): Promise<void> {
  mella.startWorkers()
  await mella.output('release', 'launch', mella.writeSpec(spec))
  for (let state = 'running'; state !== 'done';) {
    await new Promise((resolve) => setTimeout(resolve, 200))
    const found = await sql<{ state: string; note: string | null }>`SELECT state, note FROM release_state`.execute(
      database.as('auditor'),
    )
    state = found.rows[0]?.state ?? 'running'
    if (state === 'failed') throw new Error(`the release failed: ${found.rows[0]?.note ?? ''}`)
  }
}

async function drain(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return
  const ended = once(worker, 'exit')
  worker.kill('SIGTERM')
  await ended
}
