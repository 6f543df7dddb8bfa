import { PermanentError } from '../../schema/contracts/errors.ts'
import { findReleaseByName, type ReleaseRecord } from '../../schema/queries/releases.ts'
import type { Session } from './connect.ts'

/** A release by id, `dataset@version`, or a dataset's newest. Throws RELEASE_NOT_FOUND. */
export async function requireRelease(session: Pick<Session, 'db'>, name: string): Promise<ReleaseRecord> {
  const release = await findReleaseByName(session.db, name)
  if (!release)
    throw new PermanentError('RELEASE_NOT_FOUND', `release ${name}: there is none`, { mend: './mella release list' })
  return release
}
