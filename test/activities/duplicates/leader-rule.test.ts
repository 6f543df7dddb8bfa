import { expect, test } from 'vitest'
import { chooseLeaders } from '../../../activities/duplicates/leader-rule.ts'
import { bruteForcePairs, someHashes } from '../../builders/hashes.ts'

function neighboursOf(edges: [string, string, number][]) {
  return (node: string) =>
    edges.flatMap(([a, b, distance]) =>
      a === node ? [{ node: b, distance }] : b === node ? [{ node: a, distance }] : [],
    )
}

test('keeps what has no near picture before it in the order', () => {
  const leaders = chooseLeaders(['a', 'b', 'c'], neighboursOf([['a', 'c', 5]]))
  expect([...leaders]).toEqual([
    ['a', 'a'],
    ['b', 'b'],
    ['c', 'a'],
  ])
})

test('does not drop along a chain: the far end of it is kept', () => {
  const leaders = chooseLeaders(
    ['a', 'b', 'c'],
    neighboursOf([
      ['a', 'b', 20],
      ['b', 'c', 20],
    ]),
  )
  expect(Object.fromEntries(leaders)).toEqual({ a: 'a', b: 'a', c: 'c' })
})

test('gives a dropped picture to its nearest leader, of equals to the first in the order', () => {
  const nearer = neighboursOf([
    ['a', 'z', 20],
    ['b', 'z', 10],
  ])
  const equal = neighboursOf([
    ['b', 'z', 10],
    ['a', 'z', 10],
  ])
  expect(chooseLeaders(['a', 'b', 'z'], nearer).get('z')).toBe('b')
  expect(chooseLeaders(['a', 'b', 'z'], equal).get('z')).toBe('a')
  expect(chooseLeaders(['b', 'a', 'z'], equal).get('z')).toBe('b')
})

test('finds the leader that comes later in the neighbours than a dropped one', () => {
  const edges = neighboursOf([
    ['b', 'c', 1],
    ['a', 'b', 9],
    ['a', 'c', 9],
  ])
  expect(Object.fromEntries(chooseLeaders(['a', 'b', 'c'], edges))).toEqual({ a: 'a', b: 'a', c: 'a' })
})

test('ignores neighbours that are not among the nodes', () => {
  expect([...chooseLeaders(['b'], neighboursOf([['a', 'b', 1]]))]).toEqual([['b', 'b']])
})

test('is a function of order and pairs, not of the order of the pairs; each dropped has a leader within the distance', () => {
  const pairs = bruteForcePairs(someHashes(1_000), 31)
  const neighbours = (all: typeof pairs) => {
    const found = new Map<number, { node: number; distance: number }[]>()
    for (const [a, b, distance] of all) {
      found.set(a, [...(found.get(a) ?? []), { node: b, distance }])
      found.set(b, [...(found.get(b) ?? []), { node: a, distance }])
    }
    return (node: number) => found.get(node) ?? []
  }
  const nodes = Array.from({ length: 1_000 }, (_, index) => index)
  const leaders = chooseLeaders(nodes, neighbours(pairs))
  expect(chooseLeaders(nodes, neighbours(pairs.toReversed()))).toEqual(leaders)
  const kept = new Set(nodes.filter((node) => leaders.get(node) === node))
  expect([...new Set(leaders.values())].every((leader) => kept.has(leader))).toBe(true)
  expect(pairs.filter(([a, b]) => kept.has(a) && kept.has(b))).toEqual([])
  const near = new Set(pairs.flatMap(([a, b]) => [`${a},${b}`, `${b},${a}`]))
  const dropped = nodes.filter((node) => !kept.has(node))
  expect(dropped.length).toBeGreaterThan(100)
  expect(dropped.every((node) => near.has(`${node},${leaders.get(node)}`))).toBe(true)
})
