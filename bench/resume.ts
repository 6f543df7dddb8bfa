import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { writeSpec } from './crawl/write-spec.ts'
import { CHECKOUT, databaseOf, runMella } from '../test/support/chaos/play.ts'
import { openDatabase } from '../infra/postgres.ts'
import { shardsWithWork } from '../schema/queries/crawl-progress.ts'
import { getCrawl } from '../schema/queries/crawls.ts'
import { claimUrls, dueHosts } from '../schema/queries/frontier.ts'
import { acquireShard, releaseShard } from '../schema/queries/leases.ts'
import { residentOf } from './crawl/resident.ts'
import { readRecords } from '../infra/services/registry.ts'
import { isServing } from '../infra/services/temporal-server.ts'

const HELP = `Kills everything under a crawl with a long queue, and says how soon it goes on.

  npm run bench -- resume [--urls N] [--hosts N] [--seconds N]

Fills the frontier, crawls for a while, then SIGKILLs the command, its workers, Temporal and Postgres at once, and runs
the command again. Prints one line of JSON: seconds from that command to the first page request in the site's log and
to 90 % of the rate before, the rates, what \`crawl show\` takes meanwhile, and bytes of the database a queued URL.
All names lead to one loopback server, so the spec allows many requests to one address.

  --urls N      queued URLs (1000000)
  --hosts N     hosts that they are on (10000)
  --seconds N   of crawling before the kill and at most after it (60)
`

const { values } = parseArgs({
  options: {
    urls: { type: 'string', default: '1000000' },
    hosts: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '60' },
    help: { type: 'boolean', default: false },
  },
})
const urls = Number(values.urls)
const hosts = Number(values.hosts)
const seconds = Number(values.seconds)
/** Rows queued by one statement; each leaves a tally, as a commit does. */
const ROWS_AT_A_TIME = 1_000_000
/** Hosts of which a batch is claimed for its time. */
const CLAIMS = 50
/** Over which a rate is taken. */
const WINDOW_SECONDS = 5

if (values.help) process.stdout.write(HELP)
else await main()

async function main(): Promise<void> {
  const home = path.join(tmpdir(), 'mella-bench-resume')
  rmSync(home, { recursive: true, force: true })
  mkdirSync(home, { recursive: true })
  const site = await servePages()
  const env = {
    ...process.env,
    MELLA_HOME: home,
    MELLA_NETWORK_ALLOW: '127.0.0.0/8',
    MELLA_RESOLVE: `*.example=127.0.0.1:${site.port}`,
    DATABASE_URL: undefined,
    TEMPORAL_ADDRESS: undefined,
  }
  const spec = writeSpec(home, { dataset: 'resume', prefix: 'h', hosts, depth: 10, perHost: 1, perAddress: 256 })
  const started = await runMella(['crawl', 'start', spec, '--json'], { env })
  if (started.code !== 0) throw new Error(started.stderr)
  const { id } = JSON.parse(started.stdout) as { id: string }
  const bytes = await fill(home)
  const queries = await timeQueries(home, id)
  const command = ['crawl', 'start', spec, '--wait']

  const first = runCommand(command, env)
  await delay(seconds * 1000)
  const before = rateAt(site.pages, Date.now())
  killAll(home, first)
  await delay(2000)

  const asked = site.pages.length
  const watch = watchStart(home)
  const begun = Date.now()
  const second = runCommand(command, env)
  let back: number | null = null
  while (Date.now() - begun < seconds * 1000) {
    await delay(100)
    const now = Date.now()
    if (rateAt(site.pages, now) >= 0.9 * before && site.pages.length > asked) {
      back = (now - begun) / 1000
      break
    }
  }
  const worker = residentOf('io', home)
  const show = await timed(() => runMella(['crawl', 'show', id, '--json'], { env }))
  const firstPage = site.pages[asked]
  const timeline = await watch.end(begun)
  killAll(home, second)
  site.close()
  console.log(
    JSON.stringify({
      urls,
      hosts,
      first_page_seconds: firstPage === undefined ? null : (firstPage - begun) / 1000,
      full_rate_seconds: back,
      pages_per_second_before: before,
      pages_per_second_after: ratesOf(site.pages, begun),
      started: timeline,
      crawl_show_seconds: show,
      bytes_a_url: Math.round(bytes / urls),
      io_worker_mib: worker,
      ...queries,
    }),
  )
}

/** Any name, any path: a page of a few words and no link. Keeps the times of page requests. */
async function servePages() {
  const pages: number[] = []
  const server = http.createServer((request, response) => {
    if (request.url === '/robots.txt' || request.url?.startsWith('/.well-known/')) {
      response.writeHead(404).end()
      return
    }
    pages.push(Date.now())
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<html><p>Stránka ${request.url}</p></html>`)
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', () => resolve()))
  const { port } = server.address() as { port: number }
  return { pages, port, close: () => server.closeAllConnections() ?? server.close() }
}

/** Queues the rest of the URLs; returns the bytes that they take with their indexes. */
async function fill(home: string): Promise<number> {
  const client = new pg.Client({ connectionString: databaseOf(home) ?? '' })
  await client.connect()
  const size = async () =>
    Number(
      (
        await client.query<{ bytes: string }>(
          `SELECT pg_total_relation_size('frontier') + pg_total_relation_size('url') AS bytes`,
        )
      ).rows[0]?.bytes,
    )
  const before = await size()
  const perHost = Math.ceil(urls / hosts)
  const at = Math.max(1, Math.floor(ROWS_AT_A_TIME / hosts))
  await client.query('SET synchronous_commit = off')
  await client.query('CREATE TEMP TABLE filled (host text, url text, sha bytea)')
  for (let from = 1; from <= perHost; from += at) {
    await client.query('TRUNCATE filled')
    await client.query(`
      INSERT INTO filled SELECT host, url, sha256(convert_to(url, 'UTF8')) FROM (
        SELECT host, format('http://%s/page/%s', host, n) AS url
        FROM crawl_host, generate_series(${from}, ${Math.min(perHost, from + at - 1)}) n) AS made`)
    await client.query('INSERT INTO url (sha, url) SELECT sha, url FROM filled ORDER BY sha ON CONFLICT DO NOTHING')
    await client.query(`
      INSERT INTO frontier (crawl_no, url_sha, shard, site_no, host, page, picture, depth, admitted, state, from_sha, branch)
      SELECT h.crawl_no, f.sha, h.shard, s.site_no, f.host, true, false, 0, true, 'pending', s.url_sha, '/'
      FROM filled f JOIN crawl_host h USING (host)
        JOIN frontier s ON s.crawl_no = h.crawl_no AND s.host = f.host AND s.seed`)
  }
  await client.query('ANALYZE frontier; ANALYZE url; ANALYZE crawl_host')
  const after = await size()
  await client.end()
  return after - before
}

/** What the crawl asks the database most often, milliseconds each: the median over some hosts and shards. */
async function timeQueries(home: string, id: string) {
  const db = openDatabase(databaseOf(home) ?? '', 'writer', 2)
  const crawl = await getCrawl(db, id)
  if (!crawl) throw new Error(`crawl ${id} is gone`)
  const times = { claim: [] as number[], hosts: [] as number[], round: [] as number[] }
  const time = async <Result>(into: number[], work: () => Promise<Result>) => {
    const start = performance.now()
    const result = await work()
    into.push(performance.now() - start)
    return result
  }
  for (let shard = 0; shard < 5; shard += 1) {
    await time(times.round, () => shardsWithWork(db, crawl.crawl_no))
    const lease = await acquireShard(db, crawl.crawl_no, shard, 'bench')
    if (!lease) continue
    const found = await time(times.hosts, () => dueHosts(db, lease, { limit: 256, after: '', crowded: [] }))
    for (const { host } of found.slice(0, CLAIMS)) await time(times.claim, () => claimUrls(db, lease, host, 32))
    await releaseShard(db, lease)
  }
  await db.destroy()
  const median = (all: number[]) => Math.round((all.toSorted((a, b) => a - b)[all.length >> 1] ?? 0) * 10) / 10
  return { claim_ms: median(times.claim), hosts_of_shard_ms: median(times.hosts), round_ms: median(times.round) }
}

/**
 * Watches from outside what a start consists of. `end` gives, in seconds from `begun`, when each service was ready,
 * each worker polled for work and robots.txt was first asked for; null for what was not seen.
 */
function watchStart(home: string) {
  const logs = path.join(home, 'logs')
  const offsets = new Map(readdirSync(logs).map((name) => [name, statSync(path.join(logs, name)).size]))
  let temporalAt: number | null = null
  let watching = true
  const polling = (async () => {
    while (watching && temporalAt === null) {
      const port = readRecords(home).temporal?.port
      if (port !== undefined && (await isServing(port))) temporalAt = Date.now()
      await delay(20)
    }
  })()
  const newLines = (name: string) =>
    readFileSync(path.join(logs, name))
      .subarray(offsets.get(name) ?? 0)
      .toString('utf8')
      .split('\n')
  return {
    end: async (begun: number) => {
      watching = false
      await polling
      const after = (at: number | null | undefined) =>
        at === null || at === undefined ? null : Math.round(at - begun) / 1000
      const ready = newLines('postgres.log').find((line) => line.includes('ready to accept connections'))
      const workers = readdirSync(logs).filter((name) => name.startsWith('worker-'))
      return {
        postgres_seconds: after(ready === undefined ? null : Date.parse(`${ready.slice(0, 23).replace(' ', 'T')}Z`)),
        temporal_seconds: after(temporalAt),
        worker_seconds: Object.fromEntries(
          workers.map((name) => {
            const line = newLines(name).find((each) => each.includes('"worker running"'))
            return [
              name.slice('worker-'.length, -'.log'.length),
              after(line === undefined ? null : (JSON.parse(line) as { time: number }).time),
            ]
          }),
        ),
      }
    },
  }
}

function runCommand(args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  return spawn(process.execPath, [path.join(CHECKOUT, 'cli/main.ts'), ...args], { cwd: CHECKOUT, env, stdio: 'ignore' })
}

/** Pages a second over the last seconds. */
function rateAt(pages: readonly number[], now: number): number {
  let count = 0
  for (let at = pages.length - 1; at >= 0 && (pages[at] ?? 0) > now - WINDOW_SECONDS * 1000; at -= 1)
    if ((pages[at] ?? 0) <= now) count += 1
  return count / WINDOW_SECONDS
}

/** Pages a second in each window since a time. */
function ratesOf(pages: readonly number[], since: number): number[] {
  const windows = Math.floor((Date.now() - since) / 1000 / WINDOW_SECONDS)
  return Array.from({ length: windows }, (_, at) => rateAt(pages, since + (at + 1) * WINDOW_SECONDS * 1000))
}

/** The command, its workers, both services and all that these have started. */
function killAll(home: string, command: ChildProcess): void {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
      children.set(parent, [...(children.get(parent) ?? []), Number(name)])
    } catch {
      // It has ended meanwhile.
    }
  }
  const records = readRecords(home)
  const open = [command.pid, records.postgres?.process?.pid, records.temporal?.process?.pid]
  for (let pid = open.pop(); open.length > 0 || pid !== undefined; pid = open.pop()) {
    if (pid === undefined) continue
    open.push(...(children.get(pid) ?? []))
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended meanwhile.
    }
  }
}

async function timed(work: () => Promise<{ code: number | null; stderr: string }>): Promise<number> {
  const start = performance.now()
  const { code, stderr } = await work()
  if (code !== 0) throw new Error(stderr)
  return Math.round(performance.now() - start) / 1000
}
