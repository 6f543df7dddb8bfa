import type { SafetyFact } from '../../schema/contracts/facts.ts'
import type { Classifier } from '../../infra/classifier.ts'
import type { Images } from '../../infra/images.ts'
import { round4 } from '../round4.ts'

/** Raised by whoever changes what the step finds. */
export const SAFETY_REV = 1

/**
 * NSFW scores of a released picture, to 4 decimals; a function of its bytes. Limits are a judgement and not here.
 * Throws what decoding throws: released bytes are our own, so that is a fault and no reason to drop.
 */
export async function classifyPicture(
  released: Uint8Array,
  images: Pick<Images, 'open' | 'decode'>,
  classifier: Pick<Classifier, 'classify'>,
): Promise<SafetyFact> {
  const raster = await images.decode(await images.open(released), {
    orient: false,
    background: null,
    useProfile: false,
  })
  const { drawing, hentai, neutral, porn, sexy } = await classifier.classify(raster)
  return {
    drawing: round4(drawing),
    hentai: round4(hentai),
    neutral: round4(neutral),
    porn: round4(porn),
    sexy: round4(sexy),
  }
}
