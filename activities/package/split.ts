import { createHmac } from 'node:crypto'

/**
 * Draws the split of a picture by keyed hash of the least digest in its connected component of near pairs, without the
 * language: one photograph never stands in train in one language and in test in another. Shares are taken in the order
 * of split names, so that the order of keys in the spec does not matter.
 */
export function drawSplit(secret: Buffer, leastDigest: Buffer, splits: Record<string, number>): string {
  const drawn = createHmac('sha256', secret).update('split\0').update(leastDigest).digest().readUIntBE(0, 6) / 2 ** 48
  const names = Object.keys(splits).sort()
  let sum = 0
  for (const name of names) {
    sum += splits[name] ?? 0
    if (drawn < sum) return name
  }
  return names.at(-1) ?? 'train'
}
