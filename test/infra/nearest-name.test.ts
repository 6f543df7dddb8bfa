import { expect, test } from 'vitest'
import { editDistance, nearestName } from '../../infra/nearest-name.ts'

test('a swap of neighbours, a missing, an extra and a wrong letter are one edit each', () => {
  expect(['hots', 'hst', 'hosst', 'hest'].map((name) => editDistance(name, 'host'))).toEqual([1, 1, 1, 1])
})

test('the nearest valid name is found whatever its case', () => {
  expect(nearestName('PAGES_PER_HOSTS', ['depth', 'pages_per_host'])).toBe('pages_per_host')
})

test('a name that is like none gets no suggestion', () => {
  expect(nearestName('zebra', ['depth', 'pages_per_host'])).toBeNull()
})

test('overlong names are not compared', () => {
  expect(editDistance('a'.repeat(100_000), 'b')).toBe(Infinity)
})
