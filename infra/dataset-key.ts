import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { PermanentError } from '../schema/contracts/errors.ts'
import type { Settings } from './config.ts'
import { readOrMakeSecret } from './keys.ts'

const KEY_BYTES = 32

/**
 * The secret of a dataset: by setting, else made once in the home's keys. Sample keys and splits are drawn under it.
 * Throws BAD_KEY when the file of the home does not hold a key of 128 bits at least, in hex.
 */
export function datasetKey(settings: Pick<Settings, 'home' | 'datasetKey'>, dataset: string): Buffer {
  if (settings.datasetKey !== null) return Buffer.from(settings.datasetKey, 'hex')
  const name = `dataset-${dataset}.key`
  const hex = readOrMakeSecret(settings.home, name, () => randomBytes(KEY_BYTES).toString('hex'))
  if (/^([0-9a-f]{2}){16,}$/.test(hex)) return Buffer.from(hex, 'hex')
  throw new PermanentError(
    'BAD_KEY',
    `key of dataset ${dataset}: ${join(settings.home, 'keys', name)} does not hold hex`,
    { mend: 'put the file back from a copy; with a new key every sample gets a new name' },
  )
}

/** What may be published of a key: enough to tell two apart, nothing to guess it by. */
export function keyFingerprint(key: Buffer): string {
  return createHash('sha256').update('mella dataset key\0').update(key).digest('hex').slice(0, 32)
}
