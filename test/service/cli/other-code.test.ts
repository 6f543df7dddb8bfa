import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { useTestDatabase } from '../../support/database.ts'
import { type ExampleWeb, html, serveWeb } from '../../support/example-web.ts'
import { useMella } from '../../support/mella.ts'
import { useTestNamespace } from '../../support/temporal.ts'

const CHECKOUT = path.resolve(import.meta.dirname, '../../..')
const LIMIT = 120_000
const run = promisify(execFile)

const database = useTestDatabase()
const namespace = useTestNamespace()
const mella = useMella('other', database, namespace)
let web: ExampleWeb
let spec = ''

beforeAll(async () => {
  web = await serveWeb((url) => (url === 'http://one.example/' ? html('jedna') : undefined))
  mella.reach(web.port)
  spec = mella.writeSpec(
    `dataset: one
version: 1.0.0
date: 2026-01-01
languages: [cs]
card: { title: One, licence: CC0-1.0 }
crawl:
  seeds: { cs: ['http://one.example/'] }
  politeness: { delay_ms: 0, user_agent: 'test-bot (+https://test.example/bot)' }
`,
  )
})

afterAll(() => web[Symbol.asyncDispose]())

/** A command as a process of its own, whose workers have its environment; its JSON output. Throws when it fails. */
async function apart(...argv: string[]): Promise<Record<string, unknown>> {
  const { stdout } = await run(process.execPath, ['cli/main.ts', ...argv, '--json'], { cwd: CHECKOUT, env: mella.env })
  return JSON.parse(stdout) as Record<string, unknown>
}

test(
  'a crawl that waits for workers of other code is taken over by a command that brings its own',
  async () => {
    const { id } = (await apart('crawl', 'start', spec)) as { id: string }
    const handle = namespace.client.workflow.getHandle(`crawl/${id}`)
    const { taskQueue } = await handle.describe()
    await handle.terminate('the code before an update')
    await namespace.client.workflow.start('crawlWorkflow', {
      workflowId: `crawl/${id}`,
      taskQueue,
      args: [{ crawlId: id, ioQueue: 'io-of-before', window: 4 }],
      memo: { ioQueue: 'io-of-before' },
    })
    expect(await apart('crawl', 'start', spec, '--wait')).toMatchObject({ id, created: false, state: 'frozen' })
    const pages = await sql`SELECT pages::int FROM crawl_freeze`.execute(database.as('auditor'))
    expect(pages.rows).toEqual([{ pages: 1 }])
  },
  LIMIT,
)
