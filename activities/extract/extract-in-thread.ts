import type { ThreadPool } from '../../infra/thread-pool.ts'
import type { PageInput } from '../../schema/contracts/candidate.ts'
import { AppError } from '../../schema/contracts/errors.ts'
import type { PageExtraction } from './extract-page.ts'

/** What a thread that parses pages is given. */
export interface PageTask {
  input: Omit<PageInput, 'body'> & { body: Uint8Array<ArrayBuffer> }
  withText: boolean
}

/** What such threads are held to. */
export const PAGE_THREAD_LIMITS = {
  /** Some thousand times a page's median of 2 ms; a setting, as every real page is far below. */
  taskTimeoutMs: 20_000,
  /** Callers hold a request's slot or a chunk of a shard meanwhile; this is above both. */
  maxQueued: 4_000,
  maxHeapMib: 1_024,
  /** Trees of some pages: they die with their page, and were copied twice before. */
  youngHeapMib: 96,
  /** A page is parsed in less time than the caller's event loop takes to come round. */
  ahead: 2,
}

const ATTEMPTS = 2
const ENDED_ITS_THREAD = new Set(['THREAD_CRASHED', 'THREAD_TIMEOUT'])

/**
 * `extractPage` in a thread of the pool, which serves `PageTask`s; without `withText` the page's text is empty. A page
 * that ends its thread twice, by time or by memory, is the result `kills_worker`. Throws what the thread pool throws when
 * it is closed or full.
 */
export async function extractInThread(
  pool: Pick<ThreadPool, 'run'>,
  input: PageInput,
  withText: boolean,
): Promise<PageExtraction | { ok: false; reason: 'kills_worker' }> {
  for (let attempt = 1; ;) {
    // The caller keeps its bytes, which go into the archive.
    const body = new Uint8Array(input.body)
    const task: PageTask = { input: { ...input, body }, withText }
    try {
      return (await pool.run(task, [body.buffer])) as PageExtraction
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      // Another page's doing.
      if (error.code === 'THREAD_LOST') continue
      if (!ENDED_ITS_THREAD.has(error.code)) throw error
      if (attempt === ATTEMPTS) return { ok: false, reason: 'kills_worker' }
      attempt += 1
    }
  }
}
