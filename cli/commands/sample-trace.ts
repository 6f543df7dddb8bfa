import { describeTrace } from '../../activities/trace/describe-trace.ts'
import { traceKey } from '../../activities/trace/trace-key.ts'
import { EXIT } from '../../schema/contracts/errors.ts'
import { badUsage, type Command } from '../command.ts'
import { connect } from '../jobs/connect.ts'
import { isDigest, noSample, releaseOfKey } from '../jobs/find-sample.ts'
import { runOf } from '../jobs/release-run.ts'

const FORMATS = ['human', 'json']

export const sampleTraceCommand: Command = {
  name: 'sample trace',
  summary: 'the lineage of one sample: page and picture in the archive, facts, verdicts, model calls, row',
  args: ['KEY'],
  options: {
    release: {
      type: 'string',
      value: 'RELEASE',
      what: 'in this release; default: the first that ended with the sample',
    },
    format: { type: 'string', value: 'human|json', what: 'default human; json is the same as --json' },
  },
  json: true,
  example:
    './mella sample trace 3b1f…64 hex digits… --json | python3 examples/verify/follow_trace.py .mella/store/objects',
  run: async (context) => {
    const { options, out } = context
    const key = (context.args[0] ?? '').toLowerCase()
    const mend = './mella sample trace --help'
    const format = options['format'] ?? 'human'
    if (typeof format !== 'string' || !FORMATS.includes(format))
      throw badUsage(`format ${String(format)}: there is none, only ${FORMATS.join(' and ')}`, null, mend)
    if (!isDigest(key))
      throw badUsage(`key ${key}: is not 64 hex digits`, null, './mella sample list RELEASE shows keys')
    await using session = await connect(context, 'auditor')
    const release = await releaseOfKey(context, session, key)
    if (!release) throw noSample(key, null)
    const { run } = await runOf(session, release)
    const trace = await traceKey(
      session.db,
      { id: release.id, run, plan: release.plan, spec: release.spec },
      Buffer.from(key, 'hex'),
    )
    if (!trace) throw noSample(key, release.id)
    if (context.json || format === 'json') out.json(trace)
    else for (const line of describeTrace(trace)) out.line(line)
    return EXIT.ok
  },
}
