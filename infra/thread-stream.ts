import { Worker, parentPort, workerData } from 'node:worker_threads'
import { InvariantError, TransientError } from '../schema/contracts/errors.ts'
import { type ErrorMessage, packError, unpackError } from './thread-protocol.ts'

/** Chunks that may be under way at once: the thread waits for its reader, so neither piles them up. */
const MAX_UNREAD_CHUNKS = 8

type StreamMessage = { chunk: Uint32Array<ArrayBuffer> } | { end: unknown } | { error: ErrorMessage }
interface StreamData {
  input: unknown
  unread: Int32Array<SharedArrayBuffer>
}

/**
 * Runs a module in a thread of its own and yields the chunks that it writes; returns what it gives at the end.
 * Leaving the loop early ends the thread. Throws the thread's error, or `THREAD_CRASHED` (transient).
 */
export async function* streamFromThread(
  file: URL,
  input: unknown,
  transfer: ArrayBuffer[] = [],
): AsyncGenerator<Uint32Array<ArrayBuffer>, unknown> {
  const unread = new Int32Array(new SharedArrayBuffer(4))
  const data: StreamData = { input, unread }
  const worker = new Worker(file, { workerData: data, transferList: transfer })
  const messages: (StreamMessage | { crash: unknown })[] = []
  let wake = () => {}
  const push = (message: StreamMessage | { crash: unknown }) => {
    messages.push(message)
    wake()
  }
  worker.on('message', push)
  worker.on('error', (crash) => push({ crash }))
  worker.on('exit', (code) => push({ crash: new Error(`exit code ${code}`) }))
  try {
    for (;;) {
      const message = messages.shift()
      if (message === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        continue
      }
      if ('end' in message) return message.end
      if ('error' in message) throw unpackError(message.error)
      if ('crash' in message)
        throw new TransientError('THREAD_CRASHED', 'thread ended under its task', {}, message.crash)
      yield message.chunk
      Atomics.sub(unread, 0, 1)
      Atomics.notify(unread, 0)
    }
  } finally {
    await worker.terminate()
  }
}

/**
 * Makes this thread write chunks to its reader: `work` gets the input and a `write` that hands a chunk over and
 * blocks while the reader is behind.
 */
export function serveStream<Input>(
  work: (input: Input, write: (chunk: Uint32Array<ArrayBuffer>) => void) => unknown,
): void {
  const port = parentPort
  if (port === null) throw new InvariantError('THREAD_WITHOUT_POOL', 'this file runs as a thread only')
  const { input, unread } = workerData as StreamData
  const send = (message: StreamMessage, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer)
  const write = (chunk: Uint32Array<ArrayBuffer>) => {
    for (let count = Atomics.load(unread, 0); count >= MAX_UNREAD_CHUNKS; count = Atomics.load(unread, 0)) {
      Atomics.wait(unread, 0, count)
    }
    Atomics.add(unread, 0, 1)
    send({ chunk }, [chunk.buffer])
  }
  try {
    send({ end: work(input as Input, write) })
  } catch (error) {
    send({ error: packError(error) })
  }
}
