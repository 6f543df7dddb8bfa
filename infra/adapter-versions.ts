import { classifierDefinition } from './classifier-model.ts'
import { encoderDefinition } from './images.ts'

/** What the adapters of encoder and classifier say of themselves: the part of a step's identity that only they know. */
export async function adapterVersions(): Promise<{ images: object; classifier: object }> {
  return { images: encoderDefinition(), classifier: await classifierDefinition() }
}
