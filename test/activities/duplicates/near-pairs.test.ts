import { expect, test } from 'vitest'
import { nearPairs, packHashes } from '../../../activities/duplicates/near-pairs.ts'
import { type Pair, bruteForcePairs, noise, someHashes } from '../../builders/hashes.ts'

function search(hashes: Uint8Array, threshold: number) {
  const pairs: Pair[] = []
  const stats = nearPairs(hashes, threshold, (...pair) => pairs.push(pair))
  expect(stats.pairs).toBe(pairs.length)
  return { pairs: pairs.toSorted(([a, b], [c, d]) => a - c || b - d), stats }
}

test('finds among 10,000 hashes exactly the pairs that comparing all with all finds', () => {
  const hashes = someHashes(10_000)
  const expected = bruteForcePairs(hashes, 31)
  expect(search(hashes, 31).pairs).toEqual(expected)
  const distances = expected.map(([, , distance]) => distance)
  expect([Math.min(...distances), Math.max(...distances), expected.length > 2_500]).toEqual([0, 31, true])
}, 60_000)

test.each([0, 1, 15, 16, 31, 36])(
  'is exact at distance %i',
  (threshold) => {
    const hashes = someHashes(4_000)
    const { pairs, stats } = search(hashes, threshold)
    expect(pairs).toEqual(bruteForcePairs(hashes, threshold))
    expect(stats.radii).toHaveLength(16)
  },
  60_000,
)

test('is exact among few hashes, which are compared all with all', () => {
  const hashes = someHashes(800)
  const { pairs, stats } = search(hashes, 31)
  expect(pairs).toEqual(bruteForcePairs(hashes, 31))
  expect([pairs.length > 100, stats.steps]).toEqual([true, (800 * 799) / 2])
})

test('is exact where most hashes agree in half of their bits, without comparing those', () => {
  const hashes = someHashes(10_000)
  for (let item = 0; item < 8_600; item++) hashes.fill(0x55, 32 * item, 32 * item + 16)
  const { pairs, stats } = search(hashes, 31)
  expect(pairs).toEqual(bruteForcePairs(hashes, 31))
  expect(stats.radii.slice(0, 8)).toEqual(Array.from({ length: 8 }, () => -1))
}, 60_000)

test('gives every pair once where all hashes are equal', () => {
  const seen = new Set<number>()
  const stats = nearPairs(new Uint8Array(32 * 300).fill(7), 31, (a, b, distance) =>
    seen.add((a * 300 + b) * 64 + distance),
  )
  expect([stats.pairs, seen.size]).toEqual([44_850, 44_850])
  expect([...seen].every((each) => each % 64 === 0)).toBe(true)
})

test('names a pair by the lesser index first, whatever the order of the hashes', () => {
  const [a, b] = [noise(32, 'a'), noise(32, 'a')]
  b[31]! ^= 3
  expect(search(Buffer.concat([noise(32, 'x'), b, noise(32, 'y'), a]), 31).pairs).toEqual([[1, 3, 2]])
})

test('finds nothing among none and one', () => {
  expect([search(new Uint8Array(0), 31).pairs, search(noise(32, 'a'), 31).pairs]).toEqual([[], []])
})

test('packs hexadecimal hashes in their order', () => {
  expect(packHashes(['00'.repeat(31) + '01', 'ff'.repeat(32)])).toEqual(
    Uint8Array.from([...new Uint8Array(31), 1, ...new Uint8Array(32).fill(255)]),
  )
})

test.each([
  [31, 31],
  [32, -1],
  [32, 64],
  [32, 1.5],
])('refuses %i bytes at distance %d', (bytes, threshold) => {
  expect(() => nearPairs(new Uint8Array(bytes), threshold, () => {})).toThrow(
    expect.objectContaining({ code: 'NEAR_PAIRS_INPUT' }),
  )
})
