import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { PermanentError } from '../../schema/contracts/errors.ts'
import type { Account } from './process.ts'

/** Accounts that Postgres may run as when mella runs as root (Postgres refuses root), best first; the first is made when none exists. */
const ACCOUNTS = ['mella-postgres', 'postgres'] as const

/** Data of homes that the server's account cannot enter (root's own home is usually 0700). */
const SYSTEM_DATA = '/var/lib/mella'

/** The account that the Postgres server runs as: null means as ourselves. Makes a system account when root has none to use. */
export function serverAccount(): Account | null {
  if (process.getuid?.() !== 0) return null
  const existing = ACCOUNTS.map(lookUp).find((account) => account !== null)
  return existing ?? makeAccount(ACCOUNTS[0])
}

function lookUp(name: string): Account | null {
  try {
    const id = (flag: string): number =>
      Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
    return { name, uid: id('-u'), gid: id('-g') }
  } catch {
    return null // id exits 1 when there is no such account
  }
}

function makeAccount(name: string): Account {
  const attempts: [string, string[]][] = [
    [
      'useradd',
      [
        '--system',
        '--user-group',
        '--no-create-home',
        '--home-dir',
        '/nonexistent',
        '--shell',
        '/usr/sbin/nologin',
        name,
      ],
    ],
    ['adduser', ['-S', '-D', '-H', name]], // BusyBox
  ]
  for (const [command, args] of attempts) {
    try {
      execFileSync(command, args, { stdio: 'ignore' })
    } catch {
      // Not there, or another run was faster: the look-up decides.
    }
    const account = lookUp(name)
    if (account !== null) return account
  }
  throw new PermanentError(
    'SERVICE_ACCOUNT',
    `postgres: does not run as root, and the system account ${name} could not be made`,
    {
      mend: `useradd --system ${name}`,
    },
  )
}

/** Whether `account` can pass through every folder down to `path` (those that exist). */
export function canEnter(path: string, account: Account | null): boolean {
  if (account === null) return true
  let folder = path
  while (!existsSync(folder)) folder = dirname(folder)
  for (folder = realpathSync(folder); ; folder = dirname(folder)) {
    const { mode, uid, gid } = statSync(folder)
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001
    if ((mode & bit) === 0) return false
    if (folder === dirname(folder)) return true
  }
}

/** Makes a folder, and those above it, that every account may enter whatever the umask; leaves existing ones as they are. */
export function makeFolder(path: string): void {
  const first = mkdirSync(path, { recursive: true })
  if (first === undefined) return
  for (let folder = path; folder.length >= first.length; folder = dirname(folder)) chmodSync(folder, 0o755)
}

/**
 * The folder of the Postgres data of this home: in the home, else (root, and the account cannot enter the home)
 * under /var/lib/mella. Data that exists is used where it is.
 */
export function dataFolder(home: string, account: Account | null): string {
  const own = join(home, 'postgres')
  const name = createHash('sha256').update(realpathSync(home)).digest('hex').slice(0, 16)
  const system = join(SYSTEM_DATA, name, 'postgres')
  if (existsSync(own)) return own
  if (account !== null && existsSync(system)) return system
  return canEnter(home, account) ? own : system
}
