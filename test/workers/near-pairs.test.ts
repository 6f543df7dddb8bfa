import { expect, test } from 'vitest'
import { NUMBERS_PER_PAIR, streamNearPairs } from '../../workers/near-pairs.ts'
import { type Pair, bruteForcePairs, someHashes } from '../builders/hashes.ts'

test('reads from a thread the pairs that comparing all with all finds', async () => {
  const hashes = someHashes(2_500)
  const copy = hashes.slice()
  const pairs: Pair[] = []
  for await (const chunk of streamNearPairs(hashes, 31)) {
    for (let at = 0; at < chunk.length; at += NUMBERS_PER_PAIR) {
      pairs.push([chunk[at]!, chunk[at + 1]!, chunk[at + 2]!])
    }
  }
  expect(pairs.toSorted(([a, b], [c, d]) => a - c || b - d)).toEqual(bruteForcePairs(hashes, 31))
  expect(hashes).toEqual(copy)
})

test('hands pairs over in many chunks and gives the figures at the end', async () => {
  const stream = streamNearPairs(new Uint8Array(32 * 1_000), 31)
  let numbers = 0
  let chunks = 0
  let next = await stream.next()
  for (; !next.done; next = await stream.next()) {
    numbers += next.value.length
    chunks++
  }
  expect(numbers / NUMBERS_PER_PAIR).toBe(499_500)
  expect(chunks).toBe(Math.ceil(499_500 / 16_384))
  expect(next.value).toMatchObject({ pairs: 499_500 })
})

test('ends the thread when its reader leaves', async () => {
  const before = process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length
  for await (const chunk of streamNearPairs(new Uint8Array(32 * 1_000), 31)) {
    expect(chunk.length).toBe(16_384 * NUMBERS_PER_PAIR)
    break
  }
  expect(process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length).toBe(before)
})

test('passes on what the search throws', async () => {
  await expect(streamNearPairs(new Uint8Array(31), 31).next()).rejects.toMatchObject({
    name: 'InvariantError',
    code: 'NEAR_PAIRS_INPUT',
  })
})
