import { Worker } from 'node:worker_threads'
import { type AppError, TransientError } from '../schema/contracts/errors.ts'
import { type ReplyMessage, type TaskMessage, unpackError } from './thread-protocol.ts'

export interface ThreadPoolOptions {
  /** The module that a thread runs; it calls `serveThread`. */
  file: URL
  /** Each is started when it is first needed. */
  threads: number
  /** Threads beyond those, each started when a task has waited for half a second: every thread warms up its own code. */
  spare?: number
  /** Tasks that wait in a thread's own inbox, so that it goes on while the caller's event loop is busy (0). */
  ahead?: number
  /** Tasks that may wait for a thread; more are refused, so that a caller cannot pile up bytes. */
  maxQueued: number
  /** A task that takes longer ends its thread; the time in which the thread loads its code does not count. */
  taskTimeoutMs: number
  /** Heap limit of one thread, without the memory of buffers, libraries and WASM. */
  maxHeapMib: number
  /** Room for what a task makes and leaves, so that it is not copied before it is dead (48 by default on 64 bits). */
  youngHeapMib?: number
}

export interface ThreadPool extends AsyncDisposable {
  /**
   * Runs one task in a free thread. Buffers in `transfer` move there and are lost here. Rejects with the error of
   * the task, or with a transient one: `THREAD_POOL_FULL`, `THREAD_POOL_CLOSED`, `THREAD_CRASHED` when the thread
   * ended under the task, `THREAD_TIMEOUT`, `THREAD_LOST` when it ended under another one, before it came to this. A thread that ended is replaced.
   */
  run: (task: unknown, transfer?: ArrayBuffer[]) => Promise<unknown>
  /** Starts one thread, so that the first task does not wait until its code is loaded. Without effect when one runs. */
  start: () => void
  close: () => Promise<void>
}

interface Job {
  since: number
  message: TaskMessage
  transfer: ArrayBuffer[]
  resolve: (value: unknown) => void
  reject: (error: AppError) => void
}

/** In which a thread has loaded its code: seconds on a machine that is busy. */
const START_MS = 60_000
/** Many times what a task waits behind others in a pool that keeps up. */
const PATIENCE_MS = 500

const ENTRY = new URL('thread-entry.ts', import.meta.url)

interface Thread {
  worker: Worker
  ready: boolean
  /** The first runs; the others wait in its inbox. */
  jobs: Job[]
  timer: NodeJS.Timeout | undefined
}

/** A few threads that keep heavy work off the event loop, so that heartbeats go on. */
export function createThreadPool(options: ThreadPoolOptions): ThreadPool {
  const pool = new Pool(options)
  return {
    run: (task, transfer = []) => pool.run(task, transfer),
    start: () => pool.start(),
    close: () => pool.close(),
    [Symbol.asyncDispose]: () => pool.close(),
  }
}

class Pool {
  readonly #options: ThreadPoolOptions
  readonly #threads = new Set<Thread>()
  readonly #queue: Job[] = []
  #impatience: NodeJS.Timeout | undefined
  #closed = false
  #lastId = 0

  constructor(options: ThreadPoolOptions) {
    this.#options = options
  }

  run(task: unknown, transfer: ArrayBuffer[]): Promise<unknown> {
    if (this.#closed) return Promise.reject(closedError())
    if (this.#queue.length >= this.#options.maxQueued) {
      const message = `thread pool has ${this.#queue.length} tasks waiting, which is its limit`
      return Promise.reject(new TransientError('THREAD_POOL_FULL', message))
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ since: performance.now(), message: { id: ++this.#lastId, task }, transfer, resolve, reject })
      this.#dispatch()
    })
  }

  start(): void {
    if (!this.#closed && this.#threads.size === 0) this.#start(0)
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#impatience)
    for (const job of this.#queue.splice(0)) job.reject(closedError())
    const threads = [...this.#threads]
    await Promise.all(threads.map((thread) => this.#end(thread, closedError())))
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      const waitedMs = performance.now() - this.#queue[0]!.since
      const thread = this.#withJobs(0) ?? this.#start(waitedMs) ?? this.#withJobs(this.#options.ahead ?? 0)
      if (!thread) return this.#lookAgain(PATIENCE_MS - waitedMs)
      this.#give(thread, this.#queue.shift()!)
    }
  }

  #withJobs(most: number): Thread | undefined {
    return [...this.#threads].find((each) => each.jobs.length <= most)
  }

  #lookAgain(milliseconds: number): void {
    if (milliseconds <= 0 || this.#options.spare === undefined) return
    clearTimeout(this.#impatience)
    this.#impatience = setTimeout(() => this.#dispatch(), milliseconds)
  }

  #start(waitedMs: number): Thread | null {
    const { threads, spare = 0, youngHeapMib } = this.#options
    if (this.#threads.size >= threads + (waitedMs >= PATIENCE_MS ? spare : 0)) return null
    const worker = new Worker(ENTRY, {
      workerData: this.#options.file.href,
      resourceLimits: {
        maxOldGenerationSizeMb: this.#options.maxHeapMib,
        ...(youngHeapMib === undefined ? {} : { maxYoungGenerationSizeMb: youngHeapMib }),
      },
    })
    const thread: Thread = { worker, ready: false, jobs: [], timer: undefined }
    worker.on('message', (reply: ReplyMessage) => this.#settle(thread, reply))
    worker.on('error', (cause) => void this.#end(thread, crashedError(cause)))
    worker.on('exit', (code) => void this.#end(thread, crashedError(new Error(`exit code ${code}`))))
    this.#threads.add(thread)
    return thread
  }

  #give(thread: Thread, job: Job): void {
    thread.jobs.push(job)
    if (thread.jobs.length === 1) this.#limit(thread)
    thread.worker.postMessage(job.message, job.transfer)
  }

  #limit(thread: Thread): void {
    const milliseconds = thread.ready ? this.#options.taskTimeoutMs : START_MS
    clearTimeout(thread.timer)
    thread.timer = setTimeout(() => void this.#end(thread, timeoutError(milliseconds)), milliseconds)
  }

  #settle(thread: Thread, reply: ReplyMessage): void {
    if ('ready' in reply) {
      thread.ready = true
      if (thread.jobs.length > 0) this.#limit(thread)
      return
    }
    const [job] = thread.jobs
    if (job?.message.id !== reply.id) return
    clearTimeout(thread.timer)
    thread.jobs.shift()
    if (thread.jobs.length > 0) this.#limit(thread)
    if ('error' in reply) job.reject(unpackError(reply.error))
    else job.resolve(reply.value)
    this.#dispatch()
  }

  /** The first reason wins; ending a thread makes it report its exit as well. */
  async #end(thread: Thread, error: AppError): Promise<void> {
    if (!this.#threads.delete(thread)) return
    clearTimeout(thread.timer)
    const [running, ...unbegun] = thread.jobs.splice(0)
    running?.reject(error)
    for (const job of unbegun) job.reject(this.#closed ? closedError() : lostError())
    this.#dispatch()
    await thread.worker.terminate()
  }
}

function closedError(): TransientError {
  return new TransientError('THREAD_POOL_CLOSED', 'thread pool is closed')
}

function lostError(): TransientError {
  return new TransientError('THREAD_LOST', 'thread ended before it came to this task')
}

function timeoutError(milliseconds: number): TransientError {
  return new TransientError('THREAD_TIMEOUT', `thread worked longer than ${milliseconds} ms and was ended`)
}

function crashedError(cause: unknown): TransientError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new TransientError('THREAD_CRASHED', 'thread ended under its task', { reason }, cause)
}
