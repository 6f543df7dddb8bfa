import { createHash } from 'node:crypto'
import { AppError } from '../../schema/contracts/errors.ts'
import type { NormaliseFact } from '../../schema/contracts/facts.ts'
import type { ImageSection } from '../../schema/contracts/spec.ts'
import type { Images, OpenImage, Raster } from '../../infra/images.ts'
import { measuredSize, measureLuma } from './image-measures.ts'
import { hashSample, sampledSize } from './pdq.ts'
import { readPictureRights } from './picture-rights.ts'
import { scanRaster, type Size } from './scan-raster.ts'

/** Raised by whoever changes what normalise finds or writes; golden outputs in the tests fail when it is forgotten. */
export const NORMALISE_REV = 2

/**
 * A picture at least so many times as large as its release is shrunk by averaging areas, which is exact; where less is
 * to be shrunk an average blurs, and the encoder resamples (Lanczos).
 */
const LEAST_AVERAGED = 2

/** The part of the spec that decides what normalise finds and writes; limits of size are judgements and not here. */
export type NormaliseConfig = Pick<ImageSection, 'format' | 'quality' | 'background' | 'max_side'>

export interface NormaliseResult {
  fact: NormaliseFact
  /** The released bytes; null when the fact is not ok. */
  released: Buffer | null
}

/**
 * Everything that looks into one picture, from one decode. A pure function of bytes, config and encoder build.
 * A picture that cannot be read is a fact with a reason; it throws only for faults that are not the picture's
 * (`IMAGE_OUT_OF_MEMORY`, `IMAGE_ENCODE_FAILED`).
 */
export async function normalisePicture(
  bytes: Uint8Array,
  config: NormaliseConfig,
  images: Images,
): Promise<NormaliseResult> {
  try {
    return await normaliseOpen(await images.open(bytes), config, images)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    if (error.code === 'IMAGE_UNSUPPORTED_FORMAT') return failed('unsupported_format')
    if (error.code === 'IMAGE_TOO_MANY_PIXELS') return failed('too_many_pixels')
    if (error.code === 'IMAGE_UNDECODABLE') return failed('undecodable')
    throw error
  }
}

async function normaliseOpen(picture: OpenImage, config: NormaliseConfig, images: Images): Promise<NormaliseResult> {
  const raster = await images.decode(picture, { orient: true, background: config.background, useProfile: true })
  const { shrunk, pdq, measures } = look(raster, config.max_side)
  const { width, height } = raster
  if (shrunk) images.free(raster)
  const released = shrunk ?? raster
  const encoded = await images.encode(released, {
    format: config.format,
    quality: config.quality,
    maxSide: config.max_side,
  })
  images.free(released)
  const fact: NormaliseFact = {
    ok: true,
    format: picture.format,
    width,
    height,
    bytes: picture.bytes.length,
    frames: picture.frames,
    has_alpha: picture.hasAlpha,
    released: {
      sha256: createHash('sha256').update(encoded.bytes).digest('hex'),
      width: encoded.width,
      height: encoded.height,
      bytes: encoded.bytes.length,
    },
    pdq: pdq.hash,
    pdq_quality: pdq.quality,
    ...measures,
    ...readPictureRights(picture.xmp, picture.iptc),
  }
  return { fact, released: encoded.bytes }
}

/** Everything that is found in pixels, in one pass over them. */
function look(raster: Raster, maxSide: number) {
  const [luma, sample, small] = [measuredSize(raster), sampledSize(raster), shrunkSize(raster, maxSide)]
  const shrunk = scanRaster(raster, { luma, sample, ...(small ? { small } : {}) })
  return { shrunk, pdq: hashSample(sample), measures: measureLuma(luma) }
}

/** Null where the encoder is to shrink the picture by itself, or leave it. */
function shrunkSize({ width, height }: Size, maxSide: number): Size | null {
  const factor = maxSide / Math.max(width, height)
  if (factor * LEAST_AVERAGED > 1) return null
  return { width: Math.max(1, Math.round(width * factor)), height: Math.max(1, Math.round(height * factor)) }
}

function failed(reason: Extract<NormaliseFact, { ok: false }>['reason']): NormaliseResult {
  return { fact: { ok: false, reason }, released: null }
}
