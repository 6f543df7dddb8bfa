import { createHash, randomBytes } from 'node:crypto'
import type { Settings } from './config.ts'
import { readOrMakeSecret } from './keys.ts'

const KEY_BYTES = 32

/** The secret of a dataset: by setting, else made once in the home's keys. Sample keys and splits are drawn under it. */
export function datasetKey(settings: Settings, dataset: string): Buffer {
  const hex =
    settings.datasetKey ??
    readOrMakeSecret(settings.home, `dataset-${dataset}.key`, () => randomBytes(KEY_BYTES).toString('hex'))
  return Buffer.from(hex, 'hex')
}

/** What may be published of a key: enough to tell two apart, nothing to guess it by. */
export function keyFingerprint(key: Buffer): string {
  return createHash('sha256').update('mella dataset key\0').update(key).digest('hex').slice(0, 32)
}
