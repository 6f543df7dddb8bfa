import { expect, test } from 'vitest'
import { SLOTS, SLOT_VALUES, masksUpTo, planSlots } from '../../../activities/duplicates/slot-plan.ts'

const even = () => Array.from({ length: SLOTS }, () => new Uint32Array(SLOT_VALUES).fill(1))
const covered = (radii: number[]) => radii.reduce((sum, radius) => sum + radius + 1, 0)

test('lists masks by their bits', () => {
  expect([...masksUpTo(0)]).toEqual([0])
  expect([...masksUpTo(1)].slice(0, 4)).toEqual([0, 1, 2, 4])
  expect([...masksUpTo(2)].slice(15, 23)).toEqual([16_384, 32_768, 3, 5, 6, 9, 10, 12])
  expect([0, 1, 2, 3].map((bits) => masksUpTo(bits).length)).toEqual([1, 17, 137, 697])
})

test('probes evenly filled slots alike: equality up to 15, one bit up to 31', () => {
  expect(planSlots(even(), 15).radii).toEqual(Array.from({ length: SLOTS }, () => 0))
  expect(planSlots(even(), 31).radii).toEqual(Array.from({ length: SLOTS }, () => 1))
})

test('counts what it costs: every look-up, and every pair under its masks', () => {
  const perSlot = 17 * SLOT_VALUES + (16 * SLOT_VALUES) / 2
  expect(planSlots(even(), 31).steps).toBe(SLOTS * perSlot)
})

test('leaves a slot out in which nearly all agree and never covers less than is needed', () => {
  const histograms = even()
  histograms[3] = new Uint32Array(SLOT_VALUES)
  histograms[3][77] = SLOT_VALUES
  const { radii } = planSlots(histograms, 31)
  expect([radii[3], covered(radii)]).toEqual([-1, 32])
})

test('still covers what is needed when all slots are full of one value', () => {
  const histograms = Array.from({ length: SLOTS }, () => {
    const histogram = new Uint32Array(SLOT_VALUES)
    histogram[0] = 100_000
    return histogram
  })
  expect(covered(planSlots(histograms, 31).radii)).toBe(32)
})
