import * as tf from '@tensorflow/tfjs'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { NSFWJS } from 'nsfwjs/core'
import { InvariantError, PermanentError } from '../schema/contracts/errors.ts'
import { MODEL_SIDE, WASM_FOLDER, loadClassifierModel } from './classifier-model.ts'
import type { Raster } from './images.ts'

const CLASSES = ['Drawing', 'Hentai', 'Neutral', 'Porn', 'Sexy'] as const

/** Probability of each class as the model gives it, unrounded; they sum to 1. */
export type ClassScores = Record<Lowercase<(typeof CLASSES)[number]>, number>

export interface Classifier {
  /** Scores depend on the pixels alone, never on what was classified before. */
  classify: (raster: Raster) => Promise<ClassScores>
  close: () => void
}

/**
 * Loads the NSFW classifier (nsfwjs, MobileNetV2) on the WASM backend, from files of the installed packages only.
 * One thread: scores do not depend on cores. Throws `WASM_SIMD_MISSING` (permanent) without WASM SIMD, because
 * scores differ in the fourth decimal there.
 */
export async function createClassifier(): Promise<Classifier> {
  if (!(await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT'))) {
    throw new PermanentError(
      'WASM_SIMD_MISSING',
      'wasm simd is not offered by this processor or runtime; safety needs it',
    )
  }
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false)
  setWasmPaths(WASM_FOLDER)
  // Before any tensor is made: the plain JavaScript backend would greet on the console.
  if (!(await tf.setBackend('wasm'))) throw new PermanentError('WASM_BACKEND_FAILED', 'wasm backend did not start')
  const network = await loadNetwork()
  return { classify: (raster) => classify(network, raster), close: () => network.dispose() }
}

/** Built without the library's `load`, which writes to stdout. */
async function loadNetwork(): Promise<NSFWJS> {
  const { topology, weightSpecs, weights } = await loadClassifierModel()
  const handler = tf.io.fromMemory({
    modelTopology: topology,
    weightSpecs: weightSpecs as tf.io.WeightsManifestEntry[],
    weightData: weights.buffer,
  })
  const network = new NSFWJS(handler, { size: MODEL_SIDE })
  await network.load()
  return network
}

async function classify(network: NSFWJS, { data, width, height }: Raster): Promise<ClassScores> {
  const pixels = tf.tensor3d(data, [height, width, 3], 'int32')
  try {
    // The library's own division and bilinear resize: another resampling moves scores by tenths.
    const predictions: { className: string; probability: number }[] = await network.classify(pixels, CLASSES.length)
    const found = new Map(predictions.map((each) => [each.className, each.probability]))
    return Object.fromEntries(CLASSES.map((name) => [name.toLowerCase(), scoreOf(found, name)])) as ClassScores
  } finally {
    pixels.dispose()
  }
}

function scoreOf(found: Map<string, number>, name: string): number {
  const score = found.get(name)
  if (score === undefined || !Number.isFinite(score)) {
    throw new InvariantError('SAFETY_SCORE_MISSING', `classifier gave no finite score for ${name}`)
  }
  return score
}
