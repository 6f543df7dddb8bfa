import { createHash } from 'node:crypto'
import { AppError } from '../../schema/contracts/errors.ts'
import type { NormaliseFact } from '../../schema/contracts/facts.ts'
import type { ImageSection } from '../../schema/contracts/spec.ts'
import type { Images, OpenImage } from '../../infra/images.ts'
import { measureImage } from './image-measures.ts'
import { pdqHash } from './pdq.ts'
import { readPictureRights } from './picture-rights.ts'

/** Raised by whoever changes what normalise finds or writes; golden outputs in the tests fail when it is forgotten. */
export const NORMALISE_REV = 1

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
  const encoded = await images.encode(raster, {
    format: config.format,
    quality: config.quality,
    maxSide: config.max_side,
  })
  const pdq = pdqHash(raster)
  const fact: NormaliseFact = {
    ok: true,
    format: picture.format,
    width: raster.width,
    height: raster.height,
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
    ...measureImage(raster),
    ...readPictureRights(picture.xmp, picture.iptc),
  }
  return { fact, released: encoded.bytes }
}

function failed(reason: Extract<NormaliseFact, { ok: false }>['reason']): NormaliseResult {
  return { fact: { ok: false, reason }, released: null }
}
