import { PermanentError } from '../../schema/contracts/errors.ts'
import { releasesOfKey } from '../../schema/queries/find-samples.ts'
import type { ReleaseRecord } from '../../schema/queries/releases.ts'
import type { CommandContext } from '../command.ts'
import type { Session } from './connect.ts'
import { requireRelease } from './find-release.ts'

/** 64 hex digits: a sample's key, or a picture's sha256. */
export function isDigest(text: string): boolean {
  return /^[0-9a-f]{64}$/i.test(text)
}

/**
 * The release that a command on a key is about: the one of `--release`, else the first that ended with such a sample;
 * says on stderr which others have it. Null when none has. Throws RELEASE_NOT_FOUND.
 */
export async function releaseOfKey(
  context: Pick<CommandContext, 'options' | 'out'>,
  session: Pick<Session, 'db'>,
  key: string,
): Promise<ReleaseRecord | null> {
  const asked = context.options['release']
  if (typeof asked === 'string') return requireRelease(session, asked)
  const [first, ...others] = await releasesOfKey(session.db, Buffer.from(key, 'hex'))
  if (!first) return null
  if (others.length > 0)
    context.out.say(`sample of ${first.id}; also in ${others.map(({ id }) => id).join(', ')} (--release)`)
  return requireRelease(session, first.id)
}

/** SAMPLE_NOT_FOUND for a key, in a release or anywhere. */
export function noSample(key: string, release: string | null): PermanentError {
  return new PermanentError(
    'SAMPLE_NOT_FOUND',
    `sample ${key}: ${release === null ? 'is in no release' : `is not in release ${release}`}`,
    { mend: release === null ? './mella release list' : `./mella sample list ${release}` },
  )
}
