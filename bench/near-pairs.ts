/**
 * Near pairs among random hashes with planted near duplicates, in a thread as in production.
 *   node bench/near-pairs.ts [hashes=1000000] [threshold=31]
 * Prints one JSON line; `bench/peers/faiss_flat.py` does the same with FAISS.
 */
import { randomFillSync } from 'node:crypto'
import { NUMBERS_PER_PAIR, streamNearPairs } from '../workers/near-pairs.ts'

const PLANTED = 1_000
const count = Number(process.argv[2] ?? 1_000_000)
const threshold = Number(process.argv[3] ?? 31)

const hashes = randomFillSync(new Uint8Array(count * 32))
for (let pair = 0; pair < PLANTED; pair++) plant(hashes, 2 * pair, pair % (threshold + 1))

const before = process.cpuUsage()
const start = performance.now()
let planted = 0
let others = 0
const stream = streamNearPairs(hashes, threshold)
let next = await stream.next()
for (; !next.done; next = await stream.next()) {
  for (let at = 0; at < next.value.length; at += NUMBERS_PER_PAIR) {
    const [first, second] = [next.value[at]!, next.value[at + 1]!]
    if (first < 2 * PLANTED && first % 2 === 0 && second === first + 1) planted++
    else others++
  }
}
const { user, system } = process.cpuUsage(before)
const result = {
  tool: 'mella nearPairs',
  hashes: count,
  threshold,
  seconds: seconds(performance.now() - start),
  cpu_seconds: seconds((user + system) / 1000),
  peak_mib: Math.round(process.resourceUsage().maxRSS / 1024),
  planted_found: `${planted} of ${PLANTED}`,
  other_pairs: others,
  steps: next.value.steps,
}
console.log(JSON.stringify(result))

/** Makes the hash after `item` a copy of it with `bits` bits turned. */
function plant(all: Uint8Array, item: number, bits: number): void {
  all.copyWithin(32 * (item + 1), 32 * item, 32 * (item + 1))
  for (let turn = 0; turn < bits; turn++) {
    const bit = (item * 7 + turn * 37) % 256
    all[32 * (item + 1) + (bit >> 3)]! ^= 1 << (bit & 7)
  }
}

function seconds(milliseconds: number): number {
  return Math.round(milliseconds) / 1000
}
