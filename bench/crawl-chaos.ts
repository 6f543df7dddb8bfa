import { mkdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { loadConfig } from '../infra/config.ts'
import { openStore } from '../infra/open-store.ts'
import { readWarcRecord, readWarcResponse } from '../infra/warc-read.ts'
import { sha256 } from '../activities/digest.ts'
import { describeKill, disturb, type Kill, mostRepeated } from '../test/support/chaos/disturb.ts'
import { excessOf, requestsOf } from '../test/support/chaos/compare.ts'
import { CHECKOUT, databaseOf, EXAMPLE_SITE, openPlay, type Play, startMella } from '../test/support/chaos/play.ts'
import { randomOf } from '../test/support/chaos/random.ts'

const HELP = `Crawls a site undisturbed, then in a second home while workers, Postgres and Temporal are killed.

  npm run bench -- crawl-chaos [--spec FILE] [--dir DIR] [--kills N] [--services N] [--serve FILE --corpus DIR --port N]

Kills are SIGKILL of processes that Postgres says hold URLs at that moment. Ends with 0 when both crawls have the same
digest and the same (URL, status, body digest), the site saw no more than what was in flight, and every record of the
archive is whole and has the digest of its capture.

  --spec FILE     spec whose crawl section is crawled (examples/demo.yaml)
  --dir DIR       folder of both homes, made anew (mella-crawl-chaos in the system's folder for temporary files)
  --kills N       kills of workers (60)
  --services N    kills of each service (20)
  --pause MS      between two kills (1000)
  --seed N        of the random choices (1)
  --serve FILE    Python program that serves --corpus instead of the example site, on --port
`

const { values } = parseArgs({
  options: {
    spec: { type: 'string', default: path.join(CHECKOUT, 'examples', 'demo.yaml') },
    dir: { type: 'string', default: path.join(tmpdir(), 'mella-crawl-chaos') },
    kills: { type: 'string', default: '60' },
    services: { type: 'string', default: '20' },
    pause: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    port: { type: 'string', default: '0' },
    serve: { type: 'string' },
    corpus: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
const say = (line: string) => void process.stdout.write(`${line}\n`)

if (values.help) say(HELP)
else process.exitCode = (await main()) ? 0 : 1

interface Crawled {
  digest: string
  /** URL, status and body digest of each last outcome, a line each. */
  outcomes: string[]
  records: { whole: number; broken: string[] }
}

async function main(): Promise<boolean> {
  rmSync(values.dir, { recursive: true, force: true })
  mkdirSync(values.dir, { recursive: true })
  const quiet = await play('quiet')
  await crawl(quiet, null)
  const before = await crawled(quiet)
  await quiet[Symbol.asyncDispose]()

  const loud = await play('loud')
  const kills = await crawl(loud, randomOf(Number(values.seed)))
  const after = await crawled(loud)
  await loud[Symbol.asyncDispose]()

  const excess = excessOf(requestsOf(quiet.site.log), requestsOf(loud.site.log))
  const atMost = mostRepeated(kills).site
  const gone = before.outcomes.filter((line) => !after.outcomes.includes(line)).length
  const workers = kills.filter((kill) => kill.target === 'worker').length
  const checks: [string, boolean, string][] = [
    ['kills', workers >= Number(values.kills), `${workers} workers, ${kills.length - workers} services`],
    ['digest', before.digest === after.digest, after.digest],
    [
      'outcomes',
      gone === 0 && after.outcomes.length === before.outcomes.length,
      `${after.outcomes.length}, ${gone} differ`,
    ],
    ['site', excess.total <= atMost && excess.never.length === 0, `${excess.total} of at most ${atMost} more`],
    ['archive', after.records.broken.length === 0, `${after.records.whole} whole; ${after.records.broken.join(', ')}`],
  ]
  for (const [name, ok, detail] of checks) say(`${ok ? 'ok  ' : 'BAD '} ${name}: ${detail}`)
  return checks.every(([, ok]) => ok)
}

function play(name: string): Promise<Play> {
  const site =
    values.serve === undefined ? EXAMPLE_SITE : { command: 'python3', args: [values.serve, values.corpus ?? ''] }
  return openPlay({
    home: path.join(values.dir, name),
    site: { ...site, flags: ['--port', values.port] },
    datasetKey: 'c4'.repeat(32),
    env: { MELLA_WORKERS: 'orchestrator=1,io=2,cpu=1,model=1' },
  })
}

async function crawl(on: Play, random: (() => number) | null): Promise<Kill[]> {
  const start = performance.now()
  const running = startMella(['crawl', 'start', values.spec, '--wait'], {
    env: on.env,
    log: path.join(on.home, 'crawl.log'),
  })
  const stop = new AbortController()
  void running.end.then(() => stop.abort())
  const services = Array.from({ length: Number(values.services) }, () => ['postgres', 'temporal'] as const).flat()
  const kills =
    random === null
      ? []
      : await disturb(
          on.home,
          {
            steps: ['crawl'],
            kills: Number(values.kills),
            services: services.map((name) => ({ name, during: 'crawl' })),
            pause: Number(values.pause),
            random,
            say: () => {},
          },
          stop.signal,
        )
  const { code, stderr } = await running.end
  for (const kill of kills) say(describeKill(kill))
  say(`${random === null ? 'undisturbed' : 'disturbed'}: ${((performance.now() - start) / 1000).toFixed(1)} s`)
  if (code !== 0) throw new Error(`${on.home}: ended with ${code}: ${stderr.split('\n').slice(-20).join('\n')}`)
  return kills
}

/** What the crawl came to, and whether its archive agrees with its rows. */
async function crawled(on: Play): Promise<Crawled> {
  const client = new pg.Client({ connectionString: databaseOf(on.home) ?? '' })
  await client.connect()
  const store = openStore(loadConfig({ env: on.env, flags: {}, cwd: CHECKOUT }))
  const { rows } = await client.query<{ digest: string }>(`SELECT encode(digest, 'hex') AS digest FROM crawl_freeze`)
  const frozen = await client.query<{ url: string; status: number; body: string | null }>(`
    SELECT u.url, c.status, encode(c.body_sha, 'hex') AS body FROM frozen_capture f
    JOIN capture c USING (capture_id) JOIN url u ON u.sha = c.url_sha ORDER BY u.url COLLATE "C"`)
  const captures = await client.query<{ url: string; body: Buffer; sha: Buffer; at: string; length: number }>(`
    SELECT u.url, c.body_sha AS body, c.warc_sha AS sha, c.warc_offset AS at, c.warc_length AS length FROM capture c
    JOIN url u ON u.sha = c.url_sha WHERE c.warc_sha IS NOT NULL`)
  await client.end()
  const records = { whole: 0, broken: [] as string[] }
  for (const { url, body, sha, at, length } of captures.rows) {
    const record = readWarcRecord(await store.getRange(sha, Number(at), length))
    const response = await readWarcResponse(record, 1 << 30)
    if (record.targetUri === url && sha256(response.body).equals(body)) records.whole += 1
    else records.broken.push(url)
  }
  return {
    digest: rows[0]?.digest ?? '',
    outcomes: frozen.rows.map(({ url, status, body }) => `${url} ${status} ${body}`),
    records,
  }
}
