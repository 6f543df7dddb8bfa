import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { bestSource, parseSrcset } from '../../../activities/extract/srcset.ts'

interface SrcsetRow {
  srcset: string
  expect: string
}

const VECTORS = new URL('../../../../shared/conformance/srcset-wpt.json', import.meta.url)
const vectors = JSON.parse(readFileSync(VECTORS, 'utf8')) as { parse: SrcsetRow[]; select: SrcsetRow[] }

/** What a display of density 1 shows: duplicates of one density keep the first; with one source left it is that one. */
const chosen = (srcset: string) => parseSrcset(srcset)[0]?.url ?? ''

describe('parseSrcset', () => {
  test('gives the expected source for every WPT parse row', () => {
    expect(vectors.parse.filter((row) => chosen(row.srcset) !== row.expect)).toEqual([])
    expect(vectors.parse).toHaveLength(235)
  })

  test('keeps all sources with their descriptors in the order written', () => {
    expect(parseSrcset('/a,b.png 320w 200h, /c.png 1.5x,/d.png')).toEqual([
      { url: '/a,b.png', width: 320, height: 200 },
      { url: '/c.png', density: 1.5 },
      { url: '/d.png' },
    ])
  })

  test('drops only the candidate whose descriptor is in error', () => {
    expect(parseSrcset('/a 1w 1x, /b 100w, /c 1h, /d 1q')).toEqual([{ url: '/b', width: 100 }])
  })

  test('is linear on commas, parentheses and spaces', () => {
    const hostile = 'a (' + ',( '.repeat(200_000)
    expect(parseSrcset(hostile)).toEqual([])
  })
})

describe('bestSource', () => {
  test('takes the greatest width before any density, then the greatest density, then the first', () => {
    expect(bestSource(parseSrcset('/s 1w, /l 640w, /x 9x'))).toEqual({ url: '/l', width: 640 })
    expect(bestSource(parseSrcset('/a, /b 2x, /c 2x'))).toEqual({ url: '/b', density: 2 })
    expect(bestSource([])).toBeNull()
  })
})
