import { RETRY_CLASSES, type RetryClass, retryClassNamed } from '../../activities/crawl/retry-policy.ts'
import { describeResume } from '../../activities/explain/describe-resume.ts'
import { nearestName } from '../../infra/nearest-name.ts'
import { EXIT, PermanentError } from '../../schema/contracts/errors.ts'
import { listArchives } from '../../schema/queries/archives.ts'
import { type CrawlRecord, setCrawlState } from '../../schema/queries/crawls.ts'
import {
  hasHost,
  planPutBack,
  planReopening,
  type PutBackChoice,
  putBack,
  reopenUrls,
} from '../../schema/queries/resume-crawl.ts'
import { badUsage, type Command, type CommandContext } from '../command.ts'
import { connect, type Session } from '../jobs/connect.ts'
import { CRAWL_ROLES, crawlWorkflowId, findCrawl, runCrawl, stopWorkflow, watchCrawl } from '../jobs/crawl-job.ts'
import { withWorkers } from '../jobs/with-workers.ts'
import { table } from '../output.ts'

const WAIT = { type: 'boolean', what: 'run workers here and wait for the end' } as const

const CLASS_NAMES = RETRY_CLASSES.map((one) => [one.class, ...one.also].join(' or ')).join(', ')

export const crawlResumeCommand: Command = {
  name: 'crawl resume',
  summary: 'go on with a paused, partial or cancelled crawl; what failed is tried again',
  args: ['ID'],
  options: {
    wait: WAIT,
    'dry-run': {
      type: 'boolean',
      what: 'only say what is done, what will be tried and when, what is given up and why',
    },
  },
  json: true,
  example: './mella crawl resume demo-1a2b3c4d5e-1 --dry-run',
  run: async (context) => {
    const { options, json, out } = context
    await using session = await connect(context, 'writer', waitsWith(options))
    const crawl = await findUnfrozen(session, context.args[0] ?? '')
    const plan = await planReopening(session.db, crawl.crawl_no)
    const archives = await listArchives(session.db, crawl.crawl_no)
    if (json) out.json({ id: crawl.id, ...plan, archives })
    else for (const line of describeResume(plan, archives)) out.line(Array.isArray(line) ? table(line) : line)
    if (options['dry-run'] === true) return EXIT.ok
    await reopenUrls(session.db, crawl.crawl_no)
    // Awaited here: the session ends with this scope.
    return await goOn(context, session, crawl)
  },
}

export const crawlRetryCommand: Command = {
  name: 'crawl retry',
  summary: 'put URLs back that failed, also those given up, by class of error and host',
  args: ['ID'],
  options: {
    class: {
      type: 'string',
      value: 'C,…',
      what: `classes of error, separated by commas: ${CLASS_NAMES}; default: all`,
    },
    host: {
      type: 'string',
      value: 'H',
      what: 'only of this host, with or without its port, or of a URL; default: all',
    },
    'dry-run': { type: 'boolean', what: 'only say how many' },
    wait: WAIT,
  },
  json: true,
  example: './mella crawl retry demo-1a2b3c4d5e-1 --class timeout,5xx --host example.org',
  run: async (context) => {
    const { options, json, out } = context
    const choice = choiceOf(context)
    await using session = await connect(context, 'writer', waitsWith(options))
    const crawl = await findUnfrozen(session, context.args[0] ?? '')
    if (choice.host !== null && !(await hasHost(session.db, crawl.crawl_no, choice.host)))
      throw new PermanentError('HOST_NOT_FOUND', `host ${choice.host}: crawl ${crawl.id} has none of this name`, {
        mend: `./mella crawl resume ${crawl.id} --dry-run`,
      })
    const rows = await planPutBack(session.db, crawl.crawl_no, choice)
    const count = rows.reduce((sum, row) => sum + row.count, 0)
    const isDry = options['dry-run'] === true
    const put = isDry ? 0 : await putBack(session.db, crawl.crawl_no, choice)
    if (json) out.json({ id: crawl.id, urls: isDry ? count : put, put_back: !isDry, rows })
    else {
      if (rows.length > 0)
        out.line(
          table([
            ['class', 'reason', 'host', 'urls'],
            ...rows.map((row) => [row.class ?? '', row.reason ?? '', row.host, String(row.count)]),
          ]),
        )
      out.line(`crawl ${crawl.id}: ${isDry ? `${count} URLs would be put back` : `${put} URLs put back`}`)
    }
    if (isDry || put === 0) return EXIT.ok
    if (crawl.paused) {
      out.say(`crawl ${crawl.id}: is paused; ./mella crawl resume ${crawl.id}`)
      return EXIT.ok
    }
    // Awaited here: the session ends with this scope.
    return await goOn(context, session, crawl)
  },
}

function waitsWith(options: CommandContext['options']) {
  return options['wait'] === true && options['dry-run'] !== true ? CRAWL_ROLES : []
}

async function findUnfrozen(session: Session, id: string): Promise<CrawlRecord> {
  const crawl = await findCrawl(session, id)
  if (crawl.state === 'frozen')
    throw new PermanentError('FROZEN', `crawl ${crawl.id}: is frozen and never changes`, {
      mend: './mella crawl start SPEC --again',
    })
  return crawl
}

/** Throws BAD_USAGE for a class that there is not, and when nothing is chosen: that is `resume`. */
function choiceOf({ args, options }: CommandContext): PutBackChoice {
  const [words, host] = [options['class'], options['host']]
  const mend = './mella crawl retry --help'
  if (words === undefined && host === undefined)
    throw badUsage('options --class and --host: none is given', null, `./mella crawl resume ${args[0] ?? 'ID'}`)
  const classes: RetryClass[] = []
  for (const word of typeof words === 'string' ? words.split(',').map((one) => one.trim()) : []) {
    const named = retryClassNamed(word)
    const names = RETRY_CLASSES.flatMap((one) => [one.class, ...one.also])
    if (named === undefined) throw badUsage(`class ${word}: there is none`, nearestName(word, names), mend)
    classes.push(named)
  }
  return { classes: words === undefined ? null : classes, host: typeof host === 'string' ? hostOf(host) : null }
}

/** People copy URLs. */
function hostOf(word: string): string {
  return URL.parse(word)?.host || word.toLowerCase()
}

/** Runs the crawl on; with `--wait` until it ends. */
async function goOn({ options, out, progress }: CommandContext, session: Session, crawl: CrawlRecord): Promise<number> {
  await setCrawlState(session.db, crawl.crawl_no, { state: 'running', paused: false, note: null, note_code: null })
  await stopWorkflow(await session.temporal(), crawlWorkflowId(crawl.id), 'resumed')
  await runCrawl(session, crawl.id)
  if (options['wait'] !== true) {
    out.say(`crawl ${crawl.id}: running; it needs workers: ./mella worker`)
    return EXIT.ok
  }
  const watch = () => watchCrawl(session, crawl.id, progress)
  const end = await withWorkers(session, progress, watch, `./mella crawl resume ${crawl.id} --wait`, CRAWL_ROLES)
  out.say(`crawl ${crawl.id}: ${end.state}${end.note ? ` (${end.note})` : ''}`)
  return end.state === 'partial' ? EXIT.partial : EXIT.ok
}
