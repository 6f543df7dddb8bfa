import { setTimeout as sleep } from 'node:timers/promises'
import { readRecords, type ServiceName } from '../../../infra/services/registry.ts'
import { FlightWatch, type Held } from './held.ts'

/** Model calls are made in these steps; the rest of a release asks nobody. */
const GENERATIONS = new Set(['caption', 'translate', 'thick'])

export interface Kill {
  /** Seconds since the start. */
  at: number
  target: 'worker' | ServiceName
  pid: number
  /** What was in flight when it was killed, as Postgres said before. */
  held: Held[]
  /** What a killed worker left behind in Postgres; null for a service. */
  left: number | null
}

export interface Disturbance {
  /** Steps in each of which a worker is to be killed at least once. */
  steps: readonly string[]
  /** Worker kills in all. */
  kills: number
  /** Services to kill, each while a step is under way. */
  services: readonly { name: ServiceName; during: string }[]
  /** Milliseconds between two kills, so that there is work under way again. */
  pause: number
  /** A number in [0, 1). */
  random(): number
  say(line: string): void
}

/**
 * Kills workers and services of a home with SIGKILL while they hold work, until `stop` is aborted. A worker that turns
 * out to have held nothing when it died is not counted. Steps not yet met come first, then random workers.
 */
export async function disturb(home: string, plan: Disturbance, stop: AbortSignal): Promise<Kill[]> {
  await using watch = new FlightWatch(home)
  const kills: Kill[] = []
  const begin = performance.now()
  const missing = new Set(plan.steps)
  const services = [...plan.services]
  let last = 0
  while (!stop.aborted) {
    const held = await watch.read()
    if (held === null || held.length === 0) {
      await sleep(held === null ? 50 : 1)
      continue
    }
    const now = performance.now()
    const at = (now - begin) / 1000
    const service = services.find((one) => held.some((it) => it.step === one.during && !missing.has(it.step)))
    if (service && now - last > plan.pause) {
      const pid = readRecords(home)[service.name]?.process?.pid
      if (pid === undefined || !shoot(pid)) continue
      services.splice(services.indexOf(service), 1)
      note({ at, target: service.name, pid, held, left: null })
      last = now
      continue
    }
    const target = choose(held, missing, plan, kills, now - last)
    if (!target) {
      await sleep(1)
      continue
    }
    if (!shoot(target.pid)) continue
    const left = await leftBy(watch, target)
    last = performance.now()
    if (left === 0) continue
    missing.delete(target.step)
    note({ at, target: 'worker', pid: target.pid, held: held.filter((it) => it.pid === target.pid), left })
  }
  return kills

  function note(kill: Kill): void {
    kills.push(kill)
    plan.say(describeKill(kill))
  }
}

/** A worker in a step not met yet, at once; else, when the pause is over and kills are left, any that holds something. */
function choose(
  held: readonly Held[],
  missing: ReadonlySet<string>,
  plan: Disturbance,
  kills: readonly Kill[],
  since: number,
): Held | undefined {
  // The first URL of a crawl is its seed: more is at stake a moment later.
  const wanted = held.find((one) => missing.has(one.step) && (one.step !== 'crawl' || one.count > 1))
  if (wanted) return wanted
  const done = kills.filter((kill) => kill.target === 'worker').length
  if (since < plan.pause || done + missing.size >= plan.kills) return undefined
  return held[Math.floor(plan.random() * held.length)]
}

function shoot(pid: number): boolean {
  try {
    process.kill(pid, 'SIGKILL')
    return true
  } catch {
    return false // ended meanwhile
  }
}

async function leftBy(watch: FlightWatch, target: Held): Promise<number> {
  // The kernel ends a process in a moment; a statement it sent before may still commit.
  await sleep(5)
  return watch.leftBy(target.pid, target.step)
}

export function describeKill(kill: Kill): string {
  const held = kill.held.map((one) => `${one.step} ${one.count} (${one.what})`).join('; ')
  const left = kill.left === null ? '' : ` left ${kill.left}`
  return `${kill.at.toFixed(1).padStart(6)} s  ${kill.target.padEnd(8)} ${String(kill.pid).padStart(6)}  ${held}${left}`
}

/** The most requests that a site and the model services may see more of than without the kills. */
export function mostRepeated(kills: readonly Kill[]): { site: number; models: number } {
  const held = kills.flatMap((kill) => kill.held)
  const sum = (rows: readonly Held[]) => rows.reduce((total, one) => total + one.count, 0)
  return {
    site: sum(held.filter((one) => one.step === 'crawl')),
    models: sum(held.filter((one) => GENERATIONS.has(one.step))),
  }
}
