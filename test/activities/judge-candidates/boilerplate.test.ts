import { describe, expect, test } from 'vitest'
import { isBoilerplate } from '../../../activities/judge-candidates/boilerplate.ts'
import { FILTER_DEFAULTS } from '../../../schema/spec/spec-defaults.ts'

const isDropped = (times: number, pages: number, hostPages: number) =>
  isBoilerplate({ times, pages, hostPages }, FILTER_DEFAULTS.boilerplate)

describe('isBoilerplate', () => {
  test('by the defaults is what stands twenty times and on a quarter of the pages', () => {
    expect(isDropped(684, 684, 685)).toBe(true)
    expect(isDropped(315, 255, 685)).toBe(true)
    expect(isDropped(20, 20, 80)).toBe(true)
    expect(isDropped(19, 19, 19)).toBe(false)
    expect(isDropped(20, 20, 81)).toBe(false)
    expect(isDropped(90, 76, 685)).toBe(false)
  })

  test('is not a caption that one gallery repeats', () => {
    expect(isDropped(24, 1, 1)).toBe(false)
    expect(isDropped(24, 2, 2)).toBe(false)
    expect(isDropped(24, 3, 3)).toBe(true)
  })
})
