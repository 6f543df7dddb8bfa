import { Worker } from 'node:worker_threads'
import { TransientError } from '../schema/contracts/errors.ts'
import type { NearPairsJob } from './near-pairs-thread.ts'

/**
 * All pairs of 32-byte hashes within `threshold` bits, exactly, in a thread of its own. Memory grows with the pairs found.
 * Throws NEAR_PAIRS_FAILED when the thread dies.
 */
export async function nearPairsInThread(
  hashes: Uint8Array,
  threshold: number,
): Promise<{ a: number; b: number; distance: number }[]> {
  const thread = new Worker(new URL('./near-pairs-thread.ts', import.meta.url), {
    workerData: { hashes, threshold } satisfies NearPairsJob,
  })
  const pairs: { a: number; b: number; distance: number }[] = []
  try {
    await new Promise<void>((resolve, reject) => {
      thread.on('message', (batch: Uint32Array | null) => {
        if (batch === null) return resolve()
        for (let at = 0; at < batch.length; at += 3)
          pairs.push({ a: batch[at] as number, b: batch[at + 1] as number, distance: batch[at + 2] as number })
      })
      thread.on('error', reject)
      thread.on('exit', (code) =>
        reject(new TransientError('NEAR_PAIRS_FAILED', `near-pairs thread ended with ${code} before its result`)),
      )
    })
    return pairs
  } finally {
    await thread.terminate()
  }
}
