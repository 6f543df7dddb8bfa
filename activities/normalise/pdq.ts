import type { Images, Raster } from '../../infra/images.ts'
import { frequencies, kernel, matrix, plane, row, taken } from './pixel-kernel.ts'

/**
 * PDQ, the 256-bit perceptual hash of Meta's ThreatExchange ("The TMK+PDQF video-hashing algorithm and the PDQ
 * image-hashing algorithm", 2019; constants from its C++ `pdqhashing.cpp`). Computed in single precision and in
 * the reference's order of operations: bit for bit its hash for the same pixels, also where symmetric pictures leave
 * nothing but rounding in half of the coefficients, and the same on every machine. Luma alone is summed in double
 * precision first, as the reference's Python binding does.
 */
export interface PdqResult {
  /** 64 lowercase hex digits as the reference prints them. */
  hash: string
  /** 0 to 100; under 50 the picture is nearly featureless and its hash says little. */
  quality: number
}

/** Upstream's distance for a match, and the least quality at which a hash says anything (ThreatExchange, pdq/README). */
export const PDQ_MATCH_DISTANCE = 31
export const PDQ_MIN_QUALITY = 50

const f32 = Math.fround
const GRID = 64
const DCT_SIDE = 16
/** A larger picture is first sampled to this square, as the C++ reference does. */
const SAMPLE_SIDE = 512
/** Below this side length the reference gives the zero hash of quality 0. */
const MIN_SIDE = 5
const ZERO: PdqResult = { hash: '0'.repeat(64), quality: 0 }
matrix.set(dctMatrix())

/** PDQ of an RGB raster at its full decode. */
export function pdqHash(raster: Raster): PdqResult {
  const luma = sampledLuma(raster)
  return luma.width < MIN_SIDE || luma.height < MIN_SIDE ? ZERO : hashLuma(luma)
}

/**
 * PDQ as published hash lists hold it: alpha dropped, EXIF orientation and colour profile ignored.
 * Throws what `images.open` and `images.decode` throw.
 */
export async function pdqReferenceHash(bytes: Uint8Array, images: Pick<Images, 'open' | 'decode'>): Promise<PdqResult> {
  return pdqHash(await images.decode(await images.open(bytes), { orient: false, background: null, useProfile: false }))
}

/** Number of bits in which two hashes of 64 hex digits differ. */
export function hammingDistance(a: string, b: string): number {
  let distance = 0
  for (let at = 0; at < 64; at += 8) {
    distance += popCount(Number.parseInt(a.slice(at, at + 8), 16) ^ Number.parseInt(b.slice(at, at + 8), 16))
  }
  return distance
}

/** Bits set in a 32-bit word. */
export function popCount(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555)
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333)
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

/** Of the luma in the kernel's plane. */
interface Size {
  width: number
  height: number
}

/** Luma at full size, or of a 512x512 nearest-neighbour sample that ignores the ratio (C++ rule). */
function sampledLuma({ data, width, height }: Raster): Size {
  const shrink = width > SAMPLE_SIDE || height > SAMPLE_SIDE
  const outWidth = shrink ? SAMPLE_SIDE : width
  const outHeight = shrink ? SAMPLE_SIDE : height
  for (let x = 0; x < outWidth; x++) taken[x] = Math.floor((x * width) / outWidth)
  for (let y = 0; y < outHeight; y++) {
    const start = 3 * width * Math.floor((y * height) / outHeight)
    row.set(data.subarray(start, start + 3 * width))
    kernel.sampleRow(y * outWidth, outWidth)
  }
  return { width: outWidth, height: outHeight }
}

/**
 * Two passes of a box filter along rows and columns stand in for a tent filter (Jarosz); then the middle of each cell of
 * a 64x64 grid is taken. The reference takes a picture of the grid's own size as it is; a filter of width one would still
 * round.
 */
function hashLuma({ width, height }: Size): PdqResult {
  if (width !== GRID || height !== GRID) kernel.blurredGrid(width, height)
  const grid = plane.subarray(0, GRID * GRID)
  kernel.dct16()
  return { hash: hexOf(frequencies), quality: gradientQuality(grid) }
}

/** Sum of truncated percent differences to the right and downward neighbours, divided by 90, at most 100. */
function gradientQuality(grid: Float32Array): number {
  let sum = 0
  for (let i = 0; i < GRID; i++) {
    for (let j = 0; j < GRID; j++) {
      const at = i * GRID + j
      if (i < GRID - 1) sum += Math.abs(Math.trunc(((grid[at]! - grid[at + GRID]!) * 100) / 255))
      if (j < GRID - 1) sum += Math.abs(Math.trunc(((grid[at]! - grid[at + 1]!) * 100) / 255))
    }
  }
  return Math.min(100, Math.floor(sum / 90))
}

/** Rows 1 to 16 of the 64-point DCT-II; the constant row is left out. */
function dctMatrix(): Float32Array {
  const rows = new Float32Array(DCT_SIDE * GRID)
  for (let i = 0; i < DCT_SIDE; i++) {
    for (let j = 0; j < GRID; j++) {
      rows[i * GRID + j] = f32(Math.sqrt(2 / GRID)) * Math.cos((Math.PI / 2 / GRID) * (i + 1) * (2 * j + 1))
    }
  }
  return rows
}

/** One bit a coefficient: above the lower median. The last coefficient is the first hex digit's high bit. */
function hexOf(coefficients: Float32Array): string {
  const median = coefficients.toSorted()[coefficients.length / 2 - 1]!
  let hex = ''
  for (let at = coefficients.length - 4; at >= 0; at -= 4) {
    let digit = 0
    for (let bit = 0; bit < 4; bit++) if (coefficients[at + bit]! > median) digit |= 1 << bit
    hex += digit.toString(16)
  }
  return hex
}
