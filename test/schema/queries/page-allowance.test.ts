import { describe, expect, test } from 'vitest'
import { allowedPages, FREE_OF_BRANCH, FREE_OF_HOST } from '../../../schema/queries/page-allowance.ts'

const NOTHING = { bodies: 0, pictures: 0, words: 0 }

describe('the pages that a part of a host may have', () => {
  test('are few when all of them are alike, more for each twentieth that is new', () => {
    expect(allowedPages(NOTHING, FREE_OF_BRANCH)).toBe(256)
    expect(allowedPages({ ...NOTHING, bodies: 1 }, FREE_OF_BRANCH)).toBe(276)
    expect(allowedPages({ bodies: 10, pictures: 1000, words: 1000 }, FREE_OF_BRANCH)).toBe(456)
  })

  test('end when new pages bring neither a picture nor a word', () => {
    expect(allowedPages({ ...NOTHING, bodies: 100_000 }, FREE_OF_BRANCH)).toBe(2000)
  })

  test('grow by ten for a new picture, without an end', () => {
    expect(allowedPages({ bodies: 100_000, pictures: 1, words: 0 }, FREE_OF_BRANCH)).toBe(2010)
    expect(allowedPages({ bodies: 100_000, pictures: 100_000, words: 0 }, FREE_OF_BRANCH)).toBe(1_002_000)
  })

  test('grow by two for a new word in a title, as far as words go', () => {
    expect(allowedPages({ bodies: 100_000, pictures: 0, words: 1 }, FREE_OF_BRANCH)).toBe(2002)
    expect(allowedPages({ bodies: 100_000, pictures: 0, words: 9_000 }, FREE_OF_BRANCH)).toBe(20_000)
    expect(allowedPages({ bodies: 100_000, pictures: 0, words: 90_000 }, FREE_OF_BRANCH)).toBe(20_000)
  })

  test('hold a lexicon, of which each page has a word of its own, and no maze of one vocabulary', () => {
    const after = (pages: number, words: number) => allowedPages({ bodies: pages, pictures: 0, words }, FREE_OF_BRANCH)
    for (let pages = 2000; pages < 20_000; pages = after(pages, pages))
      expect(after(pages, pages)).toBeGreaterThan(pages)
    expect(after(5000, 1000)).toBeLessThan(5000)
  })
})

test('a whole host may have more of everything', () => {
  expect(allowedPages(NOTHING, FREE_OF_HOST)).toBe(1024)
  expect(allowedPages({ bodies: 100_000, pictures: 0, words: 0 }, FREE_OF_HOST)).toBe(5000)
  expect(allowedPages({ bodies: 100_000, pictures: 7, words: 0 }, FREE_OF_HOST)).toBe(5070)
  expect(allowedPages({ bodies: 100_000, pictures: 0, words: 1_000_000 }, FREE_OF_HOST)).toBe(50_000)
})
