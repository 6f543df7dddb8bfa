import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { MobileNetV2Model } from 'nsfwjs/models/mobilenet_v2'
import { InvariantError } from '../schema/contracts/errors.ts'

/** Side of the square that the model sees. */
export const MODEL_SIDE = 224

/** Everything that decides a score: model, library, inference code. */
export interface ClassifierDefinition {
  model: string
  /** SHA-256 of topology and weights. */
  model_sha256: string
  nsfwjs: string
  tfjs: string
  /** SHA-256 of the kernels that compute. */
  wasm_sha256: string
  side: number
}

/** The model's topology and weights as its package carries them. */
export interface ClassifierModel {
  topology: object
  weightSpecs: object[]
  weights: Uint8Array<ArrayBuffer>
}

/** The package's own types do not resolve in strict ESM, so what is used of them is said here. */
interface PackagedModel {
  name: string
  modelJson: () => Promise<{ default: { modelTopology: object; weightsManifest: { weights: object[] }[] } }>
  weightBundles: (() => Promise<{ default: string }>)[]
}
const MODEL = MobileNetV2Model as PackagedModel

const require = createRequire(import.meta.url)
export const WASM_FOLDER = join(packageFolder('@tensorflow/tfjs-backend-wasm'), 'dist/')
/** The build with SIMD and without threads. */
const WASM_BINARY = 'tfjs-backend-wasm-simd.wasm'

/** Reads the model from the installed package: JSON and base64 inside modules, no network. */
export async function loadClassifierModel(): Promise<ClassifierModel> {
  const { modelTopology, weightsManifest } = (await MODEL.modelJson()).default
  const bundles = await Promise.all(MODEL.weightBundles.map(async (load) => (await load()).default))
  return {
    topology: modelTopology,
    weightSpecs: weightsManifest.flatMap((group) => group.weights),
    weights: new Uint8Array(Buffer.concat(bundles.map((bundle) => Buffer.from(bundle, 'base64')))),
  }
}

/** Names, versions and digests for the step's identity; opens the files, but does not start the classifier. */
export async function classifierDefinition(): Promise<ClassifierDefinition> {
  const { topology, weightSpecs, weights } = await loadClassifierModel()
  return {
    model: MODEL.name,
    model_sha256: createHash('sha256').update(JSON.stringify({ topology, weightSpecs })).update(weights).digest('hex'),
    nsfwjs: packageVersion('nsfwjs'),
    tfjs: packageVersion('@tensorflow/tfjs'),
    wasm_sha256: createHash('sha256')
      .update(readFileSync(join(WASM_FOLDER, WASM_BINARY)))
      .digest('hex'),
    side: MODEL_SIDE,
  }
}

function packageVersion(name: string): string {
  const manifest = JSON.parse(readFileSync(join(packageFolder(name), 'package.json'), 'utf8')) as { version: string }
  return manifest.version
}

function packageFolder(name: string): string {
  const entry = require.resolve(name)
  const folder = join('node_modules', name)
  const at = entry.lastIndexOf(folder)
  if (at < 0) throw new InvariantError('PACKAGE_NOT_FOUND', `${name} is not installed under node_modules`, { entry })
  return entry.slice(0, at + folder.length)
}
