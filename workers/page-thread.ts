/** Thread that parses pages, off the event loop of its process: slow or huge HTML runs where it can be stopped. */
import type { PageTask } from '../activities/extract/extract-in-thread.ts'
import { extractPage } from '../activities/extract/extract-page.ts'
import { type ThreadResult, serveThread } from '../infra/thread-server.ts'

function run({ input, withText }: PageTask): Promise<ThreadResult> {
  const body = Buffer.from(input.body.buffer)
  return Promise.resolve({ value: extractPage({ ...input, body }, { withText }) })
}

serveThread(run)
