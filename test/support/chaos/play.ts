import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, existsSync, mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { readSecret } from '../../../infra/keys.ts'
import { postgresUrl } from '../../../infra/services/postgres-server.ts'
import { readRecords } from '../../../infra/services/registry.ts'

export const CHECKOUT = path.join(import.meta.dirname, '..', '..', '..')

/** A program that serves, as a process of its own; its first line of JSON on stdout says that it is ready. */
export interface Server {
  ready: Record<string, unknown>
  log: string
  stop(): Promise<void>
}

export interface ServerCommand {
  command: string
  args: readonly string[]
}

/** The example site, or any program that takes `--port 0 --log FILE`. */
export const EXAMPLE_SITE: ServerCommand = { command: process.execPath, args: [at('examples/site/main.ts')] }
export const EXAMPLE_MODELS: ServerCommand = { command: process.execPath, args: [at('examples/model-server/main.ts')] }

function at(file: string): string {
  return path.join(CHECKOUT, file)
}

/** Starts a server with a log of its own and waits for its first line. */
export async function startServer(server: ServerCommand, log: string, flags: readonly string[] = []): Promise<Server> {
  const args = [...server.args, '--log', log, ...flags]
  const child = spawn(server.command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const line = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${args.join(' ')} ended with ${code}`)))
    createInterface({ input: child.stdout }).once('line', resolve)
  })
  return { ready: JSON.parse(line) as Record<string, unknown>, log, stop: () => ending(child, 'SIGTERM') }
}

/** Sends a signal and waits for the end. */
export function ending(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill(signal)
  })
}

export interface Ran {
  code: number | null
  stdout: string
  stderr: string
}

export interface Running {
  child: ChildProcess
  end: Promise<Ran>
}

export type Environment = Record<string, string | undefined>

/** Starts `./mella ARGS` as a process; what it says also goes to `log`. */
export function startMella(
  args: readonly string[],
  options: { env: Environment; cwd?: string; umask?: string; log?: string },
): Running {
  const command = [process.execPath, at('cli/main.ts'), ...args]
  const [program, ...rest] =
    options.umask === undefined ? command : ['/bin/sh', '-c', `umask ${options.umask}; exec "$@"`, 'sh', ...command]
  const child = spawn(program as string, rest, {
    cwd: options.cwd ?? CHECKOUT,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const log = options.log === undefined ? null : createWriteStream(options.log, { flags: 'a' })
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      said[name] += text
      log?.write(text)
    })
  const end = new Promise<Ran>((resolve) => child.once('close', (code) => resolve({ code, ...said })))
  return { child, end }
}

export function runMella(args: readonly string[], options: { env: Environment; cwd?: string }): Promise<Ran> {
  return startMella(args, options).end
}

/** A home with servers of its own: one place for a run to be compared with another. */
export interface Play extends AsyncDisposable {
  home: string
  site: Server
  models: Server
  env: Environment
  /** Takes the load of the embedded services off the machine; logs and files stay. */
  stopServices(): Promise<void>
}

export interface PlaySetup {
  home: string
  site: ServerCommand & { flags?: readonly string[]; resolve?: boolean }
  models?: { flags?: readonly string[] }
  /** Hex; the same for all unless given. */
  datasetKey?: string
  /** Settings on top. */
  env?: Environment
}

/** Starts the servers and names the settings under which `./mella` works against them. */
export async function openPlay(setup: PlaySetup): Promise<Play> {
  const { home } = setup
  mkdirSync(path.join(home, 'logs'), { recursive: true, mode: 0o755 })
  const site = await startServer(setup.site, path.join(home, 'site.log'), setup.site.flags ?? ['--port', '0'])
  const models = await startServer(EXAMPLE_MODELS, path.join(home, 'models.log'), setup.models?.flags ?? [])
  const url = String(models.ready['base_url'])
  const env: Environment = {
    MELLA_HOME: home,
    DATABASE_URL: undefined,
    TEMPORAL_ADDRESS: undefined,
    MELLA_DATASET_KEY: setup.datasetKey ?? 'c4'.repeat(32),
    MELLA_NETWORK_ALLOW: '127.0.0.0/8',
    ...(typeof site.ready['resolve'] === 'string' ? { MELLA_RESOLVE: site.ready['resolve'] } : {}),
    MELLA_CAPTION_URL: url,
    MELLA_TRANSLATE_URL: url,
    MELLA_THICK_URL: url,
    ...setup.env,
  }
  const stopServices = async () => void (await runMella(['down'], { env }))
  return {
    home,
    site,
    models,
    env,
    stopServices,
    async [Symbol.asyncDispose]() {
      await stopServices()
      await site.stop()
      await models.stop()
    },
  }
}

/** Address of a home's Postgres as its owner, null while it has none. */
export function databaseOf(home: string): string | null {
  const record = readRecords(home).postgres
  const password = existsSync(path.join(home, 'keys')) ? readSecret(home, 'postgres-password') : null
  return record && password ? postgresUrl(record.port, password) : null
}

export function linesOf(file: string): string[] {
  return existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : []
}
