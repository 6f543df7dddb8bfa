import { expect, it } from 'vitest'
import { releaseBytes } from '../../activities/release-bytes.ts'

it('empties a buffer that has its memory for itself', () => {
  const bytes = Buffer.alloc(100_000, 7)
  releaseBytes(bytes)
  expect(bytes.length).toBe(0)
})

it('leaves a part of a larger piece, whose other parts are read', () => {
  const whole = Buffer.alloc(100_000, 7)
  releaseBytes(whole.subarray(1))
  expect(whole[1]).toBe(7)
})

it('takes what is empty already, as a second call finds it', () => {
  const bytes = Buffer.alloc(100_000)
  releaseBytes(bytes)
  releaseBytes(bytes)
  expect(bytes.length).toBe(0)
})
