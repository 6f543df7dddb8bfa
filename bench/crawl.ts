import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { cacheFolder } from '../infra/services/cache.ts'
import { CHECKOUT, ending, runMella } from '../test/support/chaos/play.ts'

const HELP = `Crawls the pages of a corpus with mella, Crawlee and Scrapy in turn, and prints pages a second of each.

  npm run bench -- crawl --corpus DIR [--rounds N] [--tools LIST]

Pages a second are those of the site's own log, from its first request to its last; the processor seconds and the
memory are those of the whole process tree, with mella Postgres and Temporal included. All three obey robots.txt, which
keeps them off pictures; mella extracts, writes WARC and a durable frontier, Crawlee and Scrapy keep their queue on disk.
Peers are installed into the cache on first use (npm and Python 3).

  --corpus DIR   sites.json and sites/, as the corpus builder makes them
  --rounds N     runs of each tool, in turn (5)
  --tools LIST   of mella,crawlee,scrapy (all)
  --per-host N   requests at a time to one host, of mella (4)
  --concurrency N  of the peers (32)
`
const CRAWLEE = '3.18.1'
const SCRAPY = '2.19.0'

const { values } = parseArgs({
  options: {
    corpus: { type: 'string', default: '' },
    rounds: { type: 'string', default: '5' },
    tools: { type: 'string', default: 'mella,crawlee,scrapy' },
    'per-host': { type: 'string', default: '4' },
    concurrency: { type: 'string', default: '32' },
    help: { type: 'boolean', default: false },
  },
})

interface Figures {
  pages: number
  requests: number
  pages_per_second: number
  wall_seconds: number
  cpu_seconds: number
  peak_mib: number
}

if (values.help || values.corpus === '') process.stdout.write(HELP)
else await main()

async function main(): Promise<void> {
  const work = path.join(tmpdir(), 'mella-bench-crawl')
  rmSync(work, { recursive: true, force: true })
  mkdirSync(work, { recursive: true })
  const peers = path.join(cacheFolder(process.env.MELLA_CACHE ?? null, process.env.XDG_CACHE_HOME ?? null), 'peers')
  const runs: Record<string, (seeds: string[], folder: string) => Promise<Command>> = {
    mella: mellaCommand,
    crawlee: (seeds, folder) => crawleeCommand(peers, seeds, folder),
    scrapy: (seeds, folder) => scrapyCommand(peers, seeds, folder),
  }
  const tools = values.tools.split(',')
  const all = new Map<string, Figures[]>(tools.map((tool) => [tool, []]))
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const tool of tools) {
      const folder = path.join(work, `${tool}-${round}`)
      mkdirSync(folder)
      const figures = await measure(runs[tool] as (typeof runs)[string], folder)
      all.get(tool)?.push(figures)
      console.error(`${tool} ${JSON.stringify(figures)}`)
    }
  }
  for (const [tool, figures] of all) {
    const rates = figures.map((one) => one.pages_per_second).sort((a, b) => a - b)
    const median = (pick: (one: Figures) => number) =>
      figures.map(pick).sort((a, b) => a - b)[Math.floor(figures.length / 2)]
    console.log(
      `${tool.padEnd(8)} pages ${median((one) => one.pages)}  pages/s ${median((one) => one.pages_per_second)} (${rates[0]} to ${rates.at(-1)})  wall ${median((one) => one.wall_seconds)} s  cpu ${median((one) => one.cpu_seconds)} s  peak ${median((one) => one.peak_mib)} MiB`,
    )
  }
}

interface Command {
  command: string
  args: string[]
  cwd: string
  env: NodeJS.ProcessEnv
  after: () => Promise<unknown>
}

/** One crawl, with a site of its own, under the eyes of bench/footprint.ts. */
async function measure(make: (seeds: string[], folder: string) => Promise<Command>, folder: string): Promise<Figures> {
  const log = path.join(folder, 'site.log')
  const server = spawn(process.execPath, [path.join(CHECKOUT, 'bench/crawl/site-server.ts'), values.corpus, log], {
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

async function mellaCommand(seeds: string[], folder: string): Promise<Command> {
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
  politeness: { delay_ms: 0, per_host: ${values['per-host']}, per_address: ${values['per-host']}, user_agent: "mella-bench/1.0 (+mailto:bench@example.org)" }
`,
  )
  const env = {
    ...process.env,
    MELLA_HOME: path.join(folder, 'home'),
    MELLA_NETWORK_ALLOW: '127.0.0.0/8',
    DATABASE_URL: undefined,
    TEMPORAL_ADDRESS: undefined,
  }
  // The services of a data team run already.
  const up = await runMella(['up'], { env })
  if (up.code !== 0) throw new Error(up.stderr)
  return {
    command: process.execPath,
    args: [path.join(CHECKOUT, 'cli/main.ts'), 'crawl', 'start', spec, '--wait'],
    cwd: CHECKOUT,
    env,
    after: () => runMella(['down'], { env }),
  }
}

async function crawleeCommand(peers: string, seeds: string[], folder: string): Promise<Command> {
  const home = path.join(peers, `crawlee-${CRAWLEE}`)
  if (!existsSync(path.join(home, 'node_modules/@crawlee/cheerio'))) {
    mkdirSync(home, { recursive: true })
    writeFileSync(path.join(home, 'package.json'), '{"private": true}')
    await run('npm', ['install', '--no-audit', '--no-fund', `@crawlee/cheerio@${CRAWLEE}`], home, process.env)
  }
  const script = path.join(home, 'crawlee_pages.mjs')
  writeFileSync(script, readFileSync(path.join(CHECKOUT, 'bench/peers/crawlee_pages.mjs')))
  return {
    command: process.execPath,
    args: [script, JSON.stringify(seeds), path.join(folder, 'rows.jsonl'), values.concurrency],
    cwd: folder,
    env: { ...process.env, CRAWLEE_STORAGE_DIR: path.join(folder, 'storage') },
    after: () => Promise.resolve(),
  }
}

async function scrapyCommand(peers: string, seeds: string[], folder: string): Promise<Command> {
  const home = path.join(peers, `scrapy-${SCRAPY}`)
  const python = path.join(home, 'bin/python')
  if (!existsSync(path.join(home, 'bin/scrapy'))) {
    await run('python3', ['-m', 'venv', home], CHECKOUT, process.env)
    await run(python, ['-m', 'pip', '-q', 'install', `scrapy==${SCRAPY}`], CHECKOUT, process.env)
  }
  return {
    command: python,
    args: [
      path.join(CHECKOUT, 'bench/peers/scrapy_pages.py'),
      JSON.stringify(seeds),
      path.join(folder, 'rows.jsonl'),
      path.join(folder, 'job'),
      values.concurrency,
    ],
    cwd: folder,
    env: process.env,
    after: () => Promise.resolve(),
  }
}

/** Runs to the end; resolves with what it printed. */
function run(command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'ignore'] })
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
    child.once('close', (code) =>
      code === 0 ? resolve(said) : reject(new Error(`${command} ${args.join(' ').slice(0, 200)} ended with ${code}`)),
    )
  })
}
