import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { watchLoopLag } from '../../infra/loop-lag.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('a turn that held up the loop counts for about a second, also before the timer has seen it', () => {
  let late = 0
  const lag = watchLoopLag(() => Date.now() + late)
  vi.advanceTimersByTime(500)
  expect(lag.ms()).toBe(0)
  late = 400
  expect(lag.ms()).toBe(300)
  vi.advanceTimersByTime(100)
  expect(lag.ms()).toBe(400)
  vi.advanceTimersByTime(900)
  expect(lag.ms()).toBe(400)
  vi.advanceTimersByTime(100)
  expect(lag.ms()).toBe(0)
  lag.stop()
})
