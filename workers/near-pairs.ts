import type { NearPairsStats } from '../activities/duplicates/near-pairs.ts'
import { streamFromThread } from '../infra/thread-stream.ts'

/** A chunk is a row of numbers: first index, second index, distance, and so on. */
export const NUMBERS_PER_PAIR = 3

export interface NearPairsInput {
  hashes: Uint8Array<ArrayBuffer>
  threshold: number
}

/**
 * All pairs of hashes (32 bytes each) at the distance or less, found in a thread and read in chunks as they are
 * found; returns the search's figures. The hashes are copied. Errors are those of `nearPairs` and of the thread.
 */
export async function* streamNearPairs(
  hashes: Uint8Array,
  threshold: number,
): AsyncGenerator<Uint32Array, NearPairsStats> {
  const own = new Uint8Array(hashes)
  const input: NearPairsInput = { hashes: own, threshold }
  const stats = yield* streamFromThread(new URL('near-pairs-thread.ts', import.meta.url), input, [own.buffer])
  return stats as NearPairsStats
}
