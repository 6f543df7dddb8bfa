import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { linesOf } from './play.ts'

/** Every file below a folder with the sha256 of its bytes, by relative path. */
export function digestsOf(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort()
  return new Map(
    files.map((file) => [
      file,
      createHash('sha256')
        .update(readFileSync(path.join(folder, file)))
        .digest('hex'),
    ]),
  )
}

/** A line per file that is missing, new or other; none when both are the same. */
export function differencesOf(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): string[] {
  return [...new Set([...one.keys(), ...other.keys()])].sort().flatMap((file) => {
    const [a, b] = [one.get(file), other.get(file)]
    if (a === b) return []
    return [a === undefined ? `only there: ${file}` : b === undefined ? `gone: ${file}` : `other bytes: ${file}`]
  })
}

/** How often each thing was asked for: URLs of a site's log, request digests of the model server's. */
export function requestsOf(log: string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const line of linesOf(log)) {
    const key = keyOf(line)
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return counts
}

function keyOf(line: string): string {
  if (!line.startsWith('{')) return line.split('\t').slice(2, 5).join(' ')
  const row = JSON.parse(line) as Record<string, string>
  return row['request'] ?? `${row['host']} ${row['method']} ${row['path']}`
}

export interface Excess {
  total: number
  /** Asked for more often than in the other log, with how much. */
  more: [string, number][]
  /** Asked for there and not here. */
  never: string[]
}

/** What the second log has beyond the first. */
export function excessOf(undisturbed: ReadonlyMap<string, number>, disturbed: ReadonlyMap<string, number>): Excess {
  const more = [...disturbed].flatMap(([key, count]): [string, number][] =>
    count > (undisturbed.get(key) ?? 0) ? [[key, count - (undisturbed.get(key) ?? 0)]] : [],
  )
  return {
    total: more.reduce((sum, [, count]) => sum + count, 0),
    more,
    never: [...undisturbed.keys()].filter((key) => !disturbed.has(key)),
  }
}
