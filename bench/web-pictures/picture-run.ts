import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { CHECKOUT } from '../../test/support/chaos/play.ts'
import type { MadePicture } from './make-pictures.ts'
import type { Asked } from './serve-folder.ts'

export type Scheme = 'http' | 'https'

/** One run of one tool. */
export interface PictureRun {
  asked: number
  /** Pictures that came out. */
  kept: number
  /** Outputs that are not what the list of made pictures says: another digest of what was fetched, or another size. */
  wrong: number
  /** From the command's start. */
  seconds: number
  /** Asked over seconds. */
  per_second: number
  /** From the server's first picture to its last. */
  site_per_second: number
  requests: number
  cpu_seconds: number
  server_cpu_seconds: number
  peak_mib: number
  /** Rows that say where a picture came from and what became of it. */
  lineage_rows: number
  [more: string]: number | string
}

/** What was spent from the start of a command: epoch milliseconds, processor seconds, MiB of the whole tree. */
export interface Sample {
  at: number
  cpu: number
  mib: number
}

export interface Watched {
  startedAt: number
  endedAt: number
  stdout: string
  samples: Sample[]
}

/** Runs a command under bench/footprint.ts; throws when it does not end with 0. */
export async function watch(command: string, args: string[], folder: string, env: NodeJS.ProcessEnv): Promise<Watched> {
  const series = path.join(folder, 'samples.jsonl')
  const startedAt = Date.now()
  const footprint = [path.join(CHECKOUT, 'bench/footprint.ts'), '--series', series, command, ...args]
  const child = spawn(process.execPath, footprint, { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const code = await new Promise((resolve) => child.once('close', resolve))
  if (code !== 0) throw new Error(`${command} ended with ${String(code)}: ${said.slice(-2000)}`)
  const samples = readFileSync(series, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Sample)
  return { startedAt, endedAt: Date.now(), stdout: said, samples }
}

/** What the tree had spent by a time: of the last sample before it. */
export function spentBy(samples: readonly Sample[], at: number): { cpu_seconds: number; peak_mib: number } {
  const before = samples.filter((one) => one.at <= at)
  return {
    cpu_seconds: Math.round((before.at(-1)?.cpu ?? 0) * 10) / 10,
    peak_mib: Math.round(Math.max(0, ...before.map((one) => one.mib))),
  }
}

/** Rate of the pictures in the server's log, and how many requests there were in all. */
export function siteFigures(log: readonly Asked[]): { site_per_second: number; requests: number } {
  const times = log.filter((one) => one.path.endsWith('.jpg')).map((one) => one.at)
  const seconds = (times.reduce((a, b) => Math.max(a, b), 0) - times.reduce((a, b) => Math.min(a, b), Infinity)) / 1000
  return { site_per_second: Math.round((10 * times.length) / seconds) / 10, requests: log.length }
}

/** Whether a picture is one that every reader can show. */
export function isGood({ kind }: MadePicture): boolean {
  return kind === 'jpeg' || kind === 'turned' || kind === 'png' || kind === 'webp'
}
