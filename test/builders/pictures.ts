import sharp from 'sharp'
import type { Raster } from '../../infra/images.ts'

/** A picture of smooth gradients and hard-edged discs, decided by its seed alone. */
export function aRaster({ width = 320, height = 200, seed = 1 } = {}): Raster {
  const data = new Uint8Array(width * height * 3)
  const discs = Array.from({ length: 14 }, (_, index) => ({
    x: mix(seed, index, 1) % width,
    y: mix(seed, index, 2) % height,
    r: Math.min(width, height) * (0.05 + (mix(seed, index, 3) % 100) / 500),
    colour: mix(seed, index, 4),
  }))
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const disc = discs.findLast((each) => (each.x - x) ** 2 + (each.y - y) ** 2 < each.r ** 2)
      const at = 3 * (y * width + x)
      data[at] = disc ? disc.colour & 255 : Math.floor((255 * x) / width)
      data[at + 1] = disc ? (disc.colour >> 8) & 255 : Math.floor((255 * y) / height)
      data[at + 2] = disc ? (disc.colour >> 16) & 255 : (seed * 40) & 255
    }
  }
  return { data, width, height }
}

/** The raster as a sharp pipeline, to be encoded as a test wants it. */
export function sharpOf(raster: Raster) {
  return sharp(raster.data, { raw: { width: raster.width, height: raster.height, channels: 3 } })
}

/** RGBA pixels as a PNG file. */
export function rgbaPng(width: number, height: number, pixels: number[]): Promise<Buffer> {
  return sharp(Uint8Array.from(pixels), { raw: { width, height, channels: 4 } })
    .png()
    .toBuffer()
}

/** A PNG whose header claims a size that its few bytes do not hold. */
export function pngClaiming(width: number, height: number): Buffer {
  const header = Buffer.alloc(25)
  header.writeUInt32BE(13, 0)
  header.write('IHDR', 4, 'latin1')
  header.writeUInt32BE(width, 8)
  header.writeUInt32BE(height, 12)
  header.set([1, 0, 0, 0, 0], 16)
  header.writeUInt32BE(crc32(header.subarray(4, 21)), 21)
  const idat = Buffer.from('0000000049444154', 'hex')
  const data = Buffer.concat([idat, Buffer.from([0x35, 0xaf, 0x06, 0x1e])])
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), header, data])
}

function crc32(bytes: Uint8Array): number {
  let crc = ~0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}

/** A 32-bit hash of small numbers (murmur3's finaliser), so that a seed is enough to repeat a picture. */
function mix(...parts: number[]): number {
  let hash = 0x9e3779b9
  for (const part of parts) {
    hash = Math.imul(hash ^ part, 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    hash ^= hash >>> 16
  }
  return hash >>> 0
}
