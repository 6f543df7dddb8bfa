import { EXIT, PermanentError } from '../../schema/contracts/errors.ts'
import { unfinishedUrls } from '../../schema/queries/crawl-progress.ts'
import { setCrawlState } from '../../schema/queries/crawls.ts'
import { freezeCrawl } from '../../schema/queries/freeze.ts'
import type { Command } from '../command.ts'
import { connect } from '../jobs/connect.ts'
import { crawlWorkflowId, findCrawl, stopWorkflow } from '../jobs/crawl-job.ts'

export const crawlPauseCommand: Command = {
  name: 'crawl pause',
  summary: 'pause a crawl: workers stop after the batch they hold',
  args: ['ID'],
  options: {},
  json: true,
  example: './mella crawl pause demo-1a2b3c4d5e-1',
  run: async (context) => {
    await using session = await connect(context, 'writer')
    const crawl = await findCrawl(session, context.args[0] ?? '')
    if (crawl.state !== 'running')
      throw new PermanentError('NOT_RUNNING', `crawl ${crawl.id}: is ${crawl.state}, not running`, {
        mend: `./mella crawl show ${crawl.id}`,
      })
    await setCrawlState(session.db, crawl.crawl_no, { paused: true })
    await (
      await session.temporal()
    ).workflow
      .getHandle(crawlWorkflowId(crawl.id))
      .signal('wake')
      .catch(() => {}) // No workflow: the flag is enough.
    if (context.json) context.out.json({ id: crawl.id, state: 'paused' })
    else context.out.line(`crawl ${crawl.id}: paused; ./mella crawl resume ${crawl.id}`)
    return EXIT.ok
  },
}

export const crawlFreezeCommand: Command = {
  name: 'crawl freeze',
  summary: 'fix the list of captures of a paused or partial crawl as it is',
  args: ['ID'],
  options: {},
  json: true,
  example: './mella crawl freeze demo-1a2b3c4d5e-1',
  run: async (context) => {
    await using session = await connect(context, 'writer')
    const crawl = await findCrawl(session, context.args[0] ?? '')
    if (crawl.state === 'running' && !crawl.paused)
      throw new PermanentError('RUNNING', `crawl ${crawl.id}: is running`, { mend: `./mella crawl pause ${crawl.id}` })
    await stopWorkflow(await session.temporal(), crawlWorkflowId(crawl.id), 'frozen')
    const left = await unfinishedUrls(session.db, crawl.crawl_no)
    const summary = await freezeCrawl(session.db, crawl.crawl_no)
    await setCrawlState(session.db, crawl.crawl_no, { state: 'frozen', paused: false })
    const result = {
      id: crawl.id,
      digest: summary.digest.toString('hex'),
      entries: summary.entries,
      pages: summary.pages,
      pictures: summary.pictures,
      left: left.retryable,
    }
    if (context.json) context.out.json(result)
    else
      context.out.line(
        `crawl ${crawl.id}: frozen with ${result.entries} captures, digest ${result.digest}${result.left > 0 ? `; ${result.left} URLs were left` : ''}`,
      )
    return EXIT.ok
  },
}

export const crawlCancelCommand: Command = {
  name: 'crawl cancel',
  summary: 'stop a crawl; what it has stays, resume goes on with it',
  args: ['ID'],
  options: {},
  json: true,
  example: './mella crawl cancel demo-1a2b3c4d5e-1',
  run: async (context) => {
    await using session = await connect(context, 'writer')
    const crawl = await findCrawl(session, context.args[0] ?? '')
    if (crawl.state === 'frozen')
      throw new PermanentError('FROZEN', `crawl ${crawl.id}: is frozen; there is nothing to cancel`)
    await setCrawlState(session.db, crawl.crawl_no, { state: 'cancelled', paused: false })
    await stopWorkflow(await session.temporal(), crawlWorkflowId(crawl.id), 'cancelled')
    if (context.json) context.out.json({ id: crawl.id, state: 'cancelled' })
    else context.out.line(`crawl ${crawl.id}: cancelled`)
    return EXIT.ok
  },
}
