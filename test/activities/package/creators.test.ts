import { expect, test } from 'vitest'
import { creatorsOf } from '../../../activities/package/creators.ts'
import { aSpec } from '../../support/spec.ts'

test('a spec that names no creator stands under the name of its dataset', () => {
  expect(creatorsOf(aSpec())).toEqual(['The makers of demo'])
})

test('creators stand as the spec names them', () => {
  expect(creatorsOf(aSpec('card: { creators: [Ana, Bohdan] }\n'))).toEqual(['Ana', 'Bohdan'])
})
