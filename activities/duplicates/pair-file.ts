/** Two distinct perceptual hashes within the survey's distance; `a` < `b` as lowercase hex. */
export interface NearPair {
  a: string
  b: string
  distance: number
}

const RECORD = 65

/** The survey's artifact: 32 bytes, 32 bytes, one byte of distance a pair, in the order of (a, b). */
export function writePairs(pairs: Iterable<{ a: Uint8Array; b: Uint8Array; distance: number }>): Buffer {
  const records: Buffer[] = []
  for (const { a, b, distance } of pairs) {
    const [first, second] = Buffer.compare(a, b) < 0 ? [a, b] : [b, a]
    records.push(Buffer.concat([first, second, Uint8Array.of(distance)]))
  }
  return Buffer.concat(records.sort((one, other) => Buffer.compare(one, other)))
}

export function readPairs(artifact: Buffer): NearPair[] {
  const pairs: NearPair[] = []
  for (let at = 0; at + RECORD <= artifact.length; at += RECORD) {
    pairs.push({
      a: artifact.toString('hex', at, at + 32),
      b: artifact.toString('hex', at + 32, at + 64),
      distance: artifact[at + 64] as number,
    })
  }
  return pairs
}
