import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect } from 'vitest'

interface Golden {
  rev: number
  result: unknown
}

/** Inputs of a folder of golden pairs (`x.html` beside `x.json`), in order of name. */
export function goldenInputs(folder: URL, extension: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(extension))
    .toSorted()
}

/**
 * Compares a step's result, and the `rev` under which it was recorded, with the golden file. With `UPDATE_GOLDEN=1`
 * it writes the file instead, but never changes a recorded result under the same `rev`.
 */
export function expectGolden(file: URL, rev: number, result: unknown): void {
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Golden) : null
  if (process.env['UPDATE_GOLDEN'] === '1' && known?.rev !== rev) {
    writeFileSync(file, `${JSON.stringify({ rev, result }, null, 2)}\n`)
    return
  }
  expect({ rev, result }, 'the result changed: raise the rev of the step, then record anew').toEqual(known)
}
