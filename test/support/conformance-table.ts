import { readFileSync } from 'node:fs'
import path from 'node:path'

/** Where the vectors lie that nobody here wrote. They are read in place; without them the tests cannot say yes. */
export const CONFORMANCE_FOLDER = path.resolve(import.meta.dirname, '../../../shared/conformance')

/** A table of vectors; its absence fails the test with the path that was looked for. */
export function conformanceTable<T>(name: string): T {
  const file = path.join(CONFORMANCE_FOLDER, name)
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T
  } catch (error) {
    throw new Error(`conformance table ${file} cannot be read`, { cause: error })
  }
}
