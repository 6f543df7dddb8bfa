import { EXIT, PermanentError } from '../../schema/contracts/errors.ts'
import { type ReleaseRecord, setReleaseState } from '../../schema/queries/releases.ts'
import type { Command } from '../command.ts'
import { connect, type Session } from '../jobs/connect.ts'
import { stopWorkflow } from '../jobs/crawl-job.ts'
import { requireReleaseToControl } from '../jobs/find-release.ts'
import { launchSpec } from './release-launch.ts'

function workflowOf(release: ReleaseRecord): string {
  return `release/${release.id}/${release.run}`
}

export const releasePauseCommand: Command = {
  name: 'release pause',
  summary: 'pause a release, by id or the running one of DATASET[@VERSION]: workers stop after the batch they hold',
  args: ['RELEASE'],
  options: {},
  json: true,
  example: './mella release pause demo',
  run: async (context) => {
    await using session = await connect(context, 'writer')
    const release = await requireReleaseToControl(session, context.args[0] ?? '')
    if (release.state !== 'running')
      throw new PermanentError('NOT_RUNNING', `release ${release.id}: is ${release.state}, not running`, {
        mend: `./mella release show ${release.id}`,
      })
    await setReleaseState(session.db, release.release_no, { paused: true })
    return said(context, release, 'paused')
  },
}

export const releaseResumeCommand: Command = {
  name: 'release resume',
  summary: 'go on with a paused, failed or cancelled release, by id or the unfinished one of DATASET[@VERSION]',
  args: ['RELEASE'],
  options: { wait: { type: 'boolean', what: 'run workers here and wait for the end' } },
  json: true,
  example: './mella release resume demo --wait',
  run: async (context) => {
    await using session = await connect(context, 'writer')
    const release = await requireReleaseToControl(session, context.args[0] ?? '')
    if (release.state === 'done')
      throw new PermanentError('DONE', `release ${release.id}: is done`, { mend: `./mella release show ${release.id}` })
    await setReleaseState(session.db, release.release_no, {
      state: 'running',
      paused: false,
      note: null,
      note_code: null,
    })
    if (await signalResume(session, release)) {
      if (context.options['wait'] !== true) return said(context, release, 'running')
    }
    return await launchSpec(context, session, release.spec)
  },
}

export const releaseCancelCommand: Command = {
  name: 'release cancel',
  summary: 'stop a release, by id or the running one of DATASET[@VERSION]; its results stay, resume goes on with them',
  args: ['RELEASE'],
  options: {},
  json: true,
  example: './mella release cancel demo',
  run: async (context) => {
    await using session = await connect(context, 'writer')
    const release = await requireReleaseToControl(session, context.args[0] ?? '')
    if (release.state === 'done')
      throw new PermanentError('DONE', `release ${release.id}: is done; there is nothing to cancel`)
    await setReleaseState(session.db, release.release_no, { state: 'cancelled', paused: false })
    await stopWorkflow(await session.temporal(), workflowOf(release), 'cancelled')
    return said(context, release, 'cancelled')
  },
}

/** True when a workflow took the signal; without one the release is launched again from its rows. */
async function signalResume(session: Session, release: ReleaseRecord): Promise<boolean> {
  try {
    await (await session.temporal()).workflow.getHandle(workflowOf(release)).signal('resume')
    return true
  } catch (error) {
    if ((error as { name?: string }).name === 'WorkflowNotFoundError') return false
    throw error
  }
}

function said(context: Parameters<Command['run']>[0], release: ReleaseRecord, state: string): number {
  if (context.json) context.out.json({ id: release.id, state })
  else context.out.line(`release ${release.id}: ${state}`)
  return EXIT.ok
}
