import sharp, { type Sharp } from 'sharp'
import { PermanentError } from '../schema/contracts/errors.ts'
import { decodeError } from './image-error.ts'
import { type ImageFormat, sniffImageFormat } from './image-format.ts'

/**
 * Largest picture that is decoded, in pixels (width x height of one frame). 50 megapixels covers every
 * camera in common use and costs 150 MB as RGB; sharp's own default of 268 megapixels lets a file of
 * 32 KB claim a gigabyte.
 */
export const MAX_IMAGE_PIXELS = 50_000_000
/**
 * Longest side in pixels: what JPEG, GIF and AVIF can hold. A PNG may claim one column of 50 million rows, which is
 * under the limit of pixels and takes a minute.
 */
export const MAX_IMAGE_SIDE = 65_535

/** Loaders by their class names in libvips; all others (SVG, PDF, TIFF, ImageMagick, ...) are blocked. */
const ALLOWED_LOADERS = [
  'VipsForeignLoadJpegBuffer',
  'VipsForeignLoadPngBuffer',
  'VipsForeignLoadWebpBuffer',
  'VipsForeignLoadNsgifBuffer',
  'VipsForeignLoadHeifBuffer',
]

/** 8-bit sRGB pixels, three bytes each, rows from the top, no padding. */
export interface Raster {
  data: Uint8Array
  width: number
  height: number
}

/** A picture whose header was read and is within the limits; no pixel was decoded. */
export interface OpenImage {
  bytes: Uint8Array
  format: ImageFormat
  frames: number
  hasAlpha: boolean
  xmp: Uint8Array | null
  iptc: Uint8Array | null
}

export interface DecodeOptions {
  /** Turn by the EXIF orientation. */
  orient: boolean
  /** Colour under transparent pixels (`#rrggbb`); null drops the alpha channel and keeps what lies under it. */
  background: string | null
  /** Convert an embedded colour profile to sRGB. */
  useProfile: boolean
}

export interface EncodeOptions {
  format: 'jpeg' | 'webp' | 'png'
  /** 1 to 100; without effect on png. */
  quality: number
  /** Longest side in pixels; a smaller picture is never enlarged. */
  maxSide: number
}

export interface EncodedImage {
  bytes: Buffer
  width: number
  height: number
}

/** Name, versions and build of everything that decides decoded pixels and encoded bytes. */
export interface EncoderDefinition {
  versions: Record<string, string>
  /** Operating system and processor: the same versions may round differently on another one. */
  build: string
  max_pixels: number
  max_side: number
}

export type Images = Awaited<ReturnType<typeof createImages>>

/**
 * The one owner of sharp. Process-wide effects: exotic loaders blocked, cache off, one thread per picture,
 * so that what a picture costs is bounded and its bytes are the same on any number of cores. A process that starts
 * threads calls it before them: loaders are blocked once, as for a moment all are.
 */
export async function createImages() {
  if (!(await isSvgBlocked())) {
    sharp.block({ operation: ['VipsForeignLoad'] })
    sharp.unblock({ operation: ALLOWED_LOADERS })
  }
  sharp.cache(false)
  sharp.concurrency(1)
  return { sniff: sniffImageFormat, open, decode, encode, free, definition: encoderDefinition }
}

async function isSvgBlocked(): Promise<boolean> {
  try {
    await sharp(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>')).metadata()
    return false
  } catch {
    // Refused, which is what was asked.
    return true
  }
}

/** Enters the identity of every step that decodes or encodes a picture. */
export function encoderDefinition(): EncoderDefinition {
  const versions = Object.entries(sharp.versions).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return {
    versions: Object.fromEntries(versions.sort(([a], [b]) => (a < b ? -1 : 1))),
    build: `${process.platform}-${process.arch}`,
    max_pixels: MAX_IMAGE_PIXELS,
    max_side: MAX_IMAGE_SIDE,
  }
}

/**
 * Reads the header and holds its claims against the limits. Throws `IMAGE_UNSUPPORTED_FORMAT`, `IMAGE_UNDECODABLE`
 * or `IMAGE_TOO_MANY_PIXELS` (all permanent).
 */
async function open(bytes: Uint8Array): Promise<OpenImage> {
  const format = sniffImageFormat(bytes)
  if (format === null) throw new PermanentError('IMAGE_UNSUPPORTED_FORMAT', 'picture has no supported format')
  const header = await readHeader(bytes)
  const height = header.pageHeight ?? header.height
  if (header.width * height > MAX_IMAGE_PIXELS || Math.max(header.width, height) > MAX_IMAGE_SIDE) {
    const size = { width: header.width, height }
    throw new PermanentError('IMAGE_TOO_MANY_PIXELS', `picture claims ${size.width} x ${size.height} pixels`, size)
  }
  return {
    bytes,
    format,
    frames: header.pages ?? 1,
    hasAlpha: header.hasAlpha,
    xmp: header.xmp ?? null,
    iptc: header.iptc ?? null,
  }
}

async function readHeader(bytes: Uint8Array) {
  try {
    // The claim itself is wanted, so the library's own limit is off here.
    return await sharp(bytes, { limitInputPixels: false, failOn: 'error', pages: 1 }).metadata()
  } catch (cause) {
    throw decodeError(cause)
  }
}

/**
 * Decodes the first frame to RGB. Truncated and broken files throw `IMAGE_UNDECODABLE`; mere warnings
 * (say stray bytes between JPEG segments) do not, as other readers show such pictures too.
 */
async function decode(picture: OpenImage, options: DecodeOptions): Promise<Raster> {
  let image: Sharp = sharp(picture.bytes, {
    limitInputPixels: MAX_IMAGE_PIXELS,
    failOn: 'error',
    pages: 1,
    ignoreIcc: !options.useProfile,
  })
  if (options.orient) image = image.autoOrient()
  const background = options.background === null ? null : parseColour(options.background)
  if (background === null) image = image.removeAlpha()
  try {
    const { data, info } = await image.toColourspace('srgb').raw().toBuffer({ resolveWithObject: true })
    return {
      data: background === null ? data : flatten(data, info.channels, background),
      width: info.width,
      height: info.height,
    }
  } catch (cause) {
    throw decodeError(cause)
  }
}

/**
 * Lays the picture on the background, in place. By hand because the library's flatten turns a coloured
 * background to white under a greyscale picture; rounds to nearest, on integers.
 */
function flatten(data: Uint8Array, channels: number, [red, green, blue]: Colour): Uint8Array {
  if (channels !== 4) return data
  let out = 0
  for (let at = 0; at < data.length; at += 4, out += 3) {
    const alpha = data[at + 3]!
    data[out] = Math.floor((data[at]! * alpha + red * (255 - alpha) + 127) / 255)
    data[out + 1] = Math.floor((data[at + 1]! * alpha + green * (255 - alpha) + 127) / 255)
    data[out + 2] = Math.floor((data[at + 2]! * alpha + blue * (255 - alpha) + 127) / 255)
  }
  return data.subarray(0, out)
}

type Colour = readonly [red: number, green: number, blue: number]

function parseColour(text: string): Colour {
  if (!/^#[0-9a-f]{6}$/i.test(text)) {
    throw new PermanentError('IMAGE_BAD_COLOUR', `background ${JSON.stringify(text)} is not of the form #rrggbb`)
  }
  const value = Number.parseInt(text.slice(1), 16)
  return [value >> 16, (value >> 8) & 255, value & 255]
}

/** Same raster, options and build: same bytes. The result carries no metadata. Throws `IMAGE_ENCODE_FAILED`. */
async function encode(raster: Raster, options: EncodeOptions): Promise<EncodedImage> {
  const raw = { width: raster.width, height: raster.height, channels: 3 as const }
  let image = sharp(raster.data, { raw, limitInputPixels: MAX_IMAGE_PIXELS })
  if (Math.max(raster.width, raster.height) > options.maxSide) {
    image = image.resize(options.maxSide, options.maxSide, { fit: 'inside', withoutEnlargement: true })
  }
  try {
    const { data, info } = await withFormat(image, options).toBuffer({ resolveWithObject: true })
    return { bytes: data, width: info.width, height: info.height }
  } catch (cause) {
    throw new PermanentError('IMAGE_ENCODE_FAILED', `picture cannot be encoded as ${options.format}`, {}, cause)
  }
}

/**
 * Gives a raster's memory back at once; the raster is empty then. The collector would let some of them pile up, and mark
 * the whole heap again and again for their sake: a third of what a picture costs.
 */
function free(raster: Raster): void {
  ;(raster.data.buffer as ArrayBuffer).transfer(0)
}

/** Every option that decides bytes is written out, so that a new default in the library changes nothing. */
function withFormat(image: Sharp, { format, quality }: EncodeOptions): Sharp {
  switch (format) {
    case 'jpeg':
      return image.jpeg({
        quality,
        progressive: false,
        chromaSubsampling: '4:2:0',
        optimiseCoding: true,
        mozjpeg: false,
      })
    case 'webp':
      return image.webp({ quality, effort: 4, lossless: false, smartSubsample: false })
    case 'png':
      return image.png({ compressionLevel: 6, adaptiveFiltering: false, palette: false, progressive: false })
    default:
      return format satisfies never
  }
}
