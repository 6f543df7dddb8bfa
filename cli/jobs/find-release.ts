import { PermanentError } from '../../schema/contracts/errors.ts'
import { findReleaseByName, findReleaseToControl, type ReleaseRecord } from '../../schema/queries/releases.ts'
import type { Session } from './connect.ts'

/** A release by id, `dataset@version`, or a dataset's newest finished one. Throws RELEASE_NOT_FOUND. */
export async function requireRelease(session: Pick<Session, 'db'>, name: string): Promise<ReleaseRecord> {
  return found(name, await findReleaseByName(session.db, name))
}

/** As `requireRelease`, but a dataset or `dataset@version` is the release of it that runs, or was not finished. */
export async function requireReleaseToControl(session: Pick<Session, 'db'>, name: string): Promise<ReleaseRecord> {
  return found(name, await findReleaseToControl(session.db, name))
}

function found(name: string, release: ReleaseRecord | undefined): ReleaseRecord {
  if (!release)
    throw new PermanentError('RELEASE_NOT_FOUND', `release ${name}: there is none`, { mend: './mella release list' })
  return release
}
