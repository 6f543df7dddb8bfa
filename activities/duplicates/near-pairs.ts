import { InvariantError } from '../../schema/contracts/errors.ts'
import { popCount } from '../normalise/pdq.ts'
import { SLOTS, SLOT_VALUES, type SlotPlan, masksUpTo, planSlots } from './slot-plan.ts'

/** Bytes of one PDQ hash, and the 32-bit words in which it is compared. */
const HASH_BYTES = 32
const WORDS = 8
/** Farther pairs have nothing to do with each other, and the search would come near to comparing all. */
const MAX_THRESHOLD = 63
/** So many hashes are compared all with all sooner than slots are planned. */
const FEW_HASHES = 2_000

/** Indices of the two hashes, `first < second`, and the bits in which they differ. */
export type OnPair = (first: number, second: number, distance: number) => void

export interface NearPairsStats {
  pairs: number
  /** Comparisons and look-ups that it took, a function of the hashes. */
  steps: number
  /** Per slot, -1 for one left out; empty when all were compared with all. */
  radii: number[]
}

/**
 * Finds every pair of hashes (32 bytes each) at the given distance or less, each once, exactly. The order of calls
 * is a function of the hashes and says nothing. Memory beside the input: three times its size.
 * Throws `NEAR_PAIRS_INPUT` (our bug) for a length or threshold that makes no sense.
 */
export function nearPairs(hashes: Uint8Array, threshold: number, onPair: OnPair): NearPairsStats {
  if (hashes.length % HASH_BYTES !== 0 || !Number.isInteger(threshold) || threshold < 0 || threshold > MAX_THRESHOLD) {
    const details = { bytes: hashes.length, threshold }
    throw new InvariantError('NEAR_PAIRS_INPUT', 'near pairs need 32 bytes a hash and a distance of 0 to 63', details)
  }
  const words = wordsOf(hashes)
  const plan = planFor(words, threshold)
  const search = { ...plan, words, threshold, onPair, pairs: 0, sorted: new Uint32Array(words.length) }
  if (plan.radii.length === 0) compareAll(search)
  plan.radii.forEach((radius, slot) => {
    if (radius >= 0) searchSlot(search, slot, radius)
  })
  return { pairs: search.pairs, steps: plan.steps, radii: plan.radii }
}

/** Without radii all are compared with all, where that is cheaper. */
function planFor(words: Uint32Array, threshold: number): SlotPlan & { telling: number[] } {
  const count = words.length / WORDS
  const all = { radii: [], steps: (count * (count - 1)) / 2, telling: [] }
  if (count <= FEW_HASHES) return all
  const counts = histograms(words)
  const plan = planSlots(counts, threshold)
  return plan.steps < all.steps ? { ...plan, telling: tellingWords(counts) } : all
}

/** Hashes of 64 hex digits as the bytes that `nearPairs` takes. */
export function packHashes(hashes: string[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(hashes.length * HASH_BYTES)
  hashes.forEach((hash, index) => bytes.set(Buffer.from(hash, 'hex'), index * HASH_BYTES))
  return bytes
}

interface Search {
  words: Uint32Array
  threshold: number
  radii: number[]
  onPair: OnPair
  pairs: number
  /** The hashes in the order of the present slot, so that a bucket lies in one piece; their most telling word first. */
  sorted: Uint32Array
  telling: number[]
}

function wordsOf(hashes: Uint8Array): Uint32Array {
  const words = new Uint32Array(hashes.length / 4)
  const view = new DataView(hashes.buffer, hashes.byteOffset, hashes.byteLength)
  for (let at = 0; at < words.length; at++) words[at] = view.getUint32(4 * at)
  return words
}

/** The 16 bits of one slot: slots 2k and 2k+1 are the halves of word k. */
function slotValue(words: Uint32Array, item: number, slot: number): number {
  const word = words[item * WORDS + (slot >>> 1)]!
  return slot % 2 === 0 ? word >>> 16 : word & 0xffff
}

function histograms(words: Uint32Array): Uint32Array[] {
  const count = words.length / WORDS
  return Array.from({ length: SLOTS }, (_, slot) => {
    const histogram = new Uint32Array(SLOT_VALUES)
    for (let item = 0; item < count; item++) histogram[slotValue(words, item, slot)]!++
    return histogram
  })
}

/** Words by how seldom two hashes agree in one of their halves: those rule out most. */
function tellingWords(counts: Uint32Array[]): number[] {
  const agreeing = counts.map((histogram) => histogram.reduce((sum, each) => sum + each * each, 0))
  const words = Array.from({ length: WORDS }, (_, word) => ({
    word,
    weight: agreeing[2 * word]! + agreeing[2 * word + 1]!,
  }))
  return words.sort((a, b) => a.weight - b.weight || a.word - b.word).map(({ word }) => word)
}

function compareAll(search: Search): void {
  const count = search.words.length / WORDS
  search.sorted.set(search.words)
  compareBuckets(
    search,
    0,
    { order: Uint32Array.from({ length: count }, (_, item) => item), start: Uint32Array.of(0, count) },
    0,
    0,
  )
}

interface Buckets {
  /** Items sorted by slot value, then by index. */
  order: Uint32Array
  /** Bucket v is order[start[v] .. start[v + 1]). */
  start: Uint32Array
}

function sortBySlot({ words, sorted, telling }: Search, slot: number): Buckets {
  const count = words.length / WORDS
  // Half of the slot's own word agrees in the whole bucket, so it comes last.
  const own = slot >>> 1
  const wordOrder = Uint8Array.from([...telling.filter((word) => word !== own), own])
  const start = new Uint32Array(SLOT_VALUES + 1)
  for (let item = 0; item < count; item++) start[slotValue(words, item, slot) + 1]!++
  for (let value = 0; value < SLOT_VALUES; value++) start[value + 1]! += start[value]!
  const next = start.slice()
  const order = new Uint32Array(count)
  for (let item = 0; item < count; item++) {
    const place = next[slotValue(words, item, slot)]!++
    order[place] = item
    for (let word = 0; word < WORDS; word++) sorted[place * WORDS + word] = words[item * WORDS + wordOrder[word]!]!
  }
  return { order, start }
}

function searchSlot(search: Search, slot: number, radius: number): void {
  const buckets = sortBySlot(search, slot)
  const { start } = buckets
  const masks = masksUpTo(radius)
  for (let value = 0; value < SLOT_VALUES; value++) {
    if (start[value] === start[value + 1]) continue
    for (const mask of masks) {
      const other = value ^ mask
      if (other < value) continue
      compareBuckets(search, slot, buckets, value, other)
    }
  }
}

/** Every code of one bucket against every code of the other, or against those behind it in the same bucket. */
function compareBuckets(search: Search, slot: number, { order, start }: Buckets, value: number, other: number): void {
  const { sorted, threshold } = search
  const end = WORDS * start[other + 1]!
  for (let a = WORDS * start[value]!; a < WORDS * start[value + 1]!; a += WORDS) {
    const a0 = sorted[a]!
    const a1 = sorted[a + 1]!
    const a2 = sorted[a + 2]!
    for (let b = value === other ? a + WORDS : WORDS * start[other]!; b < end; b += WORDS) {
      // Three words of eight rule out nearly every unrelated pair: they differ by 48 bits on average.
      const near = popCount3(a0 ^ sorted[b]!, a1 ^ sorted[b + 1]!, a2 ^ sorted[b + 2]!)
      if (near > threshold) continue
      const distance = near + restDistance(sorted, a, b)
      if (distance <= threshold) report(search, slot, order[a / WORDS]!, order[b / WORDS]!, distance)
    }
  }
}

/** Bits set in three words together: counts of up to 12 fit the nibbles in which they are added. */
function popCount3(x: number, y: number, z: number): number {
  const x2 = x - ((x >>> 1) & 0x55555555)
  const y2 = y - ((y >>> 1) & 0x55555555)
  const z2 = z - ((z >>> 1) & 0x55555555)
  const nibbles =
    (x2 & 0x33333333) +
    ((x2 >>> 2) & 0x33333333) +
    (y2 & 0x33333333) +
    ((y2 >>> 2) & 0x33333333) +
    (z2 & 0x33333333) +
    ((z2 >>> 2) & 0x33333333)
  return Math.imul((nibbles & 0x0f0f0f0f) + ((nibbles >>> 4) & 0x0f0f0f0f), 0x01010101) >>> 24
}

function restDistance(sorted: Uint32Array, a: number, b: number): number {
  let distance = 0
  for (let word = 3; word < WORDS; word++) distance += popCount(sorted[a + word]! ^ sorted[b + word]!)
  return distance
}

/** A pair that agrees in several slots belongs to the first of them. */
function report(search: Search, slot: number, a: number, b: number, distance: number): void {
  for (let earlier = 0; earlier < slot; earlier++) {
    const apart = popCount(slotValue(search.words, a, earlier) ^ slotValue(search.words, b, earlier))
    if (apart <= search.radii[earlier]!) return
  }
  search.pairs++
  search.onPair(Math.min(a, b), Math.max(a, b), distance)
}
