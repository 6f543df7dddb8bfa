import { expect, test } from 'vitest'
import { measuredSize, measureImage } from '../../../activities/normalise/image-measures.ts'
import { luma } from '../../../activities/normalise/pixel-kernel.ts'
import { scanRaster } from '../../../activities/normalise/scan-raster.ts'
import type { Raster } from '../../../infra/images.ts'
import { aRaster, sharpOf } from '../../builders/pictures.ts'

/** The luma at which a picture is measured. */
function scaledLuma(raster: Raster) {
  const size = measuredSize(raster)
  scanRaster(raster, { luma: size })
  return { ...size, data: luma.slice(0, size.width * size.height) }
}

test('measures nothing in an even picture', () => {
  expect(measureImage({ data: new Uint8Array(30 * 20 * 3).fill(90), width: 30, height: 20 })).toEqual({
    sharpness: 0,
    entropy: 0,
  })
})

test('measures a checkerboard by hand', () => {
  const data = new Uint8Array(4 * 4 * 3)
  for (let at = 0; at < 16; at++) data.fill((at + (at >> 2)) % 2 === 0 ? 255 : 0, 3 * at, 3 * at + 3)
  // Inside, the Laplacian is +1020 or -1020, twice each: variance 1020². Two equal grey levels: one bit.
  expect(measureImage({ data, width: 4, height: 4 })).toEqual({ sharpness: 1_040_400, entropy: 1 })
})

test('gives pictures without an inside a sharpness of 0', () => {
  expect(measureImage(aRaster({ width: 2, height: 50 })).sharpness).toBe(0)
})

test('averages areas exactly where cells are split', () => {
  const width = 768
  const data = new Uint8Array(width * 3)
  for (let x = 0; x < width; x++) data.fill([30, 90, 0][x % 3]!, 3 * x, 3 * x + 3)
  // Three source cells make two: (30 + 90/2) / 1.5 and (90/2 + 0) / 1.5.
  const luma = scaledLuma({ data, width, height: 1 })
  expect([luma.width, luma.height]).toEqual([512, 1])
  expect([...luma.data.subarray(0, 4)].map((value) => Math.round(value * 1e4) / 1e4)).toEqual([50, 30, 50, 30])
})

test('averages lines as it averages columns, whole ones and split ones', () => {
  const inLines = (height: number, levels: number[]) => {
    const data = new Uint8Array(height * 3)
    for (let y = 0; y < height; y++) data.fill(levels[y % levels.length]!, 3 * y, 3 * y + 3)
    const luma = scaledLuma({ data, width: 1, height })
    return [luma.height, ...[...luma.data.subarray(0, 4)].map((value) => Math.round(value * 1e4) / 1e4)]
  }
  expect(inLines(768, [30, 90, 0])).toEqual([512, 50, 30, 50, 30])
  expect(inLines(2048, [10, 20, 30, 60])).toEqual([512, 30, 30, 30, 30])
  // Five source lines make two: (10 + 20 + 60/2) / 2.5 and (60/2 + 40 + 80) / 2.5.
  expect(inLines(1280, [10, 20, 60, 40, 80])).toEqual([512, 24, 60, 24, 60])
})

test('finds no sharpness in a picture that bends evenly everywhere', () => {
  const data = new Uint8Array(15 * 5 * 3)
  for (let at = 0; at < 15 * 5; at++) data.fill((at % 15) ** 2, 3 * at, 3 * at + 3)
  expect(measureImage({ data, width: 15, height: 5 }).sharpness).toBe(0)
})

test('leaves a picture as it is below the fixed scale', () => {
  const luma = scaledLuma(aRaster({ width: 300, height: 7 }))
  expect([luma.width, luma.height]).toEqual([300, 7])
})

test('falls with blur at every size, because the scale is fixed', async () => {
  const raster = aRaster({ width: 1024, height: 700 })
  const blurred = await Promise.all(
    [1, 3, 9].map(async (sigma) => ({ ...raster, data: await sharpOf(raster).blur(sigma).raw().toBuffer() })),
  )
  const sharpness = [raster, ...blurred].map((each) => measureImage(each).sharpness)
  expect(sharpness).toEqual(sharpness.toSorted((a, b) => b - a))
  expect(new Set(sharpness).size).toBe(4)
})
