import { EXIT } from '../../schema/contracts/errors.ts'
import { listCrawls } from '../../schema/queries/crawls.ts'
import type { Command } from '../command.ts'
import { connect } from '../jobs/connect.ts'
import { table } from '../output.ts'

export const crawlListCommand: Command = {
  name: 'crawl list',
  summary: 'all crawls, newest first',
  args: [],
  options: {},
  json: true,
  example: './mella crawl list --json',
  run: async (context) => {
    await using session = await connect(context, 'auditor')
    const crawls = await listCrawls(session.db)
    if (context.json)
      for (const crawl of crawls)
        context.out.ndjson({
          id: crawl.id,
          dataset: crawl.dataset,
          state: crawl.state,
          paused: crawl.paused,
          note: crawl.note,
          created_at: crawl.created_at,
        })
    else
      context.out.line(
        table([
          ['crawl', 'state', 'made'],
          ...crawls.map((crawl) => [crawl.id, crawl.paused ? 'paused' : crawl.state, crawl.created_at.toISOString()]),
        ]),
      )
    return EXIT.ok
  },
}
