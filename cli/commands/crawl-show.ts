import { describeSeconds, type Pace, paceOf } from '../../activities/crawl/progress.ts'
import { stageOf } from '../../activities/explain/describe-resume.ts'
import { EXIT } from '../../schema/contracts/errors.ts'
import { countCrawl, countHosts, type CrawlCounts, type HostCounts } from '../../schema/queries/crawl-counts.ts'
import { countArchives } from '../../schema/queries/archives.ts'
import { crawlTraps, type Trap } from '../../schema/queries/crawl-progress.ts'
import { frozenCrawls } from '../../schema/queries/frozen-crawls.ts'
import { heldShards } from '../../schema/queries/leases.ts'
import type { Command } from '../command.ts'
import { connect } from '../jobs/connect.ts'
import { findCrawl, watchCrawl } from '../jobs/crawl-job.ts'
import { type Output, table } from '../output.ts'

/** Unusable records that are named; all are counted. */
const MOST_FAULTS = 20
/** Traps that are named, the largest. */
const MAX_TRAPS = 20

export const crawlShowCommand: Command = {
  name: 'crawl show',
  summary: 'where a crawl is: progress, rate, time left, URLs, errors by class, hosts by state, captures',
  args: ['ID'],
  options: { watch: { type: 'boolean', what: 'follow it until it stops' } },
  json: true,
  example: './mella crawl show demo-1a2b3c4d5e-1 --watch',
  run: async (context) => {
    await using session = await connect(context, 'auditor')
    const id = context.args[0] ?? ''
    if (context.options['watch'] === true) await watchCrawl(session, id, context.progress)
    const crawl = await findCrawl(session, id)
    const [counts, hosts, [frozen], intake, traps, held] = await Promise.all([
      countCrawl(session.db, crawl.crawl_no),
      countHosts(session.db, crawl.crawl_no),
      frozenCrawls(session.db, [id]),
      countArchives(session.db, crawl.crawl_no, MOST_FAULTS),
      crawlTraps(session.db, crawl.crawl_no, MAX_TRAPS),
      heldShards(session.db, crawl.crawl_no),
    ])
    const pace = paceOf(counts)
    if (context.json) {
      context.out.json({
        id,
        state: crawl.state,
        paused: crawl.paused,
        note: crawl.note,
        digest: frozen?.digest ?? null,
        progress: pace,
        shards_in_work: held,
        urls: counts.states,
        errors: counts.errors,
        hosts: hosts.states,
        failing_hosts: hosts.failing,
        traps,
        captures: counts.kinds,
        archives: intake.archives,
        unusable: intake.reasons,
        unusable_records: intake.faults,
      })
      return EXIT.ok
    }
    context.out.line(`crawl ${id}: ${crawl.paused ? 'paused' : crawl.state}${crawl.note ? ` (${crawl.note})` : ''}`)
    if (frozen) context.out.line(`digest ${frozen.digest}`)
    context.out.line(paceLine(pace))
    if (isLeft(crawl, hosts, held))
      context.out.line(`no worker is at it: ./mella crawl resume ${id} --wait, or ./mella worker`)
    showTables(context.out, counts, hosts, traps)
    showArchives(context.out, intake)
    return EXIT.ok
  },
}

/** It should run, hosts could be asked now, and nobody does: a killed command, or one without `--wait`. */
function isLeft({ state, paused }: { state: string; paused: boolean }, hosts: HostCounts, held: number): boolean {
  const hasWork = hosts.states.some((row) => row.state === 'waiting' || row.state === 'in work')
  return state === 'running' && !paused && hasWork && held === 0
}

function paceLine({ done, total, in_flight, per_second, seconds_left }: Pace): string {
  const share = total === 0 ? 0 : Math.floor((done / total) * 100)
  const left =
    done === total
      ? []
      : [
          `${in_flight} in flight`,
          `${per_second} a second`,
          seconds_left === null
            ? 'nothing ended within the last minute'
            : `about ${describeSeconds(seconds_left)} left`,
        ]
  return [`progress ${share} %, ${done} of ${total} URLs`, ...left].join(', ')
}

function showTable(out: Output, heading: string[], rows: string[][]): void {
  if (rows.length > 0) out.line(table([heading, ...rows]))
}

function showTables(out: Output, counts: CrawlCounts, hosts: HostCounts, traps: readonly Trap[]): void {
  const show = (heading: string[], rows: string[][]) => showTable(out, heading, rows)
  show(
    ['urls', 'reason', 'count'],
    counts.states.map((row) => [row.state, row.reason ?? '', String(row.count)]),
  )
  show(
    ['errors', 'waiting', 'given up'],
    counts.errors.map((row) => [row.class, String(row.waiting), String(row.given_up)]),
  )
  show(
    ['hosts', 'count'],
    hosts.states.map((row) => [row.state, String(row.hosts)]),
  )
  show(
    ['failing host', 'state', 'failures', 'asked again', 'fault'],
    hosts.failing.map((row) => [
      row.host,
      row.state,
      String(row.failures),
      row.next_at?.toISOString() ?? '',
      row.fault ?? '',
    ]),
  )
  show(
    ['trap', 'urls', 'why'],
    traps.map((row) => [row.host, String(row.urls), row.why]),
  )
  show(
    ['captures', 'count', 'bytes'],
    counts.kinds.map((row) => [row.kind, String(row.captures), String(row.bytes)]),
  )
}

function showArchives(out: Output, { archives, faults }: Awaited<ReturnType<typeof countArchives>>): void {
  const show = (heading: string[], rows: string[][]) => showTable(out, heading, rows)
  show(
    ['archive', 'declared', 'bytes', 'at', 'left', 'records', 'used', 'unusable'],
    archives.map((row) => [
      row.file,
      row.declared,
      String(row.bytes ?? ''),
      stageOf(row),
      String(row.left_bytes ?? ''),
      String(row.records),
      String(row.used),
      String(row.faults),
    ]),
  )
  show(
    ['unusable in', 'offset', 'bytes', 'reason', 'url'],
    faults.map((row) => [row.file, String(row.at), String(row.length), row.reason, row.url ?? '']),
  )
}
