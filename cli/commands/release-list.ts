import { EXIT } from '../../schema/contracts/errors.ts'
import { finishedRun, listReleases } from '../../schema/queries/releases.ts'
import type { Command } from '../command.ts'
import { connect } from '../jobs/connect.ts'
import { table } from '../output.ts'

export const releaseListCommand: Command = {
  name: 'release list',
  summary: 'all releases, newest first',
  args: [],
  options: {},
  json: true,
  example: './mella release list --json',
  run: async (context) => {
    await using session = await connect(context, 'auditor')
    const rows = []
    for (const release of await listReleases(session.db)) {
      const finished = await finishedRun(session.db, release.release_no)
      rows.push({
        id: release.id,
        dataset: release.dataset,
        version: release.version,
        state: release.paused ? 'paused' : release.state,
        root: finished?.root.toString('hex') ?? null,
        samples: finished ? Number(finished.size) : null,
      })
    }
    if (context.json) for (const row of rows) context.out.ndjson(row)
    else
      context.out.line(
        table([
          ['release', 'state', 'samples', 'root'],
          ...rows.map((row) => [row.id, row.state, String(row.samples ?? ''), row.root ?? '']),
        ]),
      )
    return EXIT.ok
  },
}
