import { describe, expect, it } from 'vitest'
import { createPaceBook } from '../../infra/connection-pace.ts'

describe('connection pace', () => {
  const closesAfter = (...seen: [pauseMs: number | null, connectMs: number][]) => {
    const paces = createPaceBook()
    for (const [pauseMs, connectMs] of seen) paces.note('http://a', { pauseMs, connectMs })
    return paces.closes('http://a')
  }

  it('gives requests connections of their own after three pauses in a row where opening one is cheap', () => {
    expect(closesAfter([44, 1], [44, 1])).toBe(false)
    expect(closesAfter([44, 1], [44, 1], [44, 1])).toBe(true)
    expect(closesAfter([44, 1], [44, 1], [44, 1], [0, 1])).toBe(true)
    expect(closesAfter([44, 1], [2, 1], [44, 1], [44, 1])).toBe(false)
    expect(closesAfter([44, 30], [44, 30], [44, 30])).toBe(false)
    expect(closesAfter([20, 1], [20, 1], [20, 1])).toBe(false)
    expect(closesAfter([44, 1], [null, 1], [44, 1], [44, 1])).toBe(true)
  })

  it('learns about each origin alone', () => {
    const paces = createPaceBook()
    for (let i = 0; i < 3; i += 1) paces.note('http://a', { pauseMs: 44, connectMs: 1 })
    expect([paces.closes('http://a'), paces.closes('http://b')]).toEqual([true, false])
  })
})
