import { spawnSync } from 'node:child_process'
import { open, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readRecords, type ServiceName } from '../../infra/services/registry.ts'
import { type InFlight, isLiving, type Leased, type LeaseWatch } from './lease-watch.ts'

/** What can happen to a crawl, and how often of a hundred. */
export const KINDS = {
  worker: 28,
  frozen: 8,
  'postgres-kill': 8,
  'postgres-immediate': 12,
  temporal: 10,
  'store-full': 10,
  'cut-site': 14,
  'cut-postgres': 6,
  'cut-temporal': 4,
} as const
export type Kind = keyof typeof KINDS

/** Where a crawl runs. */
export interface Stage {
  home: string
  watch: LeaseWatch
  /** Folder of the store, a file system of its own. */
  store: string
  /** Port of all sites. */
  sitePort: number
  /** In [0, 1). */
  random: () => number
}

/** One strike; null when there was nothing to hit after all. */
export type Struck = { what: string; inFlight: InFlight } | null

/** How long a full store stays full. */
const FULL_MS = { least: 1_500, most: 5_000 }
/** A frozen worker's lease runs out after five seconds, and its work is given out again soon after. */
const TAKEN_OVER_MS = 180_000
/** A transaction of a running worker is never silent for so long. */
const STILL_MS = 40
/** Tries to stop a worker in the middle of a transaction. */
const FREEZES = 30
/** The kernel ends a process in a moment; a statement that it sent before may still commit. */
const DYING_MS = 5

/** Does one of the kinds. `leased`: what is in flight, at least one URL. */
export function strike(kind: Kind, stage: Stage, leased: readonly Leased[]): Promise<Struck> {
  switch (kind) {
    case 'worker':
      return killWorker(stage, pick(stage, leased))
    case 'frozen':
      return freezeWorker(stage, pick(stage, leased))
    case 'postgres-kill':
      return signalService(stage, 'postgres', 'SIGKILL')
    case 'postgres-immediate':
      return signalService(stage, 'postgres', 'SIGQUIT')
    case 'temporal':
      return signalService(stage, 'temporal', 'SIGKILL')
    case 'store-full':
      return fillStore(stage)
    case 'cut-site':
      return cut(stage, stage.sitePort)
    case 'cut-postgres':
      return cut(stage, readRecords(stage.home).postgres?.port)
    case 'cut-temporal':
      return cut(stage, readRecords(stage.home).temporal?.port)
    default:
      return kind satisfies never
  }
}

function pick({ random }: Stage, leased: readonly Leased[]): number {
  return (leased[Math.floor(random() * leased.length)] as Leased).pid
}

async function killWorker({ watch }: Stage, pid: number): Promise<Struck> {
  if (!send(pid, 'SIGKILL')) return null
  await sleep(DYING_MS)
  return ofProcess(watch, pid, `process ${pid}`)
}

/** Stops a worker, lets others take its shards over, and wakes it: what it then commits must be refused. */
async function freezeWorker({ watch, random }: Stage, pid: number): Promise<Struck> {
  try {
    const inTransaction = await freezeInTransaction(watch, pid, random)
    const found = await ofProcess(watch, pid, '')
    if (found === null) return null
    const shards = new Set(((await watch.read()) ?? []).filter((one) => one.pid === pid).map((one) => one.shard))
    const before = await watch.fences()
    if (before === null) return null
    const begin = performance.now()
    for (;;) {
      const now = await watch.fences()
      if (now !== null && [...shards].every((shard) => (now.get(shard) ?? 0) > (before.get(shard) ?? 0))) break
      if (performance.now() - begin > TAKEN_OVER_MS)
        throw new Error(`shards ${[...shards].join(', ')} of frozen process ${pid} were not taken over`)
      await sleep(20)
    }
    const seconds = ((performance.now() - begin) / 1000).toFixed(1)
    const where = inTransaction ? ' in a transaction' : ''
    return { ...found, what: `process ${pid}${where}, ${shards.size} shards taken over after ${seconds} s` }
  } finally {
    send(pid, 'SIGCONT')
  }
}

/** Stops a process, in the middle of a transaction when it is met there in some tries; says whether it was. */
async function freezeInTransaction(watch: LeaseWatch, pid: number, random: () => number): Promise<boolean> {
  for (let tried = 1; ; tried += 1) {
    send(pid, 'SIGSTOP')
    await sleep(STILL_MS * 2)
    if (await watch.hasStillTransaction(STILL_MS)) return true
    if (tried === FREEZES) return false
    send(pid, 'SIGCONT')
    await sleep(random() * 100)
  }
}

async function ofProcess(watch: LeaseWatch, pid: number, what: string): Promise<Struck> {
  const urls = ((await watch.read()) ?? []).filter((one) => one.pid === pid).map((one) => one.url)
  return urls.length === 0 ? null : { what, inFlight: { urls: new Set(urls), most: urls.length } }
}

function signalService({ home, watch }: Stage, name: ServiceName, signal: NodeJS.Signals): Promise<Struck> {
  const pid = readRecords(home)[name]?.process?.pid
  const inFlight = watch.gather()
  const isSent = pid !== undefined && send(pid, signal)
  return Promise.resolve(isSent ? { what: `process ${pid}`, inFlight } : null)
}

/** Takes all that is left of the store's file system for some seconds. */
async function fillStore({ store, watch, random }: Stage): Promise<Struck> {
  const file = path.join(store, 'filler')
  const inFlight = watch.gather()
  const bytes = await writeUntilFull(file)
  await sleep(FULL_MS.least + random() * (FULL_MS.most - FULL_MS.least))
  await rm(file)
  return { what: `${(bytes / 2 ** 20).toFixed(0)} MiB taken`, inFlight }
}

/** Bit by bit, so that what is in flight is seen meanwhile. Returns the bytes taken. */
async function writeUntilFull(file: string): Promise<number> {
  const handle = await open(file, 'w')
  let bytes = 0
  try {
    for (let size = 2 ** 20; size >= 2 ** 10;) {
      try {
        bytes += (await handle.write(Buffer.alloc(size))).bytesWritten
      } catch (error) {
        if ((error as { code?: string }).code !== 'ENOSPC') throw error
        size /= 4
      }
    }
  } finally {
    await handle.close()
  }
  return bytes
}

/** Ends every connection to a port by the kernel, on both sides, without a word of either. */
function cut({ watch }: Stage, port: number | undefined): Promise<Struck> {
  const inFlight = watch.gather()
  const { stdout, status } = spawnSync(
    'ss',
    ['-K', '-H', '-t', '-n', 'state', 'established', 'dport', '=', `:${port}`],
    {
      encoding: 'utf8',
    },
  )
  const count = stdout.split('\n').filter((line) => line !== '').length
  return Promise.resolve(status !== 0 || count === 0 ? null : { what: `${count} connections`, inFlight })
}

/** False when there is nothing left to hit. */
function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return isLiving(pid) && process.kill(pid, signal)
  } catch {
    return false // ended meanwhile
  }
}
