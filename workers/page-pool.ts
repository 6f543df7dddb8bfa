import type { PageExtraction } from '../activities/extract/extract-page.ts'
import { createThreadPool, type ThreadPool } from '../infra/thread-pool.ts'
import type { PageInput } from '../schema/contracts/candidate.ts'
import { AppError } from '../schema/contracts/errors.ts'

export interface PageTask {
  input: Omit<PageInput, 'body'> & { body: Uint8Array<ArrayBuffer> }
  withText: boolean
}

export interface PagePool extends AsyncDisposable {
  /**
   * `extractPage` in a thread; without `withText` the page's text is empty. A page that ends its thread twice, by time
   * or by memory, is the result `kills_worker`. Throws what the thread pool throws when it is closed or full.
   */
  extract: (input: PageInput, withText: boolean) => Promise<PageExtraction | { ok: false; reason: 'kills_worker' }>
}

/** Some thousand times a page's median of 2 ms; a setting, as every real page is far below. */
const TASK_TIMEOUT_MS = 20_000
/** Callers hold a request's slot or a chunk of a shard meanwhile; this is above both. */
const MAX_QUEUED = 4_000
const MAX_HEAP_MIB = 1_024
const ATTEMPTS = 2
const ENDED_ITS_THREAD = new Set(['THREAD_CRASHED', 'THREAD_TIMEOUT'])

/** Opens the pool: the first thread starts with the first page, others up to `threads` when one does not keep up. */
export function createPagePool({
  threads,
  taskTimeoutMs = TASK_TIMEOUT_MS,
}: {
  threads: number
  taskTimeoutMs?: number
}): PagePool {
  const pool = createThreadPool({
    file: new URL('page-thread.ts', import.meta.url),
    threads: 1,
    spare: threads - 1,
    maxQueued: MAX_QUEUED,
    taskTimeoutMs,
    maxHeapMib: MAX_HEAP_MIB,
  })
  return {
    extract: (input, withText) => extract(pool, input, withText),
    [Symbol.asyncDispose]: () => pool.close(),
  }
}

async function extract(pool: ThreadPool, input: PageInput, withText: boolean) {
  for (let attempt = 1; ; attempt += 1) {
    // The caller keeps its bytes, which go into the archive.
    const body = new Uint8Array(input.body)
    const task: PageTask = { input: { ...input, body }, withText }
    try {
      return (await pool.run(task, [body.buffer])) as PageExtraction
    } catch (error) {
      if (!(error instanceof AppError) || !ENDED_ITS_THREAD.has(error.code)) throw error
      if (attempt === ATTEMPTS) return { ok: false as const, reason: 'kills_worker' as const }
    }
  }
}
