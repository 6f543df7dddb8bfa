import { readFileSync } from 'node:fs'
import path from 'node:path'
import { type HashList, parseHashList } from '../../activities/known-abuse/hash-list.ts'
import type { Settings } from '../../infra/config.ts'

/** The known-abuse lists of the settings. Throws what `parseHashList` says of a bad line. */
export function readAbuseLists(settings: Settings): HashList[] {
  return settings.abuseLists.map((file) => parseHashList(readFileSync(file, 'utf8'), path.basename(file)))
}
