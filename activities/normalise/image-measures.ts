import type { Raster } from '../../infra/images.ts'

/**
 * Longest side, in pixels, at which sharpness and entropy are measured: the variance of the Laplacian grows as a
 * picture shrinks, so it can be compared only at a fixed scale. A smaller picture is measured as it is.
 */
export const MEASURE_SIDE = 512

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
  const columns = spans(width, outWidth)
  const rows = spans(height, outHeight)
  const line = new Float64Array(outWidth)
  for (let y = 0; y < height; y++) {
    averageLine(data, 3 * y * width, columns, line)
    addLine(luma, rows.target[y]! * outWidth, line, rows.first[y]!)
    if (rows.first[y]! < 1) addLine(luma, (rows.target[y]! + 1) * outWidth, line, 1 - rows.first[y]!)
  }
  const area = (width / outWidth) * (height / outHeight)
  for (let at = 0; at < luma.length; at++) luma[at]! /= area
  return { data: luma, width: outWidth, height: outHeight }
}

/** For each source cell: the target cell in which it begins, and the share of it that falls there. */
interface Spans {
  target: Uint32Array
  first: Float64Array
}

function spans(from: number, to: number): Spans {
  const target = new Uint32Array(from)
  const first = new Float64Array(from).fill(1)
  for (let at = 0; at < from; at++) {
    // In units of 1/from of a target cell all borders are whole numbers.
    const begin = at * to
    target[at] = Math.floor(begin / from)
    const border = (target[at]! + 1) * from
    if (begin + to > border) first[at] = (border - begin) / to
  }
  return { target, first }
}

function averageLine(data: Uint8Array, start: number, { target, first }: Spans, line: Float64Array): void {
  line.fill(0)
  for (let x = 0, at = start; x < target.length; x++, at += 3) {
    const luma = 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!
    const share = first[x]!
    line[target[x]!]! += luma * share
    if (share < 1) line[target[x]! + 1]! += luma * (1 - share)
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

function round4(value: number): number {
  return Math.round(value * 10_000) / 10_000
}
