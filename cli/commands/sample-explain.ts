import { canonicalUrl } from '../../activities/crawl/canonical-url.ts'
import { describeExplanation } from '../../activities/explain/describe-explanation.ts'
import { explainSubject } from '../../activities/explain/explain-release.ts'
import type { Explanation } from '../../activities/explain/explanation.ts'
import { EXIT, PermanentError } from '../../schema/contracts/errors.ts'
import { listReleases, type ReleaseRecord } from '../../schema/queries/releases.ts'
import { badUsage, type Command, type CommandContext } from '../command.ts'
import { connect, type Session } from '../jobs/connect.ts'
import { requireRelease } from '../jobs/find-release.ts'
import { isDigest, releaseOfKey } from '../jobs/find-sample.ts'
import { runOf } from '../jobs/release-run.ts'

export const sampleExplainCommand: Command = {
  name: 'sample explain',
  summary: 'each rule on a sample, picture or page: value, limit, pass or drop, margin; also for what was dropped',
  args: ['KEY_OR_URL'],
  options: {
    release: {
      type: 'string',
      value: 'RELEASE',
      what: 'in this release; default: the first with the sample, for URLs and pictures the newest',
    },
  },
  json: true,
  example: './mella sample explain http://cs.demo.example/img/mill.jpg --release demo@1.0.0',
  run: async (context) => {
    const { out } = context
    const value = context.args[0] ?? ''
    if (!isDigest(value) && !canonicalUrl(value).ok)
      throw badUsage(
        `subject ${value}: is neither 64 hex digits (a sample's key, a picture's sha256) nor an http URL`,
        null,
        './mella sample explain --help',
      )
    await using session = await connect(context, 'auditor')
    const explanation = await explain(context, session, value)
    if (context.json) out.json(explanation)
    else for (const line of describeExplanation(explanation)) out.line(line)
    return EXIT.ok
  },
}

async function explain(context: CommandContext, session: Session, value: string): Promise<Explanation> {
  if (!isDigest(value)) return explainIn(session, await newestRelease(context, session), [{ kind: 'url', value }])
  const digest = value.toLowerCase()
  const release = (await releaseOfKey(context, session, digest)) ?? (await newestRelease(context, session))
  return explainIn(session, release, [
    { kind: 'sample', value: digest },
    { kind: 'picture', value: digest },
  ])
}

async function explainIn(
  session: Session,
  release: ReleaseRecord,
  subjects: readonly Explanation['subject'][],
): Promise<Explanation> {
  const { run } = await runOf(session, release)
  for (const subject of subjects) {
    const explanation = await explainSubject(session.db, { release, run }, subject)
    if (explanation) return explanation
  }
  const { kind, value } = subjects[0] as Explanation['subject']
  throw new PermanentError(
    'SUBJECT_NOT_FOUND',
    `${kind === 'url' ? `url ${value}` : `key or picture ${value}`}: release ${release.id} has no candidate of it`,
    { mend: kind === 'url' ? `./mella crawl explain ${value}` : `./mella sample list ${release.id} --all` },
  )
}

async function newestRelease(context: CommandContext, session: Session): Promise<ReleaseRecord> {
  const asked = context.options['release']
  if (typeof asked === 'string') return requireRelease(session, asked)
  const releases = await listReleases(session.db)
  const newest = releases.find(({ state }) => state === 'done') ?? releases[0]
  if (newest) return newest
  throw new PermanentError('RELEASE_NOT_FOUND', 'release: there is none yet', {
    mend: './mella release launch SPEC --wait',
  })
}
