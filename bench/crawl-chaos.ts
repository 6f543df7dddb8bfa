import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { requestsOf } from '../test/support/chaos/compare.ts'
import { openPlay, type Play, type Running, startMella } from '../test/support/chaos/play.ts'
import { randomOf } from '../test/support/chaos/random.ts'
import { LeaseWatch } from './crawl-chaos/lease-watch.ts'
import { readCrawled } from './crawl-chaos/log-and-archive.ts'
import { type Calm, report } from './crawl-chaos/report.ts'
import { planStrikes, type Strike, strikeCrawl } from './crawl-chaos/strike-crawl.ts'
import { type Kind, KINDS } from './crawl-chaos/strikes.ts'

const HELP = `Crawls a corpus undisturbed, then in a second home under strikes at random moments, each while URLs are leased.

  npm run bench -- crawl-chaos --corpus DIR [--strikes N] [--only LIST] [--seed N]

Kinds: worker (SIGKILL), frozen (SIGSTOP until its shards went to another, then SIGCONT), postgres-kill (SIGKILL),
postgres-immediate (immediate stop), temporal (SIGKILL), store-full (the store on a small tmpfs, filled for seconds),
cut-site, cut-postgres, cut-temporal (every connection to that port reset by the kernel). The sites are the corpus' with
pages that none has: redirects, 404, 429 and 503, bodies that are cut, chunked, gzipped; robots.txt of four sorts.

Ends with 0 when both crawls have the same digest and the same (URL, outcome, status, body digest), every record of both
archives is whole and agrees with the sites' log line by line, and the sites saw no more than what was in flight. Needs
root, for the tmpfs and for \`ss -K\`: as another user it refuses to start.

  --corpus DIR    sites.json and sites/, as the corpus builder makes them
  --dir DIR       folder of both homes, made anew (mella-crawl-chaos in the system's folder for temporary files)
  --strikes N     how many (100)
  --only LIST     kinds, comma-separated (all)
  --pause MS      between two strikes, on average (1000)
  --delay MS      of each answer under strikes, on average; what gives them time when not said
  --seed N        of the random choices (1)
`

const { values } = parseArgs({
  options: {
    corpus: { type: 'string', default: '' },
    dir: { type: 'string', default: path.join(tmpdir(), 'mella-crawl-chaos') },
    strikes: { type: 'string', default: '100' },
    only: { type: 'string', default: Object.keys(KINDS).join(',') },
    pause: { type: 'string', default: '1000' },
    delay: { type: 'string' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
})
/** A strike with what follows it takes this long; the crawl has to last as long as all of them. */
const STRIKE_SECONDS = 4
/** Answers that take longer than this slow the crawl of their host down by twice what they are over it. */
const FREE_MS = 500
const LONGEST_DELAY_MS = 3_000
const PER_HOST = 4
/** Beyond what the undisturbed crawl's store takes: segments that were written and not committed. */
const STORE_MARGIN = 64 * 2 ** 20

const say = (line: string) => void process.stdout.write(`${line}\n`)

if (values.help || values.corpus === '') say(HELP)
else if (process.getuid?.() !== 0) {
  process.stderr.write('crawl-chaos: needs root to mount a tmpfs and to cut connections with ss -K\n')
  process.exitCode = 2
} else process.exitCode = (await main()) ? 0 : 1

async function main(): Promise<boolean> {
  const kinds = values.only.split(',').filter((kind): kind is Kind => kind in KINDS)
  const random = randomOf(Number(values.seed))
  const plan = planStrikes(Number(values.strikes), kinds, random)
  rmSync(values.dir, { recursive: true, force: true })
  mkdirSync(values.dir, { recursive: true })

  const calm = await crawlQuietly()
  const requests = requestsOf(calm.log)
  const delay = values.delay === undefined ? delayFor(requests, plan.length) : Number(values.delay)
  const home = path.join(values.dir, 'loud')
  const unmount = mountStore(path.join(home, 'store'), calm.storeBytes + STORE_MARGIN)
  try {
    await using loud = await play(home, calm.port, delay)
    const strikes = await crawl(loud, plan, random)
    const after = await readCrawled(loud)
    return report({ calm, loud, after, strikes, planned: plan.length }, say)
  } finally {
    unmount()
  }
}

async function crawlQuietly(): Promise<Calm> {
  await using quiet = await play(path.join(values.dir, 'quiet'), 0, 0)
  await crawl(quiet, [])
  return {
    crawled: await readCrawled(quiet),
    port: Number(quiet.site.ready['port']),
    log: quiet.site.log,
    storeBytes: sizeOf(path.join(quiet.home, 'store')),
  }
}

function play(home: string, port: number, delay: number): Promise<Play> {
  const program = path.join(import.meta.dirname, 'crawl-chaos', 'odd-site.ts')
  return openPlay({
    home,
    site: {
      command: process.execPath,
      args: [program, path.resolve(values.corpus)],
      flags: ['--port', String(port), '--delay', String(delay)],
    },
    env: { MELLA_WORKERS: 'orchestrator=1,io=2,cpu=1,model=1', MELLA_STORE: path.join(home, 'store') },
  })
}

async function crawl(on: Play, plan: readonly Kind[], random = randomOf(0)): Promise<Strike[]> {
  const begin = performance.now()
  const spec = path.join(on.home, 'spec.yaml')
  writeFileSync(spec, specOf(on.site.ready['seeds'] as Record<string, string[]>))
  const running = startMella(['crawl', 'start', spec, '--wait'], { env: on.env, log: path.join(on.home, 'crawl.log') })
  // To the end of the crawl: what a strike interrupts is asked for seconds after it, the last one's too.
  await using watch = plan.length === 0 ? null : new LeaseWatch(on.home)
  const strikes = watch === null ? [] : await strikesOn(on, watch, plan, random, running).catch(stopFirst(running))
  const { code, stderr } = await running.end
  say(`${path.basename(on.home)}: ${((performance.now() - begin) / 1000).toFixed(1)} s`)
  if (code !== 0) throw new Error(`${on.home}: ended with ${code}: ${stderr.split('\n').slice(-20).join('\n')}`)
  return strikes
}

/** Else the command would bring services back that are being stopped. */
function stopFirst({ child, end }: Running): (error: unknown) => Promise<never> {
  return async (error) => {
    child.kill('SIGINT')
    await end
    throw error
  }
}

async function strikesOn(
  on: Play,
  watch: LeaseWatch,
  plan: readonly Kind[],
  random: () => number,
  { end }: Running,
): Promise<Strike[]> {
  const begin = Date.now()
  const stop = new AbortController()
  void end.then(() => stop.abort())
  const sitePort = Number(on.site.ready['port'])
  const stage = { home: on.home, watch, store: path.join(on.home, 'store'), sitePort, random }
  return strikeCrawl(stage, plan, Number(values.pause), stop.signal, ({ at, kind, what, inFlight }) =>
    say(`${((at - begin) / 1000).toFixed(1).padStart(6)} s  ${kind.padEnd(18)} ${inFlight.most} in flight  ${what}`),
  )
}

/** The mean delay of an answer with which the largest host alone keeps the crawl busy for as long as the strikes take. */
function delayFor(requests: ReadonlyMap<string, number>, strikes: number): number {
  const hosts = new Map<string, number>()
  for (const [key, count] of requests) {
    const host = key.split(' ')[0] ?? ''
    hosts.set(host, (hosts.get(host) ?? 0) + count)
  }
  const each = (strikes * STRIKE_SECONDS * 1000) / Math.max(...hosts.values())
  const wanted = each * PER_HOST <= FREE_MS ? each * PER_HOST : FREE_MS + each / 2
  return Math.round(Math.min(LONGEST_DELAY_MS, wanted))
}

function specOf(seeds: Record<string, string[]>): string {
  return `dataset: bench
version: 1.0.0
date: 2026-01-01
languages: ${JSON.stringify(Object.keys(seeds).filter((tag) => tag !== 'und'))}
card: { title: Bench, creators: [bench], contact: bench@example.org, licence: other }
crawl:
  seeds: ${JSON.stringify(seeds)}
  scope: host
  limits: { pages_per_host: 5000, depth: 100 }
  politeness: { delay_ms: 0, per_host: ${PER_HOST}, per_address: ${PER_HOST}, user_agent: "mella-bench/1.0 (+mailto:bench@example.org)" }
`
}

/** Mounts a tmpfs of so many bytes; call the result to take it away. */
function mountStore(folder: string, bytes: number): () => void {
  mkdirSync(folder, { recursive: true })
  run('mount', ['-t', 'tmpfs', '-o', `size=${Math.ceil(bytes / 4096) * 4096}`, 'mella-chaos', folder])
  // Lazily: a fault of the crawl must not be hidden by a worker that still has a file open.
  return () => run('umount', ['--lazy', folder])
}

function run(command: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`)
}

/** Bytes that the files below a folder take, in blocks of 4 KiB. */
function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).reduce((sum, entry) => {
    const { size } = statSync(path.join(entry.parentPath, entry.name))
    return sum + Math.ceil(size / 4096) * 4096
  }, 0)
}
