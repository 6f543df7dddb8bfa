import { finishedRun, type ReleaseRecord } from '../../schema/queries/releases.ts'
import type { Session } from './connect.ts'

/** The run that a release stands for: its first that ended, else the one that is under way. */
export async function runOf(
  session: Pick<Session, 'db'>,
  release: ReleaseRecord,
): Promise<{ run: string; finished: boolean }> {
  const finished = await finishedRun(session.db, release.release_no)
  return finished ? { run: finished.run, finished: true } : { run: release.run, finished: false }
}
