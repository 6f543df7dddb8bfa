import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { hammingDistance, pdqHash, pdqReferenceHash } from '../../../activities/normalise/pdq.ts'
import { type Raster, createImages } from '../../../infra/images.ts'
import { aRaster, rgbaPng, sharpOf } from '../../builders/pictures.ts'

const VECTORS = new URL('../../../../shared/conformance/pdq/', import.meta.url)
interface Row {
  file: string
  quality_measured: number
  reference_hashes: { cpp_512x512: string }
}
const { rows } = JSON.parse(readFileSync(new URL('expected_hashes.json', VECTORS), 'utf8')) as { rows: Row[] }
const images = await createImages()

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

// Half of the coefficients of a symmetric picture are rounding errors, so equal hashes mean equal arithmetic.
// Hashes by PyPI pdqhash 0.2.8, which is Meta's C++ code; the pictures are small enough not to be sampled.
test.each([
  [31, 115, 86, 'b4daf3c70a99079d5a4c8e39a92c7871c5a0c1e34f960784be537f0ed52b407e'],
  [64, 64, 84, 'b389b703c38c02494f58d98cfc3d93c4b4a0833f52977319ef472f5a102a5b1f'],
  [300, 200, 81, 'a78c5e58871c3c715e5cb4e3b87881e785e14f860783e94afa0754fc513e5e94'],
  [512, 511, 81, 'a79a1e099699787c5a59e166e86987a3a5e51e871786b81efa1615f8857a6b81'],
])('is bit for bit the reference on a symmetric picture of %i x %i', (width, height, quality, hash) => {
  expect(pdqHash(anEllipse(width, height))).toEqual({ hash, quality })
})

test.each([
  [700, 300],
  [300, 700],
  [513, 512],
  [512, 513],
])('samples a picture of %i x %i at its nearest pixels, 512 a side, whichever side is too long', (width, height) => {
  const raster = aRaster({ width, height })
  const data = new Uint8Array(512 * 512 * 3)
  for (let y = 0; y < 512; y++)
    for (let x = 0; x < 512; x++) {
      const at = 3 * (Math.floor((y * height) / 512) * width + Math.floor((x * width) / 512))
      data.set(raster.data.subarray(at, at + 3), 3 * (512 * y + x))
    }
  expect(pdqHash(raster)).toEqual(pdqHash({ data, width: 512, height: 512 }))
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

function anEllipse(width: number, height: number): Raster {
  const data = new Uint8Array(width * height * 3)
  const size = width * width * height * height
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, v] = [2 * x - (width - 1), 2 * y - (height - 1)]
      const inside = u * u * height * height + v * v * width * width < Math.floor((size * 3) / 5)
      data.set(inside ? [200, 90, 30] : [10, 20, 30], 3 * (y * width + x))
    }
  }
  return { data, width, height }
}
