import { parentPort, workerData } from 'node:worker_threads'
import { nearPairs } from '../activities/duplicates/near-pairs.ts'

/** Entry of the near-pairs thread: sends pairs in batches of (first, second, distance), then null. */
export interface NearPairsJob {
  hashes: Uint8Array
  threshold: number
}

const BATCH = 30_000

const { hashes, threshold } = workerData as NearPairsJob
let batch: number[] = []
const send = () => {
  parentPort?.postMessage(Uint32Array.from(batch))
  batch = []
}
nearPairs(hashes, threshold, (first, second, distance) => {
  batch.push(first, second, distance)
  if (batch.length >= BATCH) send()
})
send()
parentPort?.postMessage(null)
