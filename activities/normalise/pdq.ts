import type { Images, Raster } from '../../infra/images.ts'

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
const DCT_MATRIX = dctMatrix()

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

interface Plane {
  data: Float32Array
  width: number
  height: number
}

/** Luma at full size, or of a 512x512 nearest-neighbour sample that ignores the ratio (C++ rule). */
function sampledLuma({ data, width, height }: Raster): Plane {
  const shrink = width > SAMPLE_SIDE || height > SAMPLE_SIDE
  const outWidth = shrink ? SAMPLE_SIDE : width
  const outHeight = shrink ? SAMPLE_SIDE : height
  const columns = Uint32Array.from({ length: outWidth }, (_, x) => 3 * Math.floor((x * width) / outWidth))
  const luma = new Float32Array(outWidth * outHeight)
  for (let y = 0; y < outHeight; y++) {
    const row = 3 * width * Math.floor((y * height) / outHeight)
    for (let x = 0; x < outWidth; x++) {
      const at = row + columns[x]!
      luma[y * outWidth + x] = 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!
    }
  }
  return { data: luma, width: outWidth, height: outHeight }
}

function hashLuma(luma: Plane): PdqResult {
  // The reference takes a picture of the grid's own size as it is; a filter of width one would still round.
  const grid = luma.width === GRID && luma.height === GRID ? luma.data : blurredGrid(luma)
  return { hash: hexOf(dct16(grid)), quality: gradientQuality(grid) }
}

/**
 * Two passes of a box filter along rows and columns stand in for a tent filter (Jarosz); then the middle of each cell of
 * a 64x64 grid is taken. Of the second pass nothing is divided that the grid does not take.
 */
function blurredGrid({ data, width, height }: Plane): Float32Array {
  const other = new Float32Array(data.length)
  blurRows(data, other, width, height, boxWindow(width))
  blurColumns(other, data, width, everyOf(height), boxWindow(height))
  const narrow = new Float32Array(GRID * height)
  const columns = middlesOf(width)
  for (let y = 0; y < height; y++) blurRow(data, narrow, y * width, width, boxWindow(width), columns, y * GRID)
  const grid = new Float32Array(GRID * GRID)
  blurColumns(narrow, grid, GRID, { length: height, taken: middlesOf(height) }, boxWindow(height))
  return grid
}

function middlesOf(length: number): Uint32Array {
  return Uint32Array.from({ length: GRID }, (_, cell) => Math.floor(((cell + 0.5) * length) / GRID))
}

function everyOf(length: number): Taken {
  return { length, taken: Uint32Array.from({ length }, (_, at) => at) }
}

function boxWindow(length: number): number {
  return Math.ceil(length / (2 * GRID))
}

/**
 * Mean over a sliding window whose ends shrink at the border. The window grows, slides, and shrinks again; the
 * order of additions is the reference's, which decides the last bits. Four rows at a time: each sum waits for its last.
 */
function blurRows(from: Float32Array, to: Float32Array, width: number, height: number, window: number): void {
  const lead = Math.floor(window / 2)
  const whole = height - (height % 4)
  for (let y = 0; y < whole; y += 4) {
    const [a, b, c, d] = [y * width, (y + 1) * width, (y + 2) * width, (y + 3) * width] as const
    let [sumA, sumB, sumC, sumD] = [f32(0), f32(0), f32(0), f32(0)] as const as [number, number, number, number]
    let size = 0
    for (let out = -lead, right = 0, left = -window; out < width; out++, right++, left++) {
      if (right < width) {
        size++
        sumA = f32(sumA + from[a + right]!)
        sumB = f32(sumB + from[b + right]!)
        sumC = f32(sumC + from[c + right]!)
        sumD = f32(sumD + from[d + right]!)
      }
      if (left >= 0) {
        size--
        sumA = f32(sumA - from[a + left]!)
        sumB = f32(sumB - from[b + left]!)
        sumC = f32(sumC - from[c + left]!)
        sumD = f32(sumD - from[d + left]!)
      }
      if (out < 0) continue
      to[a + out] = sumA / size
      to[b + out] = sumB / size
      to[c + out] = sumC / size
      to[d + out] = sumD / size
    }
  }
  const { taken } = everyOf(width)
  for (let y = whole; y < height; y++) blurRow(from, to, y * width, width, window, taken, y * width)
}

/** The same for one row, of which the columns in `taken` (ascending) are written from `start` on. */
function blurRow(
  from: Float32Array,
  to: Float32Array,
  row: number,
  length: number,
  window: number,
  taken: Uint32Array,
  start: number,
): void {
  const lead = Math.floor(window / 2)
  let right = 0
  let left = 0
  let size = 0
  let sum = f32(0)
  for (let at = 0; at < taken.length; at++) {
    const end = Math.min(length, taken[at]! + lead + 1)
    while (right < end) {
      sum = f32(sum + from[row + right++]!)
      if (size < window) size++
      else sum = f32(sum - from[row + left++]!)
    }
    // Past the end the window only shrinks.
    for (const gone = taken[at]! + lead + 1 - window; left < gone && right === length;) {
      sum = f32(sum - from[row + left++]!)
      size--
    }
    to[start + at] = sum / size
  }
}

/** Rows of a plane, and those of them that are written, ascending. */
interface Taken {
  length: number
  taken: Uint32Array
}

/** The same down all columns at once, row by row, because memory is laid out that way. */
function blurColumns(
  from: Float32Array,
  to: Float32Array,
  width: number,
  { length, taken }: Taken,
  window: number,
): void {
  const lead = Math.floor(window / 2)
  const sums = new Float32Array(width)
  let size = 0
  let written = 0
  for (let out = -lead, right = 0; out < length; out++, right++) {
    const grows = right < length
    const shrinks = right >= window
    size += Number(grows) - Number(shrinks)
    if (grows) addRow(sums, from, right * width)
    if (shrinks) subtractRow(sums, from, (right - window) * width)
    for (; taken[written] === out; written++) divideRow(to, written * width, sums, size)
  }
}

function addRow(sums: Float32Array, from: Float32Array, start: number): void {
  for (let x = 0; x < sums.length; x++) sums[x]! += from[start + x]!
}

function subtractRow(sums: Float32Array, from: Float32Array, start: number): void {
  for (let x = 0; x < sums.length; x++) sums[x]! -= from[start + x]!
}

function divideRow(to: Float32Array, start: number, sums: Float32Array, size: number): void {
  for (let x = 0; x < sums.length; x++) to[start + x] = sums[x]! / size
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
  const matrix = new Float32Array(DCT_SIDE * GRID)
  for (let i = 0; i < DCT_SIDE; i++) {
    for (let j = 0; j < GRID; j++) {
      matrix[i * GRID + j] = f32(Math.sqrt(2 / GRID)) * Math.cos((Math.PI / 2 / GRID) * (i + 1) * (2 * j + 1))
    }
  }
  return matrix
}

/** The 16x16 low frequencies of the grid: D A Dᵀ. */
function dct16(grid: Float32Array): Float32Array {
  const half = new Float32Array(DCT_SIDE * GRID)
  for (let i = 0; i < DCT_SIDE; i++) {
    for (let k = 0; k < GRID; k++) {
      const factor = DCT_MATRIX[i * GRID + k]!
      for (let j = 0; j < GRID; j++) half[i * GRID + j]! += f32(factor * grid[k * GRID + j]!)
    }
  }
  const result = new Float32Array(DCT_SIDE * DCT_SIDE)
  for (let i = 0; i < DCT_SIDE; i++) {
    for (let j = 0; j < DCT_SIDE; j++) {
      let sum = f32(0)
      for (let k = 0; k < GRID; k++) sum = f32(sum + f32(half[i * GRID + k]! * DCT_MATRIX[j * GRID + k]!))
      result[i * DCT_SIDE + j] = sum
    }
  }
  return result
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
