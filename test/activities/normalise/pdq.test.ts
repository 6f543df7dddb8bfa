import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { hammingDistance, pdqHash, pdqReferenceHash } from '../../../activities/normalise/pdq.ts'
import { createImages } from '../../../infra/images.ts'
import { aRaster, rgbaPng, sharpOf } from '../../builders/pictures.ts'

const VECTORS = new URL('../../../../shared/conformance/pdq/', import.meta.url)
interface Row {
  file: string
  quality_measured: number
  reference_hashes: { cpp_512x512: string }
}
const { rows } = JSON.parse(readFileSync(new URL('expected_hashes.json', VECTORS), 'utf8')) as { rows: Row[] }
const images = createImages()

const CLEAR = rows.filter((row) => row.quality_measured >= 80)

test('has vectors of quality 80 or more to be held against', () => {
  expect(CLEAR.length).toBeGreaterThan(10)
})

// Upstream's own definition of a correct port.
test.each(CLEAR)('is within 10 bits of the reference on $file', async (row) => {
  const { hash, quality } = await pdqReferenceHash(readFileSync(new URL(row.file, VECTORS)), images)
  expect(hammingDistance(hash, row.reference_hashes.cpp_512x512)).toBeLessThanOrEqual(10)
  expect(quality).toBe(row.quality_measured)
})

test('gives the zero hash of quality 0 below five pixels a side, and a hash at five', () => {
  const zero = { hash: '0'.repeat(64), quality: 0 }
  expect(pdqHash(aRaster({ width: 4, height: 300 }))).toEqual(zero)
  expect(pdqHash(aRaster({ width: 300, height: 4 }))).toEqual(zero)
  expect(pdqHash(aRaster({ width: 5, height: 5 })).hash).not.toBe(zero.hash)
})

test('gives quality 0 to an even picture', () => {
  const { width, height } = aRaster()
  expect(pdqHash({ data: new Uint8Array(width * height * 3).fill(77), width, height }).quality).toBe(0)
})

test('stays near under shrinking and far from another picture', async () => {
  const raster = aRaster({ width: 1200, height: 900 })
  const { data, info } = await sharpOf(raster).resize(300).raw().toBuffer({ resolveWithObject: true })
  const small = pdqHash({ data, width: info.width, height: info.height })
  const other = pdqHash(aRaster({ width: 1200, height: 900, seed: 9 }))
  expect(hammingDistance(pdqHash(raster).hash, small.hash)).toBeLessThanOrEqual(20)
  expect(hammingDistance(pdqHash(raster).hash, other.hash)).toBeGreaterThan(60)
})

test('samples a picture to 512x512 as soon as one side is larger', () => {
  const narrow = aRaster({ width: 513, height: 40 })
  const columns = Array.from({ length: 512 }, (_, x) => Math.floor((x * 513) / 512))
  const data = new Uint8Array(512 * 512 * 3)
  for (let y = 0; y < 512; y++) {
    const row = Math.floor((y * 40) / 512) * 513
    columns.forEach((column, x) =>
      data.set(narrow.data.subarray(3 * (row + column), 3 * (row + column) + 3), 3 * (512 * y + x)),
    )
  }
  expect(pdqHash(narrow)).toEqual(pdqHash({ data, width: 512, height: 512 }))
})

test('drops alpha and ignores orientation in reference mode', async () => {
  const raster = aRaster({ width: 64, height: 48 })
  const pixels = Array.from({ length: 64 * 48 }, (_, at) => [
    ...raster.data.subarray(3 * at, 3 * at + 3),
    at % 256,
  ]).flat()
  const turned = await sharpOf(raster).withMetadata({ orientation: 6 }).png().toBuffer()
  expect(await pdqReferenceHash(await rgbaPng(64, 48, pixels), images)).toEqual(pdqHash(raster))
  expect(await pdqReferenceHash(turned, images)).toEqual(pdqHash(raster))
})

test('counts differing bits', () => {
  const zero = '0'.repeat(64)
  expect(hammingDistance(zero, 'f'.repeat(64))).toBe(256)
  expect(hammingDistance(zero, `8${'0'.repeat(62)}1`)).toBe(2)
})
