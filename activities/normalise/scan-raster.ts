import type { Raster } from '../../infra/images.ts'
import { kernel, small, strip } from './pixel-kernel.ts'

export interface Size {
  width: number
  height: number
}

/** What one pass over a picture leaves in the kernel, until the next pass; each of a size no larger than the kernel's planes. */
export interface ScanWants {
  /** Rec. 601 luma averaged over areas; not larger than the picture. */
  luma?: Size
  /** PDQ's luma of the nearest pixels. */
  sample?: Size
  /** The picture averaged over areas, rounded to nearest; not larger than the picture. */
  small?: Size
}

const NONE: Size = { width: 0, height: 0 }

/** Reads every row once, for all that looks at pixels. Returns the shrunk picture when it was asked for. */
export function scanRaster(raster: Raster, wants: ScanWants): Raster | null {
  const { data, width, height } = raster
  const { luma = NONE, sample = NONE, small: to = NONE } = wants
  kernel.begin(width, height, luma.width, luma.height, sample.width, sample.height, to.width, to.height)
  const shrunk = new Uint8Array(3 * to.width * to.height)
  const rowsAtOnce = Math.floor(strip.length / (3 * width))
  for (let row = 0, filled = 0; row < height; row += rowsAtOnce) {
    const rows = Math.min(rowsAtOnce, height - row)
    strip.set(data.subarray(3 * width * row, 3 * width * (row + rows)))
    const bytes = kernel.readStrip(rows)
    if (bytes === 0) continue
    shrunk.set(small.subarray(0, bytes), filled)
    filled += bytes
  }
  return wants.small ? { data: shrunk, ...wants.small } : null
}
