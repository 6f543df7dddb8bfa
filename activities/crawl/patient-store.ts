import type { ObjectStore } from '../../infra/objects.ts'
import { AppError } from '../../schema/contracts/errors.ts'

interface Patience {
  /** Milliseconds of a clock that does not jump. */
  now: () => number
  sleep: (ms: number) => Promise<void>
  /** Ends the waiting at once. */
  signal: AbortSignal
}

/**
 * How long answers wait for room before they are given up and asked for again: whoever clears the disk needs some
 * seconds, and a heartbeat, a lease and the site's patience last as long. Well under the activity's five minutes.
 */
export const PATIENCE_MS = 20_000
const AGAIN_MS = 500

/**
 * A store that waits while it is full: what was fetched is put when there is room, instead of being lost and fetched
 * again. Throws STORE_FULL when there is none for PATIENCE_MS, or when the signal fires.
 */
export function createPatientStore(store: ObjectStore, { now, sleep, signal }: Patience): ObjectStore {
  const put = async (bytes: Uint8Array) => {
    const end = now() + PATIENCE_MS
    for (;;) {
      try {
        return await store.put(bytes)
      } catch (error) {
        const isFull = error instanceof AppError && error.code === 'STORE_FULL'
        if (!isFull || signal.aborted || now() >= end) throw error
        await sleep(AGAIN_MS)
      }
    }
  }
  return { ...store, put }
}
