import { createHash } from 'node:crypto'

/** Bytes that look random and are decided by the seed. */
export function noise(length: number, seed: string): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let at = 0, block = 0; at < length; at += 64, block++) {
    const digest = createHash('sha512').update(`${seed}:${block}`).digest()
    bytes.set(digest.subarray(0, Math.min(64, length - at)), at)
  }
  return bytes
}

/**
 * `count` hashes of 32 bytes: the first in groups of five that lie 0 to 70 bits around a centre, so that many pairs
 * stand just within and just beyond every usual threshold; the second half without any relation.
 */
export function someHashes(count: number, seed = 'hashes'): Uint8Array {
  const hashes = noise(count * 32, seed)
  const turns = noise(count * 36, `${seed}/turns`)
  for (let item = 0; item < count / 2; item++) {
    const centre = 32 * (item - (item % 5))
    hashes.copyWithin(32 * item, centre, centre + 32)
    const bits = item % 5 === 0 ? 0 : turns[36 * item]! % 36
    for (let turn = 0; turn < bits; turn++) {
      const bit = turns[36 * item + 1 + (turn % 35)]!
      hashes[32 * item + (bit >> 3)]! ^= 1 << (bit & 7)
    }
  }
  return hashes
}

export type Pair = [first: number, second: number, distance: number]

/** Every pair by comparing all with all: slow and plain, to hold the search against. */
export function bruteForcePairs(hashes: Uint8Array, threshold: number): Pair[] {
  const words = new Uint32Array(hashes.slice().buffer)
  const pairs: Pair[] = []
  for (let a = 0; a < words.length; a += 8) {
    for (let b = a + 8; b < words.length; b += 8) {
      let distance = 0
      for (let word = 0; word < 8 && distance <= threshold; word++)
        distance += ones(words[a + word]! ^ words[b + word]!)
      if (distance <= threshold) pairs.push([a / 8, b / 8, distance])
    }
  }
  return pairs
}

function ones(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555)
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333)
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
