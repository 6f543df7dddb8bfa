import { releaseFolder } from '../../infra/release-place.ts'
import { runProgress } from '../../schema/queries/release-progress.ts'
import { countsByLanguage } from '../../schema/queries/release-counts.ts'
import { finishedRun, type ReleaseRecord } from '../../schema/queries/releases.ts'
import type { CommandContext } from '../command.ts'
import { table } from '../output.ts'
import type { Session } from './connect.ts'

/** What a person or a program is told of a release. */
export async function describeRelease(
  { json, out }: Pick<CommandContext, 'json' | 'out'>,
  session: Session,
  release: ReleaseRecord,
): Promise<void> {
  const finished = await finishedRun(session.db, release.release_no)
  const run = release.state === 'done' ? (finished?.run ?? release.run) : release.run
  const steps = await runProgress(session.db, release.run)
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
        ['step', 'inputs', 'computed', 'stored before'],
        ...steps.map((step) => [
          step.step,
          String(step.done),
          String(step.computed),
          String(step.done - step.computed),
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
