import type { Raster } from '../../infra/images.ts'
import { round4 } from '../round4.ts'
import { bins, kernel, moments } from './pixel-kernel.ts'
import { scanRaster, type Size } from './scan-raster.ts'

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

/** The size at which a picture is measured: what a scan is asked for as `luma`. */
export function measuredSize({ width, height }: Size): Size {
  const scale = Math.min(1, MEASURE_SIDE / Math.max(width, height))
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) }
}

/** Measures of the luma that a scan left; the same order of sums everywhere, so equal pixels give equal numbers. */
export function measureLuma(size: Size): ImageMeasures {
  return { sharpness: round4(laplacianVariance(size)), entropy: round4(lumaEntropy(size)) }
}

/** Measures of an RGB raster. */
export function measureImage(raster: Raster): ImageMeasures {
  const size = measuredSize(raster)
  scanRaster(raster, { luma: size })
  return measureLuma(size)
}

function laplacianVariance({ width, height }: Size): number {
  const count = (width - 2) * (height - 2)
  if (width < 3 || height < 3) return 0
  kernel.laplacian()
  const mean = moments[0]! / count
  return Math.max(0, moments[1]! / count - mean * mean)
}

function lumaEntropy({ width, height }: Size): number {
  const cells = width * height
  kernel.histogram()
  let entropy = 0
  for (const bin of bins) {
    if (bin > 0) entropy -= (bin / cells) * Math.log2(bin / cells)
  }
  return Math.max(0, entropy)
}
