import { expect, it } from 'vitest'
import { codedCause } from '../../../schema/contracts/errors.ts'

function typed(message: string, type: string | null, cause?: Error): Error {
  return Object.assign(new Error(message, { cause }), type === null ? {} : { type })
}

it('finds our code above the error of the system that caused it', () => {
  const system = typed('connect ECONNREFUSED 127.0.0.1:9', 'Error')
  const ours = typed('model service cannot be reached', 'MODEL_UNAVAILABLE', system)
  const chain = typed('child failed', null, typed('activity failed', null, ours))
  expect(codedCause(chain)).toEqual({ code: 'MODEL_UNAVAILABLE', message: 'model service cannot be reached' })
})

it('takes the innermost of two codes', () => {
  const inner = typed('away', 'MODEL_UNAVAILABLE')
  expect(codedCause(typed('outer', 'STEP_FAILED', inner))).toEqual({ code: 'MODEL_UNAVAILABLE', message: 'away' })
})

it('finds none where only the system speaks', () => {
  expect(codedCause(typed('boom', 'Error', typed('x', 'TypeError')))).toBeNull()
})
