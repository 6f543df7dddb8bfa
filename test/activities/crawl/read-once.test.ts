import { expect, it } from 'vitest'
import { readOnce } from '../../../activities/crawl/read-once.ts'

it('reads once for all who ask, at once and later', async () => {
  let reads = 0
  const read = readOnce(() => Promise.resolve((reads += 1)))
  expect(await Promise.all([read(), read()])).toEqual([1, 1])
  expect(await read()).toBe(1)
})

it('reads again after a failure', async () => {
  let reads = 0
  const read = readOnce(() => ((reads += 1) === 1 ? Promise.reject(new Error('away')) : Promise.resolve(reads)))
  await expect(read()).rejects.toThrow('away')
  expect(await read()).toBe(2)
})
