import { execFileSync } from 'node:child_process'

/** The commit that runs, recorded beside definitions; null outside a git checkout. */
export function commitOf(checkout: string): string | null {
  try {
    return execFileSync('git', ['-C', checkout, 'rev-parse', 'HEAD'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    // An unpacked archive has no history.
    return null
  }
}
