import { createHash } from 'node:crypto'
import { createReadStream, existsSync, lstatSync, readFileSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, relative } from 'node:path'
import { pipeline } from 'node:stream/promises'

/**
 * Folder of programs that all checkouts and homes share: `explicit` (MELLA_CACHE), else /var/cache/mella for root
 * (the Postgres account must be able to enter it), else the user's cache folder.
 */
export function cacheFolder(explicit: string | null, xdgCacheHome: string | null): string {
  if (explicit !== null) return explicit
  if (process.getuid?.() === 0) return '/var/cache/mella'
  return join(xdgCacheHome ?? join(homedir(), '.cache'), 'mella')
}

/** Name of this platform in npm's words, such as `linux-x64`. */
export function platformName(): string {
  return `${process.platform}-${process.arch}`
}

/** SHA-256 of a file, lowercase hex. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash)
  return hash.digest('hex')
}

/**
 * SHA-256 over the regular files of a folder: one line `<sha256>  <path>` each, sorted by path. Links do not count:
 * package installs leave them out or make them, depending on whether scripts ran.
 */
export function sha256OfTree(folder: string): string {
  const lines = regularFiles(folder)
    .map((path) => ({ path, name: relative(folder, path) }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ path, name }) => `${createHash('sha256').update(readFileSync(path)).digest('hex')}  ${name}\n`)
  return createHash('sha256').update(lines.join('')).digest('hex')
}

function regularFiles(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => lstatSync(path).isFile())
}
