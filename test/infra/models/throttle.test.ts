import { describe, expect, it } from 'vitest'
import { createThrottle } from '../../../infra/models/throttle.ts'

describe('throttle', () => {
  it('halves its width when the service says too many, and widens by one after eight good calls', async () => {
    const throttle = createThrottle(8)
    await throttle.enter(undefined)
    throttle.leave('limited')
    expect(throttle.width()).toBe(4)
    for (let i = 0; i < 8; i++) {
      await throttle.enter(undefined)
      throttle.leave('ok')
    }
    expect(throttle.width()).toBe(5)
  })

  it('never goes below one call at a time', async () => {
    const throttle = createThrottle(1)
    await throttle.enter(undefined)
    throttle.leave('limited')
    expect(throttle.width()).toBe(1)
  })

  it('keeps the later of two pauses', () => {
    const throttle = createThrottle(1, () => 1000)
    throttle.pauseUntil(5000)
    throttle.pauseUntil(3000)
    expect(throttle.pausedMs()).toBe(4000)
  })

  it('lets go of a caller that aborts while it waits, and gives the place to the next', async () => {
    const throttle = createThrottle(1)
    await throttle.enter(undefined)
    const controller = new AbortController()
    const waiting = throttle.enter(controller.signal)
    const next = throttle.enter(undefined)
    controller.abort(new Error('stop'))
    await expect(waiting).rejects.toMatchObject({ message: 'stop' })
    throttle.leave('ok')
    await expect(next).resolves.toBeUndefined()
  })
})
