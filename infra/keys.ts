import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Folder of a home's secrets, mode 0700. */
function keysFolder(home: string): string {
  const folder = join(home, 'keys')
  if (!existsSync(folder)) {
    mkdirSync(folder, { recursive: true })
    chmodSync(folder, 0o700)
  }
  return folder
}

/** The secret `name` of this home (file of mode 0600); made by `make` on first use, once, also when two ask at the same time. */
export function readOrMakeSecret(home: string, name: string, make: () => string): string {
  const path = join(keysFolder(home), name)
  if (!existsSync(path)) {
    const own = `${path}.${process.pid}.new`
    writeFileSync(own, `${make()}\n`, { mode: 0o600 })
    try {
      linkSync(own, path) // fails when somebody was faster, whose secret then holds
    } catch (error) {
      if (!existsSync(path)) throw error
    } finally {
      rmSync(own, { force: true })
    }
  }
  return readFileSync(path, 'utf8').trim()
}

/** The secret `name` of this home, null when there is none. */
export function readSecret(home: string, name: string): string | null {
  const path = join(home, 'keys', name)
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : null
}
