import { parentPort } from 'node:worker_threads'
import { InvariantError } from '../schema/contracts/errors.ts'
import { type ReplyMessage, type TaskMessage, packError } from './thread-protocol.ts'

/** A result whose buffers move to the pool's thread instead of being copied. */
export interface ThreadResult {
  value: unknown
  transfer?: ArrayBuffer[]
}

/** Makes this thread answer the tasks of a pool, one after the other as they come. */
export function serveThread(handle: (task: never) => Promise<ThreadResult>): void {
  const port = parentPort
  if (port === null) throw new InvariantError('THREAD_WITHOUT_POOL', 'this file runs as a thread of a pool only')
  const reply = (message: ReplyMessage, transfer: ArrayBuffer[]) => port.postMessage(message, transfer)
  let last: Promise<void> = Promise.resolve()
  port.on('message', ({ id, task }: TaskMessage) => {
    last = last
      .then(() => handle(task as never))
      .then(
        ({ value, transfer = [] }) => reply({ id, value }, transfer),
        (error: unknown) => reply({ id, error: packError(error) }, []),
      )
  })
  reply({ ready: true }, [])
}
