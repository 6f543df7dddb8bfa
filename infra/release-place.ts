import path from 'node:path'
import { PermanentError } from '../schema/contracts/errors.ts'
import type { Settings } from './config.ts'

/** Where the files of a release's run lie: in the store's folder, beside the objects. */
export function releaseFolder(settings: Settings, release: string, run: string): string {
  if (settings.store.kind !== 'folder')
    throw new PermanentError('STORE_UNSUPPORTED', 'releases are written to folders only: set MELLA_STORE to a folder')
  return path.join(settings.store.path, 'releases', release, `run-${run}`)
}
