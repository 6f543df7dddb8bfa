import { setTimeout as sleep } from 'node:timers/promises'
import { serveThread } from '../../infra/thread-server.ts'
import { PermanentError } from '../../schema/contracts/errors.ts'

/** A thread that does well and badly on demand. */
export type TrialTask =
  | { kind: 'echo'; value: unknown }
  | { kind: 'wait'; ms: number }
  | { kind: 'fail' }
  | { kind: 'bug' }
  | { kind: 'exit' }
  | { kind: 'throw' }
  | { kind: 'spin' }
  | { kind: 'eat' }
  | { kind: 'bytes'; bytes: Uint8Array<ArrayBuffer> }

serveThread(async (task: TrialTask) => {
  switch (task.kind) {
    case 'echo':
      return { value: task.value }
    case 'wait':
      await sleep(task.ms)
      return { value: null }
    case 'fail':
      throw new PermanentError('TRIAL_FAILED', 'trial failed', { at: 7 })
    case 'bug':
      throw new RangeError('some bug')
    case 'exit':
      return process.exit(3)
    case 'throw':
      setImmediate(() => {
        throw new Error('out of nowhere')
      })
      await sleep(60_000)
      return { value: null }
    case 'spin':
      for (;;);
    case 'eat':
      for (const eaten: object[] = []; ;) eaten.push(Array.from({ length: 100_000 }, (_, item) => ({ item })))
    case 'bytes':
      task.bytes[0] = 99
      return { value: task.bytes, transfer: [task.bytes.buffer] }
    default:
      return task satisfies never
  }
})
