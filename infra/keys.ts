import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { PermanentError } from '../schema/contracts/errors.ts'
import type { Settings } from './config.ts'

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

const DATASET_KEY_BYTES = 32

/**
 * The secret key of a dataset, lowercase hex: the one given by setting, else that of the home, made on first use.
 * Throws PermanentError BAD_KEY when the file of the home does not hold a key.
 */
export function datasetKey(settings: Pick<Settings, 'home' | 'datasetKey'>, dataset: string): string {
  if (settings.datasetKey !== null) return settings.datasetKey
  const name = `dataset-${dataset}`
  const key = readOrMakeSecret(settings.home, name, () => randomBytes(DATASET_KEY_BYTES).toString('hex'))
  if (/^([0-9a-f]{2}){16,}$/.test(key)) return key
  throw new PermanentError(
    'BAD_KEY',
    `key of dataset ${dataset}: ${join(settings.home, 'keys', name)} does not hold hex`,
    {
      mend: 'put the file back from a copy; with a new key every sample gets a new name',
    },
  )
}

/** Names a dataset key without telling it: the first 128 bits of SHA-256 over a label and the key, lowercase hex. */
export function keyFingerprint(key: string): string {
  return createHash('sha256').update('mella dataset key\0').update(Buffer.from(key, 'hex')).digest('hex').slice(0, 32)
}
