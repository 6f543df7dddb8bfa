import { afterAll, beforeAll } from 'vitest'
import type { Runtime } from '../../workers/runtime.ts'
import { openTestRuntime } from './crawler.ts'
import type { TestDatabase } from './database.ts'
import { type ExampleWeb, html, type Pages, serveWeb } from './example-web.ts'
import { makeTestHome, removeTestHome } from './home.ts'

/** Sites and a worker's runtime that reaches them, in a home of its own; set before the file's first test. */
export interface CrawledWeb {
  web: ExampleWeb
  runtime: Runtime
}

/** Call at the top level of a file of the service lane, after its database. */
export function useCrawledWeb(name: string, database: TestDatabase, pages: Pages): CrawledWeb {
  const crawled = {} as CrawledWeb
  let home = ''
  beforeAll(async () => {
    home = makeTestHome(name)
    crawled.web = await serveWeb(pages)
    crawled.runtime = await openTestRuntime(home, database.url, crawled.web.port)
  })
  afterAll(async () => {
    await crawled.runtime[Symbol.asyncDispose]()
    await crawled.web[Symbol.asyncDispose]()
    await removeTestHome(home)
  })
  return crawled
}

/** A front page that links to pages, which link nowhere. */
export function linkedPages(front: string, pages: readonly string[]): Pages {
  return (url) => {
    if (url === front) return html(pages.map((page) => `<a href="${page}">x</a>`).join(''))
    return pages.includes(url) ? html(`page ${url}`) : undefined
  }
}
