import type { Raster } from '../../infra/images.ts'
import { round4 } from '../round4.ts'

/**
 * Longest side, in pixels, at which sharpness and entropy are measured: the variance of the Laplacian grows as a
 * picture shrinks, so it can be compared only at a fixed scale. A smaller picture is measured as it is.
 */
const MEASURE_SIDE = 512

export interface ImageMeasures {
  /** Variance of the Laplacian of the luma (Pech-Pacheco 2000), 4 decimals; low is blurred. */
  sharpness: number
  /** Entropy in bits of the 256-bin luma histogram, 0 to 8, 4 decimals. */
  entropy: number
}

/** Measures of an RGB raster; plain arithmetic, so equal pixels give equal numbers on every machine. */
export function measureImage(raster: Raster): ImageMeasures {
  const luma = scaledLuma(raster)
  return { sharpness: round4(laplacianVariance(luma)), entropy: round4(lumaEntropy(luma)) }
}

export interface LumaPlane {
  /** 0 to 255. */
  data: Float64Array
  width: number
  height: number
}

/** Rec. 601 luma, shrunk to MEASURE_SIDE by exact area averaging. */
export function scaledLuma({ data, width, height }: Raster): LumaPlane {
  const scale = Math.min(1, MEASURE_SIDE / Math.max(width, height))
  const outWidth = Math.max(1, Math.round(width * scale))
  const outHeight = Math.max(1, Math.round(height * scale))
  const luma = new Float64Array(outWidth * outHeight)
  const columns = splitCells(width, outWidth)
  const line = new Float64Array(outWidth)
  const rows = splitCells(height, outHeight)
  for (let row = 0, y = 0; row < outHeight; row++) {
    for (; y < rows.end[row]!; y++) {
      averageLine(data, 3 * y * width, columns, line)
      addLine(luma, row * outWidth, line, 1)
    }
    const share = rows.share[row]!
    if (share === 0) continue
    averageLine(data, 3 * y * width, columns, line)
    addLine(luma, row * outWidth, line, share)
    addLine(luma, (row + 1) * outWidth, line, 1 - share)
    y++
  }
  const area = (width / outWidth) * (height / outHeight)
  for (let at = 0; at < luma.length; at++) luma[at]! /= area
  return { data: luma, width: outWidth, height: outHeight }
}

/** For each target cell: the first source cell that does not lie in it wholly, and the share of that one it takes. */
interface Cells {
  end: Uint32Array
  share: Float64Array
}

function splitCells(from: number, to: number): Cells {
  const cells: Cells = { end: new Uint32Array(to), share: new Float64Array(to) }
  for (let cell = 0; cell < to; cell++) {
    // In units of 1/to of a source cell all borders are whole numbers.
    const border = (cell + 1) * from
    cells.end[cell] = Math.floor(border / to)
    cells.share[cell] = (border % to) / to
  }
  return cells
}

function averageLine(data: Uint8Array, start: number, { end, share }: Cells, line: Float64Array): void {
  let at = start
  let rest = 0
  for (let x = 0; x < line.length; x++) {
    let sum = rest
    for (const stop = start + 3 * end[x]!; at < stop; at += 3) {
      sum += 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!
    }
    rest = 0
    if (share[x]! > 0) {
      const value = 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!
      sum += value * share[x]!
      rest = value * (1 - share[x]!)
      at += 3
    }
    line[x] = sum
  }
}

function addLine(sum: Float64Array, start: number, line: Float64Array, share: number): void {
  for (let x = 0; x < line.length; x++) sum[start + x]! += line[x]! * share
}

function laplacianVariance({ data, width, height }: LumaPlane): number {
  const count = (width - 2) * (height - 2)
  if (width < 3 || height < 3) return 0
  let sum = 0
  let squares = 0
  for (let y = 1; y < height - 1; y++) {
    for (let at = y * width + 1; at < (y + 1) * width - 1; at++) {
      const value = data[at - 1]! + data[at + 1]! + data[at - width]! + data[at + width]! - 4 * data[at]!
      sum += value
      squares += value * value
    }
  }
  const mean = sum / count
  return Math.max(0, squares / count - mean * mean)
}

function lumaEntropy({ data }: LumaPlane): number {
  const bins = new Uint32Array(256)
  for (const value of data) bins[Math.min(255, Math.floor(value + 0.5))]!++
  let entropy = 0
  for (const bin of bins) {
    if (bin > 0) entropy -= (bin / data.length) * Math.log2(bin / data.length)
  }
  return Math.max(0, entropy)
}
