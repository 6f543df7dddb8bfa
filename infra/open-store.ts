import path from 'node:path'
import { PermanentError } from '../schema/contracts/errors.ts'
import type { Settings } from './config.ts'
import { createFolderStore, type ObjectStore, removeAbandoned } from './objects.ts'

/** The store of the settings. Throws STORE_UNSUPPORTED for what this version cannot write to. */
export function openStore(settings: Settings): ObjectStore {
  if (settings.store.kind !== 'folder') {
    throw new PermanentError(
      'STORE_UNSUPPORTED',
      `store s3://${settings.store.bucket}: this version stores in folders only`,
      { mend: 'set MELLA_STORE to a folder' },
    )
  }
  return createFolderStore(objectsOf(settings.store))
}

/** Removes what killed writers left in the store of the settings; returns how many files. See `removeAbandoned`. */
export async function tidyStore(settings: Settings): Promise<number> {
  return settings.store.kind === 'folder' ? removeAbandoned(objectsOf(settings.store)) : 0
}

const objectsOf = (store: { path: string }) => path.join(store.path, 'objects')
