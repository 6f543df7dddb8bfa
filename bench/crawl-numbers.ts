import { execFileSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { sql } from 'kysely'
import { loadConfig } from '../infra/config.ts'
import { migrateToLatest } from '../infra/migrate.ts'
import { openDatabase } from '../infra/postgres.ts'
import { startServices } from '../infra/services/services.ts'
import { countCrawl, countHosts } from '../schema/queries/crawl-counts.ts'
import { planReopening } from '../schema/queries/resume-crawl.ts'

const HELP = `What the numbers of a crawl cost with many URLs.

  MELLA_HOME=FOLDER node bench/crawl-numbers.ts [--urls 1000000] [--hosts 10000]

Writes a crawl of made-up rows into the home's database (take one of its own), then times the queries of crawl show and
crawl resume --dry-run, the command crawl show as a whole, and a count of all rows beside it, which they must equal.
`

const { values } = parseArgs({
  options: {
    urls: { type: 'string', default: '1000000' },
    hosts: { type: 'string', default: '10000' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) process.stdout.write(HELP)
else await run(Number(values.urls), Number(values.hosts))

async function run(urls: number, hosts: number): Promise<void> {
  const { databaseUrl } = await startServices(loadConfig({ env: process.env, flags: {}, cwd: process.cwd() }), () => {})
  await migrateToLatest(databaseUrl)
  const db = openDatabase(databaseUrl, 'writer', 4)
  const id = `numbers-${urls}-${hosts}-${Date.now().toString(36)}`
  const { rows } = await sql<{ crawl_no: number }>`
    INSERT INTO crawl (id, dataset, section_sha, seq, section, shards)
    VALUES (${id}, 'numbers', sha256(${id}::bytea), 1, '{}', 64) RETURNING crawl_no`.execute(db)
  const crawlNo = rows[0]?.crawl_no ?? 0
  await sql`INSERT INTO crawl_state (crawl_no, state, paused) VALUES (${crawlNo}, 'running', false)`.execute(db)
  await sql`INSERT INTO crawl_host (crawl_no, host, shard, answered)
    SELECT ${crawlNo}, 'host-' || n || '.example', n % 64, true FROM generate_series(0, ${hosts - 1}::int) n`.execute(
    db,
  )
  const filled = await timed(async () => {
    // In batches, as a crawl does: each leaves its tally.
    for (let from = 0; from < urls; from += 10_000)
      await sql`
        INSERT INTO frontier (crawl_no, url_sha, shard, site_no, host, page, picture, depth, admitted, state, reason, class)
        SELECT ${crawlNo}, sha256((${id} || n)::bytea), n % ${hosts} % 64, 1 + n % ${hosts}, 'host-' || n % ${hosts} || '.example',
          true, false, 1, true, state, CASE state WHEN 'retry' THEN 'timeout' WHEN 'failed' THEN 'refused' END,
          CASE state WHEN 'retry' THEN 'timeout' WHEN 'failed' THEN 'refused' END
        FROM (SELECT n, CASE WHEN n % 100 < 60 THEN 'pending' WHEN n % 100 < 62 THEN 'retry' WHEN n % 100 < 65 THEN 'failed' ELSE 'done' END AS state
          FROM generate_series(${from}::int, ${Math.min(urls, from + 10_000) - 1}::int) n) AS made`.execute(db)
  })
  const { rows: sizes } = await sql<{ bytes: number }>`
    SELECT (pg_total_relation_size('frontier') / greatest(1, (SELECT count(*) FROM frontier)))::float8 AS bytes`.execute(
    db,
  )
  const say = (line: string) => void process.stdout.write(`${line}\n`)
  say(
    `${urls} URLs over ${hosts} hosts, written in ${filled.ms} ms, ${Math.round(sizes[0]?.bytes ?? 0)} bytes a URL with indexes`,
  )
  const counts = await timed(() => countCrawl(db, crawlNo))
  say(`counters of crawl show: ${counts.ms} ms`)
  say(`hosts of crawl show: ${(await timed(() => countHosts(db, crawlNo))).ms} ms`)
  say(`plan of crawl resume: ${(await timed(() => planReopening(db, crawlNo))).ms} ms`)
  const scan = await timed(() =>
    sql<{ state: string; count: number }>`SELECT state, reason, count(*)::float8 AS count FROM frontier
      WHERE crawl_no = ${crawlNo} GROUP BY 1, 2 ORDER BY 1, 2 NULLS FIRST`.execute(db),
  )
  const equal = JSON.stringify(scan.value.rows) === JSON.stringify(counts.value.states)
  say(`count of all rows: ${scan.ms} ms, ${equal ? 'equal to the counters' : 'NOT EQUAL to the counters'}`)
  const shown = await timed(() =>
    execFileSync(process.execPath, ['cli/main.ts', 'crawl', 'show', id], { stdio: 'ignore' }),
  )
  say(`./mella crawl show: ${shown.ms} ms`)
  await db.destroy()
  process.exitCode = equal ? 0 : 3
}

async function timed<Result>(work: () => Promise<Result> | Result): Promise<{ value: Result; ms: number }> {
  const start = performance.now()
  const value = await work()
  return { value, ms: Math.round(performance.now() - start) }
}
