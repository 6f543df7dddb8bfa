import { releaseFolder } from '../../infra/release-place.ts'
import { runProgress, type StepProgress } from '../../schema/queries/release-progress.ts'
import { definitionBodies } from '../../schema/queries/definitions.ts'
import { countsByLanguage } from '../../schema/queries/release-counts.ts'
import { finishedRun, releaseBefore, type ReleaseRecord } from '../../schema/queries/releases.ts'
import type { CommandContext } from '../command.ts'
import { table } from '../output.ts'
import type { Session } from './connect.ts'
import { type DefinitionBody, whyRedone } from './why-redone.ts'

/** What a person or a program is told of a release. */
export async function describeRelease(
  { json, out }: Pick<CommandContext, 'json' | 'out'>,
  session: Session,
  release: ReleaseRecord,
): Promise<void> {
  const finished = await finishedRun(session.db, release.release_no)
  const run = release.state === 'done' ? (finished?.run ?? release.run) : release.run
  const { steps, earlier } = await explainSteps(session, release)
  const counts = await countsByLanguage(session.db, run)
  const root = finished?.root.toString('hex') ?? null
  const folder = finished ? releaseFolder(session.settings, release.id, finished.run) : null
  if (json) {
    out.json({
      id: release.id,
      dataset: release.dataset,
      version: release.version,
      state: release.state,
      paused: release.paused,
      note: release.note,
      root,
      size: finished ? Number(finished.size) : null,
      folder,
      counts,
      compared_with: earlier,
      steps,
    })
    return
  }
  out.line(
    `release ${release.id}: ${release.paused ? 'paused' : release.state}${release.note ? ` (${release.note})` : ''}`,
  )
  if (steps.length > 0)
    out.line(
      table([
        ['step', 'inputs', 'computed', 'stored before', earlier === null ? '' : `why, compared with ${earlier}`],
        ...steps.map((step) => [
          step.step,
          String(step.done),
          String(step.computed),
          String(step.done - step.computed),
          step.why ?? '',
        ]),
      ]),
    )
  if (counts.length > 0)
    out.line(
      table([
        ['language', 'samples', 'know', 'ling', 'thick'],
        ...counts.map((row) => [row.lang, row.samples, row.know, row.ling, row.thick].map(String)),
      ]),
    )
  if (root) out.line(`root ${root}`)
  if (folder) out.line(`files ${folder}`)
}

/** The steps with what each computed and, where there is an earlier release of the dataset, why. */
async function explainSteps(
  session: Session,
  release: ReleaseRecord,
): Promise<{ steps: (StepProgress & { why: string | null })[]; earlier: string | null }> {
  const { db } = session
  const steps = await runProgress(db, release.run)
  const earlier = await releaseBefore(db, release)
  if (!earlier) return { steps: steps.map((step) => ({ ...step, why: null })), earlier: null }
  const bodiesOf = ({ plan }: ReleaseRecord) =>
    definitionBodies<DefinitionBody>(
      db,
      Object.values(plan.definitions).map((one) => one.def_id),
    )
  const [before, now] = [await bodiesOf(earlier), await bodiesOf(release)]
  return {
    steps: steps.map((step) => ({ ...step, why: whyRedone(step, before.get(step.step), now.get(step.step)) })),
    earlier: earlier.id,
  }
}
