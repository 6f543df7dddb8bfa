import { expect, test } from 'vitest'
import { classifyPicture } from '../../../activities/safety/classify-picture.ts'
import { createClassifier } from '../../../infra/classifier.ts'
import { createImages } from '../../../infra/images.ts'
import { aRaster, sharpOf } from '../../builders/pictures.ts'

const images = await createImages()

test('rounds scores to four decimals and keeps their names', async () => {
  const bytes = await sharpOf(aRaster()).png().toBuffer()
  const classify = async () => ({ drawing: 0.123456, hentai: 0.00004, neutral: 0.87654, porn: 1e-9, sexy: 0.00005 })
  expect(await classifyPicture(bytes, images, { classify })).toEqual({
    drawing: 0.1235,
    hentai: 0,
    neutral: 0.8765,
    porn: 0,
    sexy: 0.0001,
  })
})

// Recorded once; a difference means that model, kernels or resize moved: raise SAFETY_REV and record anew.
test('scores a generated picture as recorded', async () => {
  const classifier = await createClassifier()
  const bytes = await sharpOf(aRaster({ width: 640, height: 480, seed: 7 }))
    .png()
    .toBuffer()
  const fact = await classifyPicture(bytes, images, classifier)
  classifier.close()
  expect(fact).toEqual({ drawing: 0.2332, hentai: 0.0384, neutral: 0.723, porn: 0.0024, sexy: 0.003 })
})

test('throws on released bytes that are no picture, which is a fault', async () => {
  const classify = () => Promise.reject(new Error('not reached'))
  await expect(classifyPicture(Buffer.from('x'), images, { classify })).rejects.toMatchObject({
    code: 'IMAGE_UNSUPPORTED_FORMAT',
  })
})
