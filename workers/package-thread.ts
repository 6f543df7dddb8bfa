import { parentPort, workerData } from 'node:worker_threads'
import { runFileJob, type FileJob, type JobRows } from '../activities/package/file-job.ts'
import { AtomicFile } from '../infra/atomic-file.ts'
import { AppError } from '../schema/contracts/errors.ts'

/**
 * Entry of the packaging thread: writes one file, whose rows arrive in batches; each batch is answered when the rows
 * are written, so the sender never runs ahead of the disk by more than its window.
 */
export type ToThread = { type: 'rows'; rows: JobRows[FileJob['kind']][] } | { type: 'end' }
export type FromThread =
  | { type: 'taken' }
  | { type: 'done'; sha256: string; bytes: number; rows: number }
  /** `disk`: the operating system refused, which another time may not. */
  | { type: 'failed'; disk: boolean; code: string; message: string; details: Record<string, unknown> }

export interface ThreadData {
  /** Absolute path of the file. */
  path: string
  job: FileJob
}

const port = parentPort!
const send = (message: FromThread) => port.postMessage(message)

async function* received(): AsyncGenerator<JobRows[FileJob['kind']]> {
  for await (const message of messages()) {
    if (message.type === 'end') return
    yield* message.rows
    send({ type: 'taken' })
  }
}

/** Messages in order; those that come while a batch is being written wait in `queue`. */
async function* messages(): AsyncGenerator<ToThread> {
  const queue: ToThread[] = []
  let wake = () => {}
  port.on('message', (message: ToThread) => {
    queue.push(message)
    wake()
  })
  for (;;) {
    while (queue.length === 0) await new Promise<void>((resolve) => (wake = resolve))
    yield queue.shift()!
  }
}

const { path, job } = workerData as ThreadData
try {
  using file = new AtomicFile(path)
  const rows = await runFileJob(file, job, received())
  send({ type: 'done', rows, ...file.commit() })
} catch (error) {
  send(failed(error as Error))
} finally {
  port.close()
}

function failed(error: Error): FromThread {
  const { message } = error
  if (error instanceof AppError)
    return { type: 'failed', disk: false, code: error.code, message, details: error.details }
  const disk = 'syscall' in error
  return { type: 'failed', disk, code: disk ? 'DISK_FAILED' : 'PACKAGE_FAILED', message, details: { path } }
}
