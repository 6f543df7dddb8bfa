/** Thread that searches near pairs, off the event loop of its process. */
import { nearPairs } from '../activities/duplicates/near-pairs.ts'
import { serveStream } from '../infra/thread-stream.ts'
import { NUMBERS_PER_PAIR, type NearPairsInput } from './near-pairs.ts'

/** Pairs handed over at once: 192 KiB. */
const PAIRS_PER_CHUNK = 16_384

serveStream(({ hashes, threshold }: NearPairsInput, write) => {
  let chunk = new Uint32Array(PAIRS_PER_CHUNK * NUMBERS_PER_PAIR)
  let used = 0
  const stats = nearPairs(hashes, threshold, (first, second, distance) => {
    chunk[used++] = first
    chunk[used++] = second
    chunk[used++] = distance
    if (used < chunk.length) return
    write(chunk)
    chunk = new Uint32Array(PAIRS_PER_CHUNK * NUMBERS_PER_PAIR)
    used = 0
  })
  if (used > 0) write(chunk.slice(0, used))
  return stats
})
