import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  appendFileSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { PermanentError } from '../../schema/contracts/errors.ts'
import { readOrMakeSecret } from '../keys.ts'
import { canEnter, dataFolder, makeFolder, serverAccount } from './account.ts'
import { POSTGRES_MAJOR } from './postgres-binary.ts'
import { sizeOf, type Account } from './process.ts'
import { serviceFailed } from './service-error.ts'

/** The role that owns the embedded cluster. */
export const SUPERUSER = 'mella'

export interface PostgresPlace {
  home: string
  cache: string
  checkout: string
}

/** Where the files of one home's Postgres stand, and who runs it (null: ourselves). */
export interface PostgresLayout extends PostgresPlace {
  account: Account | null
  data: string
  log: string
  password: string
}

/** Reads (and on first use makes) the password; makes no data folder. */
export function layOut(place: PostgresPlace): PostgresLayout {
  const account = serverAccount()
  const data = dataFolder(place.home, account)
  return {
    ...place,
    account: ownerOf(data) ?? account,
    data,
    log: join(place.home, 'logs', 'postgres.log'),
    password: readOrMakeSecret(place.home, 'postgres-password', () => randomBytes(24).toString('hex')),
  }
}

/** Existing data keep their account: root can serve the home of a user. */
function ownerOf(data: string): Account | null {
  if (process.getuid?.() !== 0 || !existsSync(data)) return null
  const { uid, gid } = statSync(data)
  return uid === 0 ? null : { name: `uid ${uid}`, uid, gid }
}

/** Throws SERVICE_ACCOUNT when the server's account cannot reach its programs or data. */
export function checkEntrance(layout: PostgresLayout, binary: string): void {
  for (const path of [binary, dirname(layout.data)]) {
    if (canEnter(path, layout.account)) continue
    throw new PermanentError('SERVICE_ACCOUNT', `postgres: its account ${layout.account?.name} cannot enter ${path}`, {
      mend: 'let others pass (chmod o+x) through each folder above it, or set MELLA_HOME and MELLA_CACHE to folders that it can enter',
    })
  }
}

/** Makes the data folder beside its place and renames it, so that a stop half way leaves no half a cluster. */
export async function initialise(
  layout: PostgresLayout,
  binary: string,
  onProgress: (message: string) => void,
): Promise<void> {
  if (existsSync(layout.data)) {
    checkData(layout)
    return
  }
  onProgress('postgres: making its data folder')
  makeFolder(dirname(layout.data))
  const work = mkdtempSync(`${layout.data}.new-`)
  const passwordFile = join(work, 'password')
  const data = join(work, 'data')
  try {
    writeFileSync(passwordFile, layout.password, { mode: 0o600 })
    mkdirSync(data, { mode: 0o700 })
    for (const path of [work, passwordFile, data])
      if (layout.account !== null) chownSync(path, layout.account.uid, layout.account.gid)
    await runInitdb(layout, binary, data, passwordFile)
    renameSync(data, layout.data)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function checkData(layout: PostgresLayout): void {
  const versionFile = join(layout.data, 'PG_VERSION')
  let version: string
  try {
    version = readFileSync(versionFile, 'utf8').trim()
  } catch (error) {
    throw new PermanentError(
      'SERVICE_DATA',
      `postgres: ${layout.data} holds no database that this user can read (owner uid ${statSync(layout.data).uid})`,
      { mend: 'run as the owner of that folder, or set MELLA_HOME to another one' },
      error,
    )
  }
  if (version === POSTGRES_MAJOR) return
  throw new PermanentError(
    'SERVICE_DATA',
    `postgres: ${layout.data} was made by Postgres ${version}, this is ${POSTGRES_MAJOR}`,
    {
      mend: 'set MELLA_HOME to another folder',
    },
  )
}

async function runInitdb(layout: PostgresLayout, binary: string, data: string, passwordFile: string): Promise<void> {
  const from = sizeOf(layout.log)
  const args = ['-D', data, '-U', SUPERUSER, `--pwfile=${passwordFile}`, '--auth=scram-sha-256', '-E', 'UTF8']
  const locale = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C', '--no-instructions']
  try {
    await promisify(execFile)(join(binary, 'bin', 'initdb'), [...args, ...locale], {
      cwd: data,
      env: serverEnvironment(),
      ...(layout.account === null ? {} : { uid: layout.account.uid, gid: layout.account.gid }),
    })
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    appendFileSync(layout.log, stdout + stderr)
    throw serviceFailed('postgres', 'initdb failed', { file: layout.log, from }, error)
  }
}

/** The whole environment of the server: no TZ or locale of a shell. */
export function serverEnvironment(): Record<string, string> {
  return { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }
}
