import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createDeadline } from '../../infra/request-deadline.ts'

describe('request deadline', () => {
  beforeEach(() => vi.useFakeTimers())
  afterEach(() => vi.useRealTimers())

  it('runs the latest action once when time is up', () => {
    const done: string[] = []
    const deadline = createDeadline(100)
    deadline.onOver(() => done.push('first'))
    deadline.onOver(() => done.push('second'))
    vi.advanceTimersByTime(99)
    expect([done, deadline.over]).toEqual([[], false])
    vi.advanceTimersByTime(500)
    expect([done, deadline.over, deadline.aborted]).toEqual([['second'], true, false])
  })

  it('runs an action at once when it is over already', () => {
    const deadline = createDeadline(100)
    vi.advanceTimersByTime(100)
    const action = vi.fn()
    deadline.onOver(action)
    expect(action).toHaveBeenCalledOnce()
  })

  it('is over when the caller gives up', () => {
    const abort = new AbortController()
    const deadline = createDeadline(100, abort.signal)
    abort.abort()
    expect([deadline.over, deadline.aborted]).toEqual([true, true])
  })

  it('leaves neither timer nor listener behind', () => {
    const abort = new AbortController()
    const action = vi.fn()
    const deadline = createDeadline(100, abort.signal)
    deadline.onOver(action)
    deadline.clear()
    abort.abort()
    expect([vi.getTimerCount(), action.mock.calls.length]).toEqual([0, 0])
  })
})
