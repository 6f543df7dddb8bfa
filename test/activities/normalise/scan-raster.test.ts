import { expect, test } from 'vitest'
import { scanRaster, type Size } from '../../../activities/normalise/scan-raster.ts'
import type { Raster } from '../../../infra/images.ts'
import { aRaster } from '../../builders/pictures.ts'

test.each([
  // Split cells, whole cells, one axis alone, and more rows than are read at a time.
  [
    { width: 100, height: 71 },
    { width: 37, height: 26 },
  ],
  [
    { width: 96, height: 64 },
    { width: 24, height: 16 },
  ],
  [
    { width: 50, height: 1 },
    { width: 7, height: 1 },
  ],
  [
    { width: 1, height: 50 },
    { width: 1, height: 7 },
  ],
  [
    { width: 2100, height: 70 },
    { width: 300, height: 10 },
  ],
  [
    { width: 2100, height: 71 },
    { width: 299, height: 11 },
  ],
  [
    { width: 300, height: 1200 },
    { width: 2, height: 2 },
  ],
])('shrinks a picture of $width x $height to the mean of each area, rounded to nearest', (from, to) => {
  const raster = aRaster(from)
  const shrunk = scanRaster(raster, { small: to })
  expect(shrunk).toMatchObject(to)
  const furthest = areaMeans(raster, to).map((mean, at) => Math.abs(mean - (shrunk as Raster).data[at]!))
  expect(furthest).toHaveLength(3 * to.width * to.height)
  // A half by rounding; the rest is single precision.
  expect(Math.max(...furthest)).toBeLessThan(0.501)
})

test('leaves nothing of one picture in the next', () => {
  const small = { width: 10, height: 5 }
  const first = scanRaster(aRaster({ width: 40, height: 21 }), { small })
  scanRaster({ data: new Uint8Array(3 * 3000 * 30).fill(255), width: 3000, height: 30 }, { small })
  expect(scanRaster(aRaster({ width: 40, height: 21 }), { small })).toEqual(first)
})

test('shrinks nothing unasked', () => {
  expect(scanRaster(aRaster({ width: 40, height: 21 }), {})).toBeNull()
})

/** By the definition, in double precision. */
function areaMeans({ data, width, height }: Raster, to: Size): number[] {
  const means: number[] = []
  for (let y = 0; y < to.height; y++)
    for (let x = 0; x < to.width; x++)
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0
        for (const [row, high] of covered(height, to.height, y))
          for (const [column, wide] of covered(width, to.width, x))
            sum += high * wide * data[3 * (row * width + column) + channel]!
        means.push(sum / ((width / to.width) * (height / to.height)))
      }
  return means
}

/** Pixels under a cell, each with the part of it that is. */
function covered(from: number, to: number, cell: number): [pixel: number, part: number][] {
  const [start, end] = [(cell * from) / to, ((cell + 1) * from) / to]
  const parts: [number, number][] = []
  for (let pixel = Math.floor(start); pixel < end; pixel++)
    parts.push([pixel, Math.min(end, pixel + 1) - Math.max(start, pixel)])
  return parts
}
