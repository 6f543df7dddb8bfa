import { describe, expect, it } from 'vitest'
import { retryAfterMs } from '../../../infra/models/retry-after.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')

describe('Retry-After', () => {
  it.each([
    ['3', 3000],
    ['0.5', 500],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['Wed, 31 Dec 2025 23:00:00 GMT', 0],
    ['999999999', 3_600_000],
    ['-5', undefined],
    ['soon', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('reads %s as %s ms', (value, expected) => {
    expect(retryAfterMs(value, NOW)).toBe(expected)
  })
})
