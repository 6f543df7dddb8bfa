import { EXIT, PermanentError } from '../../schema/contracts/errors.ts'
import { readSpecFile } from '../../infra/spec-file.ts'
import type { Command } from '../command.ts'
import { connect } from '../jobs/connect.ts'
import { CRAWL_ROLES, ensureCrawl, findCrawl, runCrawl, seedLines, watchCrawl } from '../jobs/crawl-job.ts'
import { withWorkers } from '../jobs/with-workers.ts'

export const crawlStartCommand: Command = {
  name: 'crawl start',
  summary: 'start or join the crawl of a spec',
  args: ['SPEC'],
  options: {
    wait: { type: 'boolean', what: 'run workers here and wait for the end' },
    again: { type: 'boolean', what: 'crawl anew instead of joining the newest crawl of the same section' },
  },
  json: true,
  example: './mella crawl start my.yaml --wait',
  run: async (context) => {
    const { args, options, json, out, progress } = context
    const spec = readSpecFile(args[0] ?? '')
    if (!spec.crawl)
      throw new PermanentError('NO_CRAWL_SECTION', `spec ${args[0]}: has no crawl section`, {
        mend: 'add one: ./mella spec init shows it',
      })
    await using session = await connect(context, 'writer', options['wait'] === true ? CRAWL_ROLES : [])
    const { id, created } = await ensureCrawl(session, spec.dataset, spec.crawl, options['again'] === true)
    const before = await findCrawl(session, id)
    if (before.state === 'running' || created) await runCrawl(session, id, { here: options['wait'] === true })
    if (options['wait'] === true && before.state === 'running' && !before.paused) {
      const watch = () => watchCrawl(session, id, progress)
      await withWorkers(session, progress, watch, `./mella crawl start ${args[0]} --wait`, CRAWL_ROLES)
    }
    const crawl = await findCrawl(session, id)
    if (json) out.json({ id, created, state: crawl.state, note: crawl.note })
    else out.line(`crawl ${id}: ${crawl.state}${crawl.note ? ` (${crawl.note})` : ''}`)
    if (crawl.state === 'partial') {
      for (const line of await seedLines(session, id)) out.say(`  ${line}`)
      out.say(
        `some of it can still be had: ./mella crawl resume ${id}; or take it as it is: ./mella crawl freeze ${id}`,
      )
    }
    if (crawl.state === 'running' && options['wait'] !== true) out.say('it needs workers: ./mella worker')
    return crawl.state === 'partial' ? EXIT.partial : EXIT.ok
  },
}
