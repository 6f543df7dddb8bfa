import { expect, test } from 'vitest'
import { chooseLeaders } from '../../../activities/duplicates/leader-rule.ts'
import { type HashPair, createNeighbours } from '../../../activities/duplicates/neighbours.ts'

const [a, twin, b, far, blank, otherBlank] = [
  { id: 'a', pdq: 'aa' },
  { id: 'twin', pdq: 'aa' },
  { id: 'b', pdq: 'ab' },
  { id: 'far', pdq: 'ff' },
  { id: 'blank', pdq: null },
  { id: 'otherBlank', pdq: null },
] as const
const items = [a, twin, b, far, blank, otherBlank]
const pairs: HashPair[] = [
  ['aa', 'ab', 7],
  ['aa', 'cc', 3],
  ['00', 'ff', 2],
]

test('gives items of equal and of near hashes, in both directions, and none that is not there', () => {
  const neighbours = createNeighbours(items, pairs)
  expect([...neighbours(a)]).toEqual([
    { node: twin, distance: 0 },
    { node: b, distance: 7 },
  ])
  expect([...neighbours(b)]).toEqual([
    { node: a, distance: 7 },
    { node: twin, distance: 7 },
  ])
  expect([...neighbours(far)]).toEqual([])
})

test('keeps pictures without a trusted hash apart', () => {
  expect([...createNeighbours(items, pairs)(blank)]).toEqual([])
  const leaders = chooseLeaders(items, createNeighbours(items, pairs))
  expect([...leaders].map(([node, leader]) => `${node.id}>${leader.id}`)).toEqual([
    'a>a',
    'twin>a',
    'b>a',
    'far>far',
    'blank>blank',
    'otherBlank>otherBlank',
  ])
})
