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
  /** Tasks that may wait for a thread; more are refused, so that a caller cannot pile up bytes. */
  maxQueued: number
  /** A task that takes longer ends its thread; the time in which the thread loads its code does not count. */
  taskTimeoutMs: number
  /** Heap limit of one thread, without the memory of buffers, libraries and WASM. */
  maxHeapMib: number
}

export interface ThreadPool extends AsyncDisposable {
  /**
   * Runs one task in a free thread. Buffers in `transfer` move there and are lost here. Rejects with the error of
   * the task, or with a transient one: `THREAD_POOL_FULL`, `THREAD_POOL_CLOSED`, `THREAD_CRASHED` when the thread
   * ended under the task, `THREAD_TIMEOUT`. A thread that ended is replaced.
   */
  run: (task: unknown, transfer?: ArrayBuffer[]) => Promise<unknown>
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

interface Thread {
  worker: Worker
  ready: boolean
  job: Job | null
  timer: NodeJS.Timeout | undefined
}

/** A few threads that keep heavy work off the event loop, so that heartbeats go on. */
export function createThreadPool(options: ThreadPoolOptions): ThreadPool {
  const pool = new Pool(options)
  return {
    run: (task, transfer = []) => pool.run(task, transfer),
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
      const thread = [...this.#threads].find((each) => each.job === null) ?? this.#start(waitedMs)
      if (thread === null) return this.#lookAgain(PATIENCE_MS - waitedMs)
      this.#give(thread, this.#queue.shift()!)
    }
  }

  #lookAgain(milliseconds: number): void {
    if (milliseconds <= 0 || this.#options.spare === undefined) return
    clearTimeout(this.#impatience)
    this.#impatience = setTimeout(() => this.#dispatch(), milliseconds)
  }

  #start(waitedMs: number): Thread | null {
    const { threads, spare = 0 } = this.#options
    if (this.#threads.size >= threads + (waitedMs >= PATIENCE_MS ? spare : 0)) return null
    const worker = new Worker(this.#options.file, {
      resourceLimits: { maxOldGenerationSizeMb: this.#options.maxHeapMib },
    })
    const thread: Thread = { worker, ready: false, job: null, timer: undefined }
    worker.on('message', (reply: ReplyMessage) => this.#settle(thread, reply))
    worker.on('error', (cause) => void this.#end(thread, crashedError(cause)))
    worker.on('exit', (code) => void this.#end(thread, crashedError(new Error(`exit code ${code}`))))
    this.#threads.add(thread)
    return thread
  }

  #give(thread: Thread, job: Job): void {
    thread.job = job
    this.#limit(thread)
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
      if (thread.job) this.#limit(thread)
      return
    }
    const job = thread.job
    if (job?.message.id !== reply.id) return
    clearTimeout(thread.timer)
    thread.job = null
    if ('error' in reply) job.reject(unpackError(reply.error))
    else job.resolve(reply.value)
    this.#dispatch()
  }

  /** The first reason wins; ending a thread makes it report its exit as well. */
  async #end(thread: Thread, error: AppError): Promise<void> {
    if (!this.#threads.delete(thread)) return
    clearTimeout(thread.timer)
    thread.job?.reject(error)
    this.#dispatch()
    await thread.worker.terminate()
  }
}

function closedError(): TransientError {
  return new TransientError('THREAD_POOL_CLOSED', 'thread pool is closed')
}

function timeoutError(milliseconds: number): TransientError {
  return new TransientError('THREAD_TIMEOUT', `thread worked longer than ${milliseconds} ms and was ended`)
}

function crashedError(cause: unknown): TransientError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new TransientError('THREAD_CRASHED', 'thread ended under its task', { reason }, cause)
}
