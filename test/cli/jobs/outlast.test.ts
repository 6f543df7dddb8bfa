import { expect, it } from 'vitest'
import { isServiceAway, outlast } from '../../../cli/jobs/outlast.ts'

function coded(code: string | number, cause?: Error): Error {
  return Object.assign(new Error('away', { cause }), { code })
}

it('knows a database and a Temporal that are away from an answer that says no', () => {
  expect(isServiceAway(coded('ECONNREFUSED'))).toBe(true)
  expect(isServiceAway(coded('ECONNABORTED'))).toBe(true)
  expect(isServiceAway(coded('57P01'))).toBe(true)
  expect(isServiceAway(coded('25P03'))).toBe(true)
  expect(isServiceAway(new Error('client failed', { cause: coded(14) }))).toBe(true)
  expect(isServiceAway(coded('42P01'))).toBe(false)
  expect(isServiceAway(new Error('workflow failed', { cause: new Error('no such spec') }))).toBe(false)
})

it('asks again until the service is back', async () => {
  let asked = 0
  const answer = await outlast(() => {
    asked += 1
    return asked < 3 ? Promise.reject(coded('ECONNREFUSED')) : Promise.resolve('here')
  })
  expect({ answer, asked }).toEqual({ answer: 'here', asked: 3 })
})

it('throws any other error at once', async () => {
  let asked = 0
  const ask = () => {
    asked += 1
    return Promise.reject(coded('42P01'))
  }
  await expect(outlast(ask)).rejects.toMatchObject({ code: '42P01' })
  expect(asked).toBe(1)
})
