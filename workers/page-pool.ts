import { extractInThread, PAGE_THREAD_LIMITS } from '../activities/extract/extract-in-thread.ts'
import type { PageExtraction } from '../activities/extract/extract-page.ts'
import { createThreadPool } from '../infra/thread-pool.ts'
import type { PageInput } from '../schema/contracts/candidate.ts'

export interface PagePool extends AsyncDisposable {
  /** `extractInThread`. */
  extract: (input: PageInput, withText: boolean) => Promise<PageExtraction | { ok: false; reason: 'kills_worker' }>
  /** Starts the first thread before it is needed. */
  start: () => void
}

/** Opens the pool: the first thread starts with the first page unless told before, others up to `threads` when one does not keep up. */
export function createPagePool({
  threads,
  taskTimeoutMs = PAGE_THREAD_LIMITS.taskTimeoutMs,
}: {
  threads: number
  taskTimeoutMs?: number
}): PagePool {
  const file = new URL('page-thread.ts', import.meta.url)
  const pool = createThreadPool({ ...PAGE_THREAD_LIMITS, file, threads: 1, spare: threads - 1, taskTimeoutMs })
  return {
    extract: (input, withText) => extractInThread(pool, input, withText),
    start: () => pool.start(),
    [Symbol.asyncDispose]: () => pool.close(),
  }
}
