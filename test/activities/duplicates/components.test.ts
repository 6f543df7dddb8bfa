import { expect, test } from 'vitest'
import { nameComponents } from '../../../activities/duplicates/components.ts'

test('names each component by its least member, also along a chain', () => {
  const names = nameComponents(
    ['d', 'c', 'b', 'a', 'e'],
    [
      ['d', 'c'],
      ['c', 'b'],
      ['b', 'a'],
    ],
  )
  expect(Object.fromEntries(names)).toEqual({ a: 'a', b: 'a', c: 'a', d: 'a', e: 'e' })
})

test('does not depend on the order of members and pairs', () => {
  const members = Array.from({ length: 200 }, (_, index) => `m${index}`)
  const pairs = members.flatMap((member, index): [string, string][] =>
    index % 7 === 0 ? [] : [[member, `m${(index * 3) % 200}`]],
  )
  const forward = nameComponents(members, pairs)
  const backward = nameComponents(
    members.toReversed(),
    pairs.toReversed().map(([a, b]) => [b, a] as const),
  )
  expect(Object.fromEntries(backward)).toEqual(Object.fromEntries(forward))
  expect(pairs.every(([a, b]) => forward.get(a) === forward.get(b))).toBe(true)
  expect([...forward].every(([member, name]) => name <= member)).toBe(true)
})

test('takes a stranger in a pair for a member', () => {
  expect(Object.fromEntries(nameComponents(['b'], [['b', 'a']]))).toEqual({ a: 'a', b: 'a' })
})

test('walks a chain of 100,000 without recursion', () => {
  const members = Array.from({ length: 100_000 }, (_, index) => String(index).padStart(6, '0'))
  const names = nameComponents(
    members,
    members.slice(1).map((member, index) => [member, members[index]!] as const),
  )
  expect(new Set(names.values())).toEqual(new Set(['000000']))
})
