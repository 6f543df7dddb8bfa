import type { Images, Raster } from '../../infra/images.ts'
import { frequencies, kernel, matrix, plane } from './pixel-kernel.ts'
import { scanRaster, type Size } from './scan-raster.ts'

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
  const size = sampledSize(raster)
  scanRaster(raster, { sample: size })
  return hashSample(size)
}

/**
 * Of a picture that a scan reads, what it is asked for as `sample`: its own size, or 512x512 nearest neighbours, which
 * ignore the ratio (C++ rule).
 */
export function sampledSize({ width, height }: Size): Size {
  const isLarge = width > SAMPLE_SIDE || height > SAMPLE_SIDE
  return isLarge ? { width: SAMPLE_SIDE, height: SAMPLE_SIDE } : { width, height }
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

/**
 * PDQ of the sample that a scan left. Two passes of a box filter along rows and columns stand in for a tent filter
 * (Jarosz); then the middle of each cell of a 64x64 grid is taken. The reference takes a picture of the grid's own size as
 * it is; a filter of width one would still round.
 */
export function hashSample({ width, height }: Size): PdqResult {
  if (width < MIN_SIDE || height < MIN_SIDE) return ZERO
  kernel.blurredGrid()
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
