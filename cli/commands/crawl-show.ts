import { EXIT } from '../../schema/contracts/errors.ts'
import { countCrawl } from '../../schema/queries/crawl-progress.ts'
import { frozenCrawls } from '../../schema/queries/frozen-crawls.ts'
import type { Command } from '../command.ts'
import { connect } from '../jobs/connect.ts'
import { findCrawl, watchCrawl } from '../jobs/crawl-job.ts'
import { table } from '../output.ts'

export const crawlShowCommand: Command = {
  name: 'crawl show',
  summary: 'where a crawl is: URLs by state and reason, captures by kind',
  args: ['ID'],
  options: { watch: { type: 'boolean', what: 'follow it until it stops' } },
  json: true,
  example: './mella crawl show demo-1a2b3c4d5e-1',
  run: async (context) => {
    await using session = await connect(context, 'auditor')
    const id = context.args[0] ?? ''
    if (context.options['watch'] === true) await watchCrawl(session, id, context.progress)
    const crawl = await findCrawl(session, id)
    const counts = await countCrawl(session.db, crawl.crawl_no)
    const [frozen] = await frozenCrawls(session.db, [id])
    if (context.json) {
      context.out.json({
        id,
        state: crawl.state,
        paused: crawl.paused,
        note: crawl.note,
        digest: frozen?.digest ?? null,
        urls: counts.states,
        captures: counts.kinds,
      })
      return EXIT.ok
    }
    context.out.line(`crawl ${id}: ${crawl.paused ? 'paused' : crawl.state}${crawl.note ? ` (${crawl.note})` : ''}`)
    if (frozen) context.out.line(`digest ${frozen.digest}`)
    context.out.line(
      table([
        ['urls', 'reason', 'count'],
        ...counts.states.map((row) => [row.state, row.reason ?? '', String(row.count)]),
      ]),
    )
    context.out.line(
      table([
        ['captures', 'count', 'bytes'],
        ...counts.kinds.map((row) => [row.kind, String(row.captures), String(row.bytes)]),
      ]),
    )
    return EXIT.ok
  },
}
