import * as tf from '@tensorflow/tfjs'
import { afterAll, expect, test, vi } from 'vitest'
import { classifierDefinition } from '../../infra/classifier-model.ts'
import { createClassifier } from '../../infra/classifier.ts'
import { aRaster } from '../builders/pictures.ts'

const writes = ['log', 'info', 'warn', 'error'] as const
const spies = writes.map((name) => vi.spyOn(console, name))
const classifier = await createClassifier()
const loadingWrote = spies.map((spy) => spy.mock.calls.length)
afterAll(() => classifier.close())

test('starts without a word on the console', () => {
  expect(loadingWrote).toEqual([0, 0, 0, 0])
})

test('gives the five classes as probabilities', async () => {
  const scores = await classifier.classify(aRaster())
  expect(Object.keys(scores).toSorted()).toEqual(['drawing', 'hentai', 'neutral', 'porn', 'sexy'])
  expect(Object.values(scores).reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 5)
})

test('gives a picture the same scores whatever came before', async () => {
  const raster = aRaster({ width: 300, height: 400 })
  const first = await classifier.classify(raster)
  await classifier.classify(aRaster({ width: 40, height: 30, seed: 5 }))
  expect(await classifier.classify(raster)).toEqual(first)
})

test("resizes as the library does: bilinear to the model's side, corners aligned", async () => {
  const raster = aRaster({ width: 500, height: 300, seed: 3 })
  const resized = tf.tidy(() => {
    const pixels = tf.tensor3d(raster.data, [300, 500, 3], 'int32').toFloat()
    return tf.image
      .resizeBilinear(pixels as tf.Tensor3D, [224, 224], true)
      .round()
      .dataSync()
  })
  const whole = await classifier.classify(raster)
  const small = await classifier.classify({ data: Uint8Array.from(resized), width: 224, height: 224 })
  expect(whole.drawing).toBeCloseTo(small.drawing, 2)
  expect(whole.neutral).toBeCloseTo(small.neutral, 2)
})

test('leaves no tensors behind', async () => {
  const before = tf.memory().numTensors
  await classifier.classify(aRaster())
  expect(tf.memory().numTensors).toBe(before)
})

test('runs on one thread of the backend with simd', () => {
  expect([
    tf.getBackend(),
    tf.env().get('WASM_HAS_SIMD_SUPPORT'),
    tf.env().get('WASM_HAS_MULTITHREAD_SUPPORT'),
  ]).toEqual(['wasm', true, false])
})

test('does not start without simd', async () => {
  tf.env().set('WASM_HAS_SIMD_SUPPORT', false)
  await expect(createClassifier()).rejects.toMatchObject({ name: 'PermanentError', code: 'WASM_SIMD_MISSING' })
  tf.env().set('WASM_HAS_SIMD_SUPPORT', true)
})

test('names model, libraries and kernels in its definition', async () => {
  const hex = expect.stringMatching(/^[0-9a-f]{64}$/)
  expect(await classifierDefinition()).toEqual({
    model: 'MobileNetV2',
    model_sha256: hex,
    nsfwjs: '4.3.0',
    tfjs: '4.22.0',
    wasm_sha256: hex,
    side: 224,
  })
})
