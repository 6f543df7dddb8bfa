/** Picture formats that are decoded; everything else is `unsupported_format`. */
const IMAGE_FORMATS = ['jpeg', 'png', 'webp', 'gif', 'avif'] as const
export type ImageFormat = (typeof IMAGE_FORMATS)[number]

const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
/** A `ftyp` box lists a handful of brands; more are not read, so that a hostile box costs nothing. */
const MAX_FTYP_BYTES = 512

/**
 * The format that the first bytes say, never a header or a file name; null for anything not decoded here.
 * AVIF is told from other HEIF files by the brands `avif` and `avis` of its `ftyp` box (ISO/IEC 14496-12).
 */
export function sniffImageFormat(bytes: Uint8Array): ImageFormat | null {
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return 'jpeg'
  if (PNG_SIGNATURE.every((byte, index) => bytes[index] === byte)) return 'png'
  const start = ascii(bytes, 0, 6)
  if (start === 'GIF87a' || start === 'GIF89a') return 'gif'
  if (start.startsWith('RIFF') && ascii(bytes, 8, 12) === 'WEBP') return 'webp'
  return hasAvifBrand(bytes) ? 'avif' : null
}

function hasAvifBrand(bytes: Uint8Array): boolean {
  if (ascii(bytes, 4, 8) !== 'ftyp') return false
  const size = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0)
  const end = Math.min(size, bytes.length, MAX_FTYP_BYTES)
  // Major brand at 8, its version at 12, compatible brands from 16.
  for (let at = 8; at + 4 <= end; at += at === 8 ? 8 : 4) {
    const brand = ascii(bytes, at, at + 4)
    if (brand === 'avif' || brand === 'avis') return true
  }
  return false
}

function ascii(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to))
}
