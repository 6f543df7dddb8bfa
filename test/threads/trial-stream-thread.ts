import { serveStream } from '../../infra/thread-stream.ts'
import { PermanentError } from '../../schema/contracts/errors.ts'

/** Writes chunks and counts them where its reader can see it. */
export interface TrialStreamInput {
  chunks: number
  written: Int32Array<SharedArrayBuffer>
  then: 'end' | 'fail' | 'exit'
}

serveStream(({ chunks, written, then }: TrialStreamInput, write) => {
  for (let chunk = 0; chunk < chunks; chunk++) {
    write(Uint32Array.of(chunk))
    Atomics.add(written, 0, 1)
  }
  if (then === 'fail') throw new PermanentError('TRIAL_FAILED', 'trial failed', { chunks })
  if (then === 'exit') process.exit(3)
  return { chunks }
})
