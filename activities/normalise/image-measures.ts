import type { Raster } from '../../infra/images.ts'
import { round4 } from '../round4.ts'
import { bins, ends, kernel, luma, moments, row, shares } from './pixel-kernel.ts'

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
  const { width, height } = scaledLuma(raster)
  return { sharpness: round4(laplacianVariance(width, height)), entropy: round4(lumaEntropy(width * height)) }
}

export interface LumaPlane {
  /** 0 to 255; memory of the kernel, so good until the next picture. */
  data: Float64Array
  width: number
  height: number
}

/** Rec. 601 luma, shrunk to MEASURE_SIDE by exact area averaging. */
export function scaledLuma({ data, width, height }: Raster): LumaPlane {
  const scale = Math.min(1, MEASURE_SIDE / Math.max(width, height))
  const outWidth = Math.max(1, Math.round(width * scale))
  const outHeight = Math.max(1, Math.round(height * scale))
  const columns = splitCells(width, outWidth)
  ends.set(columns.end)
  shares.set(columns.share)
  const rows = splitCells(height, outHeight)
  const averageRow = (y: number) => {
    row.set(data.subarray(3 * y * width, 3 * (y + 1) * width))
    kernel.averageLine(width, outWidth)
  }
  kernel.clear(outWidth * outHeight)
  for (let out = 0, y = 0; out < outHeight; out++) {
    for (; y < rows.end[out]!; y++) {
      averageRow(y)
      kernel.addLine(out * outWidth, outWidth, 1)
    }
    const share = rows.share[out]!
    if (share === 0) continue
    averageRow(y)
    kernel.addLine(out * outWidth, outWidth, share)
    kernel.addLine((out + 1) * outWidth, outWidth, 1 - share)
    y++
  }
  kernel.divide(outWidth * outHeight, (width / outWidth) * (height / outHeight))
  return { data: luma.subarray(0, outWidth * outHeight), width: outWidth, height: outHeight }
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

/** Of the luma that the kernel holds. */
function laplacianVariance(width: number, height: number): number {
  const count = (width - 2) * (height - 2)
  if (width < 3 || height < 3) return 0
  kernel.laplacian(width, height)
  const mean = moments[0]! / count
  return Math.max(0, moments[1]! / count - mean * mean)
}

function lumaEntropy(cells: number): number {
  kernel.histogram(cells)
  let entropy = 0
  for (const bin of bins) {
    if (bin > 0) entropy -= (bin / cells) * Math.log2(bin / cells)
  }
  return Math.max(0, entropy)
}
