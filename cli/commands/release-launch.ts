import { refuseTakenLabel } from '../../activities/plan-release/create-release.ts'
import { AppError, EXIT } from '../../schema/contracts/errors.ts'
import { WORKER_ROLES } from '../../infra/config-values.ts'
import { readSpecFile } from '../../infra/spec-file.ts'
import { compareRuns } from '../../schema/queries/release-files.ts'
import { findRelease, finishedRun } from '../../schema/queries/releases.ts'
import type { Command, CommandContext } from '../command.ts'
import { connect, type Session } from '../jobs/connect.ts'
import { findCrawl, seedLines } from '../jobs/crawl-job.ts'
import { planLaunch, startLaunch, watchLaunch } from '../jobs/release-job.ts'
import { describeRelease } from '../jobs/describe-release.ts'
import { withWorkers } from '../jobs/with-workers.ts'

export const releaseLaunchCommand: Command = {
  name: 'release launch',
  summary: 'make the release of a spec, or join or return the one that is there',
  args: ['SPEC'],
  options: {
    wait: { type: 'boolean', what: 'run workers here and wait for the end' },
    again: {
      type: 'boolean',
      what: 'recompute every deterministic step beside the stored results; 3 on any difference',
    },
    relabel: { type: 'boolean', what: 'take the version label from the release that holds it' },
  },
  json: true,
  example: './mella release launch my.yaml --wait',
  run: async (context) => {
    const spec = readSpecFile(context.args[0] ?? '')
    await using session = await connect(context, 'writer', context.options['wait'] === true ? WORKER_ROLES : [])
    // Awaited here: the session closes when this function returns.
    return await launchSpec(context, session, spec)
  },
}

/** Launches a spec and says what came of it. */
export async function launchSpec(
  context: CommandContext,
  session: Session,
  spec: ReturnType<typeof readSpecFile>,
): Promise<number> {
  const { options, out, progress } = context
  const again = options['again'] === true
  const launch = await planLaunch(session, spec)
  if (launch.existing && !again) {
    out.say(`release ${launch.existing.id}: exists; nothing was computed`)
    await describeRelease(context, session, launch.existing)
    return EXIT.ok
  }
  const relabel = options['relabel'] === true
  if (launch.releaseId !== null && !relabel) await refuseTakenLabel(session.db, spec, launch.releaseId)
  const workflowId = await startLaunch(session, launch, { again, relabel })
  if (options['wait'] !== true) {
    if (context.json) context.out.json({ launch: workflowId, crawl: launch.crawlId, release: launch.releaseId })
    else
      out.line(
        `launched ${spec.dataset}@${spec.version}; it needs workers: ./mella worker; follow it with ./mella release list`,
      )
    return EXIT.ok
  }
  const next = `./mella release launch ${context.args[0] ?? ''} --wait`
  const watch = () => watchLaunch(session, launch, workflowId, progress)
  const result = await withWorkers(session, progress, watch, next)
  if (result.kind === 'partial') {
    const crawl = await findCrawl(session, result.crawlId)
    if (crawl.state === 'failed') {
      throw new AppError('CRAWL_FAILED', `crawl ${crawl.id}: ${crawl.note ?? 'failed'}`, {
        mend: `mend that, then ./mella crawl resume ${crawl.id} --wait; nothing is lost`,
      })
    }
    throw new AppError('PARTIAL', `crawl ${result.crawlId}: is partial: some URLs can still be had or a seed failed`, {
      lines: await seedLines(session, result.crawlId),
      mend: `./mella crawl resume ${result.crawlId} --wait, or take it as it is with ./mella crawl freeze ${result.crawlId}; then launch again`,
    })
  }
  const release = await findRelease(session.db, result.releaseId)
  if (!release) throw new AppError('RELEASE_NOT_FOUND', `release ${result.releaseId}: is gone`)
  await describeRelease(context, session, release)
  return again ? reportDifferences(context, session, release.release_no, result.run) : EXIT.ok
}

async function reportDifferences(
  context: CommandContext,
  session: Session,
  releaseNo: number,
  run: string,
): Promise<number> {
  const first = await finishedRun(session.db, releaseNo)
  const differences = first ? await compareRuns(session.db, first.run, run) : []
  for (const { table, rows } of differences) context.out.say(`difference: ${rows} rows of ${table}`)
  if (differences.length === 0) context.out.say('recomputed: no difference')
  return differences.length === 0 ? EXIT.ok : EXIT.differences
}
