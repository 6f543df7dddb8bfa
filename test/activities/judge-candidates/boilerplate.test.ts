import { describe, expect, test } from 'vitest'
import { BOILERPLATE_DEFAULTS, isBoilerplate } from '../../../activities/judge-candidates/boilerplate.ts'

const isDropped = (times: number, pages: number, hostPages: number) =>
  isBoilerplate({ times, pages, hostPages }, BOILERPLATE_DEFAULTS)

describe('isBoilerplate', () => {
  test('is what stands on half of the pages or more, five times at least', () => {
    expect(isDropped(684, 684, 685)).toBe(true)
    expect(isDropped(5, 5, 10)).toBe(true)
    expect(isDropped(4, 4, 4)).toBe(false)
    expect(isDropped(255, 255, 685)).toBe(false)
  })

  test('is not a caption that one gallery repeats', () => {
    expect(isDropped(24, 1, 1)).toBe(false)
    expect(isDropped(24, 2, 2)).toBe(false)
    expect(isDropped(24, 3, 3)).toBe(true)
  })
})
