import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { CHECKOUT, ending, runMella } from '../../test/support/chaos/play.ts'

/** What one run of one tool cost; pages a second are those of the site's own log, from its first request to its last. */
export interface Figures {
  pages: number
  requests: number
  pages_per_second: number
  wall_seconds: number
  cpu_seconds: number
  peak_mib: number
}

/** A tool's crawl, as a command that ends with it. */
export interface Command {
  command: string
  args: string[]
  cwd: string
  env: NodeJS.ProcessEnv
  after: () => Promise<unknown>
}

export type MakeCommand = (seeds: string[], folder: string) => Promise<Command>

/** One crawl of a corpus, with a server of its own, under the eyes of bench/footprint.ts. */
async function measure(corpus: string, make: MakeCommand, folder: string): Promise<Figures> {
  const log = path.join(folder, 'site.log')
  const server = spawn(process.execPath, [path.join(CHECKOUT, 'bench/crawl/site-server.ts'), corpus, log], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const { seeds } = await new Promise<{ seeds: string[] }>((resolve) =>
    server.stdout.once('data', (line: Buffer) => resolve(JSON.parse(line.toString()) as { seeds: string[] })),
  )
  const { command, args, cwd, env, after } = await make(seeds, folder)
  const watched = await run(process.execPath, [path.join(CHECKOUT, 'bench/footprint.ts'), command, ...args], cwd, env)
  await after()
  await ending(server, 'SIGTERM')
  const cost = JSON.parse(watched) as {
    seconds: number
    peak_mib: number
    roles: Record<string, { cpu_seconds: number }>
  }
  const requests = readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split('\t'))
  const pages = new Set(
    requests.filter((one) => one[3] === '200' && /(\/|\.html)$/.test(one[2] ?? '')).map((one) => `${one[1]}${one[2]}`),
  )
  const times = requests.map((one) => Number(one[0]))
  const seconds = (Math.max(...times) - Math.min(...times)) / 1000
  const round = (value: number) => Math.round(value * 10) / 10
  return {
    pages: pages.size,
    requests: requests.length,
    pages_per_second: round(pages.size / seconds),
    wall_seconds: cost.seconds,
    cpu_seconds: round(Object.values(cost.roles).reduce((sum, role) => sum + role.cpu_seconds, 0)),
    peak_mib: cost.peak_mib,
  }
}

/** Runs the tools in turn, `rounds` times each, and prints a line for each run and then one for each tool. */
export async function compare(corpus: string, tools: ReadonlyMap<string, MakeCommand>, rounds: number): Promise<void> {
  const work = path.join(tmpdir(), 'mella-bench-crawl')
  rmSync(work, { recursive: true, force: true })
  mkdirSync(work, { recursive: true })
  const all = new Map<string, Figures[]>([...tools.keys()].map((tool) => [tool, []]))
  for (let round = 0; round < rounds; round += 1) {
    for (const [tool, make] of tools) {
      const folder = path.join(work, `${tool.replaceAll(' ', '-')}-${round}`)
      mkdirSync(folder)
      const figures = await measure(corpus, make, folder)
      all.get(tool)?.push(figures)
      console.error(`${tool} ${JSON.stringify(figures)}`)
    }
  }
  for (const [tool, figures] of all) {
    const rates = figures.map((one) => one.pages_per_second).sort((a, b) => a - b)
    const median = (pick: (one: Figures) => number) =>
      figures.map(pick).sort((a, b) => a - b)[Math.floor(figures.length / 2)]
    console.log(
      `${tool.padEnd(16)} pages ${median((one) => one.pages)}  pages/s ${median((one) => one.pages_per_second)} (${rates[0]} to ${rates.at(-1)})  wall ${median((one) => one.wall_seconds)} s  cpu ${median((one) => one.cpu_seconds)} s  peak ${median((one) => one.peak_mib)} MiB`,
    )
  }
}

/** Where the services of a home of its own run already, as those of a data team do. */
export async function homeWithServices(
  folder: string,
): Promise<{ env: NodeJS.ProcessEnv; stop: () => Promise<unknown> }> {
  const env = {
    ...process.env,
    MELLA_HOME: path.join(folder, 'home'),
    MELLA_NETWORK_ALLOW: '127.0.0.0/8',
    DATABASE_URL: undefined,
    TEMPORAL_ADDRESS: undefined,
  }
  const up = await runMella(['up'], { env })
  if (up.code !== 0) throw new Error(up.stderr)
  return { env, stop: () => runMella(['down'], { env }) }
}

/** mella's crawl of all pages of the seeds' hosts. */
export async function mellaCommand(seeds: string[], folder: string, perHost: string): Promise<Command> {
  const spec = path.join(folder, 'spec.yaml')
  writeFileSync(
    spec,
    `dataset: bench
version: 1.0.0
date: 2026-01-01
languages: [ar, cs, hu, ko, ru, sr, sr-Latn, th, vi, es]
card: { title: Bench, creators: [bench], contact: bench@example.org, licence: other }
crawl:
  seeds: { und: ${JSON.stringify(seeds)} }
  scope: host
  limits: { pages_per_host: 2000, depth: 100 }
  politeness: { delay_ms: 0, per_host: ${perHost}, per_address: ${perHost}, user_agent: "mella-bench/1.0 (+mailto:bench@example.org)" }
`,
  )
  const { env, stop } = await homeWithServices(folder)
  return {
    command: process.execPath,
    args: [path.join(CHECKOUT, 'cli/main.ts'), 'crawl', 'start', spec, '--wait'],
    cwd: CHECKOUT,
    env,
    after: stop,
  }
}

/** Runs to the end; resolves with what it printed. */
export function run(command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'ignore'] })
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
    child.once('close', (code) =>
      code === 0 ? resolve(said) : reject(new Error(`${command} ${args.join(' ').slice(0, 200)} ended with ${code}`)),
    )
  })
}
