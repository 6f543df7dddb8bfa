import { execFileSync, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readlinkSync, renameSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process by more than its number: a pid is given again, a pid with this start is not. */
export interface ProcessIdentity {
  pid: number
  started: string
}

/** A system account that a server runs as. */
export interface Account {
  name: string
  uid: number
  gid: number
}

const LOG_ROTATE_BYTES = 10 * 1024 * 1024

/**
 * When process `pid` started, as an opaque string that no later process with that pid shares, or null when there is
 * no such process (a zombie is none). Linux: boot id and start in clock ticks (proc_pid_stat(5), field 22); elsewhere `ps`.
 */
export function startOf(pid: number): string | null {
  if (process.platform === 'linux') return linuxStartOf(pid)
  try {
    return (
      execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim() || null
    )
  } catch {
    return null // ps exits 1 when there is no such process
  }
}

function linuxStartOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command's name may hold blanks and parentheses: fields are counted from the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return null
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${fields[19]}`
  } catch {
    return null // no such process
  }
}

/** Whether exactly this process still runs. */
export function isRunning(identity: ProcessIdentity): boolean {
  return startOf(identity.pid) === identity.started
}

/** Identity of a process that runs now, null when it does not. */
export function identify(pid: number): ProcessIdentity | null {
  const started = startOf(pid)
  return started === null ? null : { pid, started }
}

/** Identity of this process. */
export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, started: startOf(process.pid) ?? '' }
}

/** Processes whose command line has `argument` as one whole argument: finds a server whose record was lost. */
export function findByArgument(argument: string): ProcessIdentity[] {
  if (process.platform !== 'linux') return findByArgumentWithPs(argument)
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name) && argumentsOf(name).includes(argument))
    .map((name) => identify(Number(name)))
    .filter((identity) => identity !== null)
}

function argumentsOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    return [] // ended meanwhile, or not ours to read
  }
}

function findByArgumentWithPs(argument: string): ProcessIdentity[] {
  const lines = execFileSync('ps', ['-axo', 'pid=,command='], { encoding: 'utf8' }).split('\n')
  return lines
    .filter((line) => ` ${line} `.includes(` ${argument} `))
    .map((line) => identify(Number.parseInt(line, 10)))
    .filter((identity) => identity !== null && identity.pid !== process.pid) as ProcessIdentity[]
}

/** Processes that work in a folder: what a killed server left behind. Linux alone tells; none elsewhere. */
export function findByFolder(folder: string): ProcessIdentity[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name) && folderOf(name) === folder)
    .map((name) => identify(Number(name)))
    .filter((identity) => identity !== null)
}

function folderOf(pid: string): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return null // ended meanwhile, or not ours to read
  }
}

/** Whether the number is taken by any process, one that ended but was not reaped among them. */
export function isPidTaken(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

export interface DetachedCommand {
  command: string
  args: string[]
  cwd: string
  /** The whole environment: nothing is inherited, so that no TZ or LANG of a shell reaches a server. */
  env: Record<string, string>
  logFile: string
  account: Account | null
}

/**
 * Starts a process in a session of its own that outlives this one, with its output appended to `logFile`
 * (put aside as `.old` once it is over 10 MiB). Throws the system's error when the program cannot be run at all.
 */
export async function spawnDetached(options: DetachedCommand): Promise<ProcessIdentity> {
  const { command, args, cwd, env, logFile, account } = options
  if (existsSync(logFile) && statSync(logFile).size > LOG_ROTATE_BYTES) renameSync(logFile, `${logFile}.old`)
  const log = openSync(logFile, 'a', 0o600)
  try {
    const child = spawn(command, args, {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', log, log],
      ...(account === null ? {} : { uid: account.uid, gid: account.gid }),
    })
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', reject)
    })
    child.unref()
    const pid = child.pid ?? 0
    // Ended already: an identity that is never found running.
    return identify(pid) ?? { pid, started: 'ended at once' }
  } finally {
    closeSync(log)
  }
}

/** Waits until the process has ended; false when it still runs after `timeoutMs`. */
export async function waitForEnd(identity: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs
  while (isRunning(identity)) {
    if (performance.now() > deadline) return false
    await sleep(20)
  }
  return true
}

/** Sends each signal in turn until the process ends; false when it outlived all of them. Never signals a successor of the pid. */
export async function stopProcess(
  identity: ProcessIdentity,
  steps: readonly { signal: NodeJS.Signals; waitMs: number }[],
): Promise<boolean> {
  for (const { signal, waitMs } of steps) {
    if (!isRunning(identity)) return true
    process.kill(identity.pid, signal)
    if (await waitForEnd(identity, waitMs)) return true
  }
  return !isRunning(identity)
}

/** Size of a file in bytes, 0 when it is not there: where a server's output of this start begins. */
export function sizeOf(file: string): number {
  return existsSync(file) ? statSync(file).size : 0
}

/** The last non-empty lines of a log file, from byte `from` on. */
export function lastLines(file: string, from: number, count: number): string[] {
  if (!existsSync(file)) return []
  const bytes = readFileSync(file)
  const text = bytes.subarray(from <= bytes.length ? from : 0).toString('utf8')
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-count)
}
