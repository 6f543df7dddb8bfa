/** Thread that looks into pictures: normalise, safety and the reference PDQ, off the event loop of its process. */
import { normalisePicture } from '../activities/normalise/normalise-picture.ts'
import { pdqReferenceHash } from '../activities/normalise/pdq.ts'
import { classifyPicture } from '../activities/safety/classify-picture.ts'
import type { Classifier } from '../infra/classifier.ts'
import { createImages } from '../infra/images.ts'
import { readObjectSync } from '../infra/objects.ts'
import { type ThreadResult, serveThread } from '../infra/thread-server.ts'
import type { PictureTask } from './picture-tasks.ts'

const images = await createImages()
let classifier: Promise<Classifier> | undefined
/** Its library is half of the thread's heap, and not every release asks for it. */
const startClassifier = () =>
  (classifier ??= import('../infra/classifier.ts').then(({ createClassifier }) => createClassifier()))

async function run(task: PictureTask): Promise<ThreadResult> {
  switch (task.kind) {
    case 'normalise': {
      const { source, config } = task
      const bytes = 'file' in source ? readObjectSync(source.file, Buffer.from(source.sha256, 'hex')) : source
      const { fact, released } = await normalisePicture(bytes, config, images)
      if (released === null) return { value: { fact, released } }
      // A copy owns its memory and can move; the encoder's buffer cannot.
      const moved = new Uint8Array(released)
      return { value: { fact, released: moved }, transfer: [moved.buffer] }
    }
    case 'classify':
      return { value: await classifyPicture(task.released, images, await startClassifier()) }
    case 'pdq-reference':
      return { value: await pdqReferenceHash(task.bytes, images) }
    case 'start-classifier':
      await startClassifier()
      return { value: null }
    default:
      return task satisfies never
  }
}

serveThread(run)
