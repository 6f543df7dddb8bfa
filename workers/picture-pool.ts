import type { NormaliseConfig, NormaliseResult } from '../activities/normalise/normalise-picture.ts'
import type { PdqResult } from '../activities/normalise/pdq.ts'
import { createImages } from '../infra/images.ts'
import { createThreadPool } from '../infra/thread-pool.ts'
import type { SafetyFact } from '../schema/contracts/facts.ts'
import type { PictureTask, StoredPicture } from './picture-tasks.ts'

export interface PicturePoolSettings {
  threads: number
  maxQueued?: number
  taskTimeoutMs?: number
  maxHeapMib?: number
}

/** Errors are those of the functions that the thread runs, and of the thread pool. */
export interface PicturePool extends AsyncDisposable {
  /** Of bytes, or of a stored picture: then those of the store, too. */
  normalise: (source: Uint8Array | StoredPicture, config: NormaliseConfig) => Promise<NormaliseResult>
  classify: (released: Uint8Array) => Promise<SafetyFact>
  pdqReference: (bytes: Uint8Array) => Promise<PdqResult>
  /** Starts the classifier in one thread, so that a machine which cannot run it says so at once. */
  startClassifier: () => Promise<void>
  close: () => Promise<void>
}

/** Far above the slowest picture under the pixel limit (some seconds); a setting, as it changes no result. */
const TASK_TIMEOUT_MS = 120_000
/** Two shards of a thousand pictures, so that a caller may hand over a whole shard. */
const MAX_QUEUED = 2_000
const MAX_HEAP_MIB = 1_024

/** Opens the pool; the first thread starts with the first task. */
export async function createPicturePool(settings: PicturePoolSettings): Promise<PicturePool> {
  // Blocks exotic loaders for the whole process before any thread decodes.
  await createImages()
  const pool = createThreadPool({
    file: new URL('picture-thread.ts', import.meta.url),
    threads: settings.threads,
    maxQueued: settings.maxQueued ?? MAX_QUEUED,
    taskTimeoutMs: settings.taskTimeoutMs ?? TASK_TIMEOUT_MS,
    maxHeapMib: settings.maxHeapMib ?? MAX_HEAP_MIB,
  })
  const run = (task: PictureTask, moved: ArrayBuffer[]) => pool.run(task, moved)
  return {
    normalise: async (source, config) => {
      const own = source instanceof Uint8Array ? new Uint8Array(source) : null
      const moved = own === null ? [] : [own.buffer]
      const { fact, released } = (await run(
        { kind: 'normalise', source: own ?? (source as StoredPicture), config },
        moved,
      )) as {
        fact: NormaliseResult['fact']
        released: Uint8Array<ArrayBuffer> | null
      }
      return { fact, released: released === null ? null : Buffer.from(released.buffer) }
    },
    classify: async (bytes) => {
      const released = new Uint8Array(bytes)
      return (await run({ kind: 'classify', released }, [released.buffer])) as SafetyFact
    },
    pdqReference: async (bytes) => {
      const own = new Uint8Array(bytes)
      return (await run({ kind: 'pdq-reference', bytes: own }, [own.buffer])) as PdqResult
    },
    startClassifier: async () => {
      await run({ kind: 'start-classifier' }, [])
    },
    close: () => pool.close(),
    [Symbol.asyncDispose]: () => pool.close(),
  }
}
