/**
 * Runs a command and says what its processes cost: peak memory and processor seconds by role, the embedded services of
 * MELLA_HOME included, which stand outside the command's own process tree. Linux only: it reads /proc.
 *   node bench/footprint.ts [--series FILE] COMMAND [ARGUMENT...]
 * Prints one JSON document on stdout when the command has ended; the command's own output goes to stderr.
 * The series has a line of JSON a sample: `{at, cpu, mib}`, epoch milliseconds, seconds so far, memory then.
 * Memory is the proportional set size (pages that processes share are counted once), sampled as often
 * as costs a thirtieth of the time, at most twice a second.
 */
import { spawn } from 'node:child_process'
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const SAMPLE_MS = 500
/** Asking for memory walks all pages of all processes: it rests this many times as long as it took. */
const MEMORY_REST = 30
/** Of /proc/PID/stat on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

type Peak = { processes: number; peak_mib: number; peak_mib_of_one: number; cpu_seconds: number }

const series = process.argv[2] === '--series' ? (process.argv[3] ?? null) : null
const [command, ...args] = process.argv.slice(series === null ? 2 : 4)
if (command === undefined) throw new Error('a command is missing: node bench/footprint.ts COMMAND [ARGUMENT...]')

if (series !== null) writeFileSync(series, '')
const started = performance.now()
const child = spawn(command, args, { stdio: ['inherit', 2, 2] })
const ended = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 1)))
let running = true
void ended.then(() => (running = false))

const peaks = new Map<string, Peak>()
const ticks = new Map<string, Map<number, number>>()
let memory = 0
let total = 0
let memoryDueAt = 0
while (running) {
  sample()
  await Promise.race([ended, delay(SAMPLE_MS)])
}
for (const [role, each] of ticks) {
  const peak = peaks.get(role)
  if (peak) peak.cpu_seconds = [...each.values()].reduce((sum, it) => sum + it, 0) / TICKS_PER_SECOND
}
console.log(
  JSON.stringify(
    {
      seconds: Math.round((performance.now() - started) / 100) / 10,
      peak_mib: Math.round(total),
      roles: Object.fromEntries([...peaks].sort(([a], [b]) => (a < b ? -1 : 1))),
    },
    null,
    2,
  ),
)
process.exitCode = await ended

function sample(): void {
  const roles = new Map<number, string>()
  for (const pid of ours()) {
    const role = roleOf(pid)
    const spent = ticksOf(pid)
    if (role === null || spent === null) continue
    roles.set(pid, role)
    ticks.set(role, (ticks.get(role) ?? new Map<number, number>()).set(pid, spent))
  }
  const before = performance.now()
  if (before >= memoryDueAt) {
    sampleMemory(roles)
    const now = performance.now()
    memoryDueAt = now + MEMORY_REST * (now - before)
  }
  if (series === null) return
  const cpu = [...ticks.values()].flatMap((each) => [...each.values()]).reduce((sum, it) => sum + it, 0)
  appendFileSync(series, `${JSON.stringify({ at: Date.now(), cpu: cpu / TICKS_PER_SECOND, mib: memory })}\n`)
}

function sampleMemory(roles: ReadonlyMap<number, string>): void {
  const sums = new Map<string, { mib: number; one: number; count: number }>()
  for (const [pid, role] of roles) {
    const mib = memoryOf(pid)
    if (mib === null) continue
    const sum = sums.get(role) ?? { mib: 0, one: 0, count: 0 }
    sums.set(role, { mib: sum.mib + mib, one: Math.max(sum.one, mib), count: sum.count + 1 })
  }
  memory = [...sums.values()].reduce((sum, each) => sum + each.mib, 0)
  total = Math.max(total, memory)
  for (const [role, { mib, one, count }] of sums) {
    const peak = peaks.get(role)
    peaks.set(role, {
      processes: Math.max(count, peak?.processes ?? 0),
      peak_mib: Math.round(Math.max(mib, peak?.peak_mib ?? 0)),
      peak_mib_of_one: Math.round(Math.max(one, peak?.peak_mib_of_one ?? 0)),
      cpu_seconds: 0,
    })
  }
}

/** The command, what it started, and the services with what they started. */
function ours(): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? read(`/proc/${name}/stat`) : null
    if (stat === null) continue
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
    children.set(parent, [...(children.get(parent) ?? []), Number(name)])
  }
  const found = new Set<number>()
  const open = [child.pid ?? 0, ...servicePids()]
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    if (found.has(pid)) continue
    found.add(pid)
    open.push(...(children.get(pid) ?? []))
  }
  return [...found]
}

function servicePids(): number[] {
  const record = read(path.join(process.env.MELLA_HOME ?? '.mella', 'services.json'))
  if (record === null) return []
  const services = Object.values(JSON.parse(record) as Record<string, { process?: { pid: number } } | null>)
  return services.flatMap((service) => (service?.process === undefined ? [] : [service.process.pid]))
}

function roleOf(pid: number): string | null {
  const line = read(`/proc/${pid}/cmdline`)?.split('\0') ?? []
  const worker = line.findIndex((word) => word.endsWith('workers/main.ts'))
  if (worker !== -1) return `worker ${line[worker + 1] ?? ''}`
  const program = path.basename(line[0]?.split(' ')[0] ?? '')
  if (program.startsWith('postgres')) return 'postgres'
  if (program.startsWith('temporal')) return 'temporal'
  return program === '' ? null : 'command'
}

function memoryOf(pid: number): number | null {
  const size = /^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? '')?.[1]
  return size === undefined ? null : Number(size) / 1024
}

function ticksOf(pid: number): number | null {
  const stat = read(`/proc/${pid}/stat`)
  if (stat === null) return null
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}

/** Null when the process has ended meanwhile. */
function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}
