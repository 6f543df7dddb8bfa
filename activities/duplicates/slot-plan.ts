import { popCount } from '../normalise/pdq.ts'

/**
 * Which of the 16 slots of 16 bits have to be probed, and how far, so that no pair within a distance is missed.
 * Two codes at distance T or less have some slot i in which they differ by r_i bits or less, as soon as the sum of
 * all (r_i + 1) exceeds T: otherwise every slot differs by r_i + 1 and the distance is larger than T (multi-index
 * hashing, Norouzi 2014; with radii of their own per slot, Qin 2018). Real hashes fill their slots unevenly, so the
 * radii are chosen by counting the steps that each would cost: a slot in which half of the pictures agree is
 * left out, and others are searched further instead.
 */
export const SLOTS = 16
export const SLOT_VALUES = 65_536

export interface SlotPlan {
  /** Radius per slot in bits; -1 leaves the slot out. */
  radii: number[]
  /** What the plan costs, exactly: comparisons of hashes and look-ups of buckets, which take about as long. */
  steps: number
}

/** All 16-bit masks of 0 to `bits` bits, fewer bits first, then ascending. */
export function masksUpTo(bits: number): Uint16Array {
  const masks = Array.from({ length: SLOT_VALUES }, (_, mask) => mask).filter((mask) => popCount(mask) <= bits)
  return Uint16Array.from(masks.sort((a, b) => popCount(a) - popCount(b) || a - b))
}

/** A plan this many times dearer than one for evenly filled slots is worth a look at larger radii. */
const DEAR = 4
const MAX_EXTRA_RADIUS = 2

/** The cheapest radii for the distance `threshold`, given how often each value stands in each slot. */
export function planSlots(histograms: Uint32Array[], threshold: number): SlotPlan {
  const usual = Math.floor(threshold / SLOTS)
  const count = histograms[0]!.reduce((sum, each) => sum + each, 0)
  const even = ((count * count) / 2 / SLOT_VALUES + SLOT_VALUES) * masksUpTo(usual).length * SLOTS
  let plan = cheapestPlan(histograms, threshold, usual + 1)
  for (let extra = 2; extra <= MAX_EXTRA_RADIUS && plan.steps > DEAR * even; extra++) {
    plan = cheapestPlan(histograms, threshold, usual + extra)
  }
  return plan
}

function cheapestPlan(histograms: Uint32Array[], threshold: number, maxRadius: number): SlotPlan {
  const masks = masksUpTo(maxRadius)
  const costs = histograms.map((histogram) => radiusCosts(histogram, masks, maxRadius))
  // The cheapest radii of the slots so far, by their sum of (r + 1), capped at what is needed.
  const need = threshold + 1
  let best = new Map<number, SlotPlan>([[0, { radii: [], steps: 0 }]])
  for (const slot of costs) {
    const next = new Map<number, SlotPlan>()
    for (const [sum, plan] of best) {
      slot.forEach((cost, index) => {
        const reached = Math.min(need, sum + index)
        const steps = plan.steps + cost
        if (steps < (next.get(reached)?.steps ?? Infinity)) {
          next.set(reached, { radii: [...plan.radii, index - 1], steps })
        }
      })
    }
    best = next
  }
  return best.get(need)!
}

/** Steps for radius -1, 0, 1 … of one slot. */
function radiusCosts(histogram: Uint32Array, masks: Uint16Array, maxRadius: number): number[] {
  const costs = Array.from({ length: maxRadius + 2 }, () => 0)
  const values = Uint16Array.from(histogram.keys().filter((value) => histogram[value]! > 0))
  for (const mask of masks) costs[popCount(mask) + 1]! += stepsUnder(histogram, values, mask)
  for (let index = 1; index < costs.length; index++) costs[index]! += costs[index - 1]!
  return costs
}

/** Buckets looked up, and pairs of codes whose slot values differ by exactly this mask. */
function stepsUnder(histogram: Uint32Array, values: Uint16Array, mask: number): number {
  let steps = values.length
  if (mask === 0) {
    for (const value of values) steps += (histogram[value]! * (histogram[value]! - 1)) / 2
    return steps
  }
  for (const value of values) {
    const other = value ^ mask
    if (other > value) steps += histogram[value]! * histogram[other]!
  }
  return steps
}
