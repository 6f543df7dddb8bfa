import { expect, test } from 'vitest'
import { readPairs, writePairs } from '../../../activities/duplicates/pair-file.ts'

const hash = (byte: number) => Buffer.alloc(32, byte)
const hex = (byte: number) => hash(byte).toString('hex')

test('pairs are written in one order, whatever order and direction they came in', () => {
  const pairs = [
    { a: hash(9), b: hash(1), distance: 31 },
    { a: hash(1), b: hash(200), distance: 0 },
    { a: hash(1), b: hash(5), distance: 12 },
  ]
  const artifact = writePairs(pairs)
  expect(artifact).toHaveLength(3 * 65)
  expect(writePairs(pairs.map(({ a, b, distance }) => ({ a: b, b: a, distance })).toReversed())).toEqual(artifact)
  expect(readPairs(artifact)).toEqual([
    { a: hex(1), b: hex(5), distance: 12 },
    { a: hex(1), b: hex(9), distance: 31 },
    { a: hex(1), b: hex(200), distance: 0 },
  ])
})

test('no pairs are no bytes', () => {
  expect([writePairs([]), readPairs(Buffer.alloc(0))]).toEqual([Buffer.alloc(0), []])
})
