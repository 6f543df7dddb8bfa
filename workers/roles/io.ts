import { createCrawlActivities } from '../../activities/crawl/crawl.activity.ts'
import type { Runtime } from '../runtime.ts'
import { crawlDeps } from './crawl-deps.ts'

/** Crawling: many requests at a time in one process, bytes to the store, rows to Postgres. */
export function ioActivities(runtime: Runtime) {
  const { crawlShard } = createCrawlActivities(crawlDeps(runtime))
  return { crawlShard }
}
