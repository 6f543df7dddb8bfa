import path from 'node:path'
import { digestsOf, excessOf, requestsOf } from './compare.ts'
import { type Disturbance, disturb, type Kill, mostRepeated } from './disturb.ts'
import { type Play, runMella, startMella } from './play.ts'

export interface Made {
  id: string
  root: string
  kills: Kill[]
  seconds: number
}

/** Launches a spec and waits for the release, killing meanwhile what `plan` says. Throws with what it said when it ends with another code than 0. */
export async function makeRelease(
  play: Play,
  spec: string,
  plan: Disturbance | null,
  flags: readonly string[] = [],
): Promise<Made> {
  const begin = performance.now()
  const running = startMella(['release', 'launch', spec, '--wait', '--json', ...flags], {
    env: play.env,
    log: path.join(play.home, 'launch.log'),
  })
  const stop = new AbortController()
  void running.end.then(() => stop.abort())
  const kills = plan === null ? [] : await disturb(play.home, plan, stop.signal)
  const { code, stdout, stderr } = await running.end
  if (code !== 0) throw new Error(`${play.home}: ended with ${code}: ${stderr.split('\n').slice(-20).join('\n')}`)
  const { id, root } = JSON.parse(stdout) as { id: string; root: string }
  return { id, root, kills, seconds: (performance.now() - begin) / 1000 }
}

/** The release's files by digest, after export. */
export async function filesOf(play: Play, id: string): Promise<Map<string, string>> {
  const out = path.join(play.home, `export-${id}`)
  const { code, stderr } = await runMella(['release', 'export', id, out], { env: play.env })
  if (code !== 0) throw new Error(stderr)
  return digestsOf(out)
}

/** Files below `data/`: what must be the same from another home. */
export function dataOf(files: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...files].filter(([file]) => file.startsWith('data/')))
}

export interface Cost {
  /** Requests beyond those of the other play, and the most that the kills explain. */
  more: number
  atMost: number
  never: string[]
}

/** What kills cost the site and the model server in repeated requests. */
export function costOf(kills: readonly Kill[], undisturbed: Play, disturbed: Play): { site: Cost; models: Cost } {
  const allowed = mostRepeated(kills)
  const cost = (one: string, other: string, atMost: number): Cost => {
    const { total, never } = excessOf(requestsOf(one), requestsOf(other))
    return { more: total, atMost, never }
  }
  return {
    site: cost(undisturbed.site.log, disturbed.site.log, allowed.site),
    models: cost(undisturbed.models.log, disturbed.models.log, allowed.models),
  }
}
