import { expect, test } from 'vitest'
import { sampleKey } from '../../../activities/form-samples/form-samples.activity.ts'
import { digestOf } from '../../support/facts.ts'

const SECRET = Buffer.from('00'.repeat(31) + '01', 'hex')

/** Computed by Python: hmac.new(secret, b'sr-Latn\0' + sha256(b'mill').digest(), 'sha256').hexdigest(). */
const KEY = 'ace6aeec21771b92fa97a4717faf5d9c1e6225933b7e1bf3eb0a4e8e108d5e6f'

test('the key of a sample is an HMAC-SHA256 under the secret over tag, a zero byte and digest', () => {
  expect(sampleKey(SECRET, 'sr-Latn', digestOf('mill')).toString('hex')).toBe(KEY)
})
