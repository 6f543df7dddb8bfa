import { EXIT } from '../../schema/contracts/errors.ts'
import type { Command } from '../command.ts'
import { connect } from '../jobs/connect.ts'
import { describeRelease } from '../jobs/describe-release.ts'
import { requireRelease } from '../jobs/find-release.ts'

export const releaseShowCommand: Command = {
  name: 'release show',
  summary: 'where a release is: steps, what was computed, counts per language, root',
  args: ['RELEASE'],
  options: {},
  json: true,
  example: './mella release show demo@1.0.0',
  run: async (context) => {
    await using session = await connect(context, 'auditor')
    await describeRelease(context, session, await requireRelease(session, context.args[0] ?? ''))
    return EXIT.ok
  },
}
