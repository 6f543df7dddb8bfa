import path from 'node:path'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ExampleServer, startExample } from '../../../cli/jobs/example-servers.ts'
import { aRaster, sharpOf } from '../../builders/pictures.ts'
import { useTestDatabase } from '../../support/database.ts'
import { type ExampleWeb, html, png, serveWeb } from '../../support/example-web.ts'
import { useMella } from '../../support/mella.ts'
import { useTestNamespace } from '../../support/temporal.ts'

const CHECKOUT = path.resolve(import.meta.dirname, '../../..')
const SITE = 'http://town.example'
const PAGES = 24
/** Slow enough to be stopped in the middle. */
const MODEL_DELAY_MS = 500
const LIMIT = 240_000

const database = useTestDatabase()
const namespace = useTestNamespace()
const program = useMella('control', database, namespace)
let web: ExampleWeb
let models: ExampleServer
let spec = ''

beforeAll(async () => {
  const pictures = await Promise.all(
    Array.from({ length: PAGES }, (_, seed) =>
      sharpOf(aRaster({ width: 160, height: 120, seed }))
        .png()
        .toBuffer(),
    ),
  )
  web = await serveWeb((url) => {
    if (url === `${SITE}/`)
      return html(pictures.map((_, page) => `<a href="/${page}">${captionOf(page)}</a>`).join(' '))
    const number = Number(/\/(\d+)(\.png)?$/.exec(url)?.[1] ?? Number.NaN)
    const picture = pictures[number]
    if (picture === undefined) return undefined
    return url.endsWith('.png')
      ? png(picture)
      : html(`<p>${TEXT}</p><img src="/${number}.png" alt="${captionOf(number)}">`)
  })
  models = await startExample(CHECKOUT, 'model-server/main.ts', ['--delay', String(MODEL_DELAY_MS)])
  const model = String(models.ready['base_url'])
  program.reach(web.port)
  Object.assign(program.env, { MELLA_CAPTION_URL: model, MELLA_TRANSLATE_URL: model, MELLA_THICK_URL: model })
  spec = program.writeSpec(SPEC)
  program.startWorkers()
}, LIMIT)

afterAll(async () => {
  models.stop()
  await web[Symbol.asyncDispose]()
})

/** Czech enough for a page's language, and different on each page. */
const TEXT =
  'Na náměstí stojí stará radnice s věží, ze které je vidět celé údolí. Každou sobotu se tu konají trhy a lidé přicházejí z okolních vesnic, aby koupili ovoce, zeleninu a čerstvý chléb.'
const captionOf = (page: number) => `Pohled na město od řeky, ulice číslo ${page + 1}`

const SPEC = `dataset: town
version: 1.0.0
date: 2026-01-01
languages: [cs]
card: { title: Town, licence: CC0-1.0 }
crawl:
  seeds: { cs: ['${SITE}/'] }
  limits: { pages_per_host: 100, depth: 2 }
  politeness: { delay_ms: 100, per_host: 1, per_address: 1, user_agent: 'test-bot (+https://test.example/bot)' }
image: { min_side: 50, min_bytes: 0, max_ratio: 10 }
filters: { boilerplate: { count: 50, share: 0.9 }, near_image: { pdq: 0 } }
${['caption', 'translate', 'thick']
  .map(
    (task) =>
      `${task}: { provider: openai, model: example/${task === 'caption' ? 'vision' : task}-1, prompt: ${task}/${{ caption: 'six-points', translate: 'plain', thick: 'grounded' }[task]}@1, params: { temperature: 0, seed: 7, max_tokens: 512 }, pivot: en }`,
  )
  .join('\n')}
`

/** Commands migrate as owner: until then some sessions may be theirs and not the workers'. */
let ownSessionsUntil = 0

/** A command in this process; its JSON output. Throws what it said when it did not end with 0. */
async function mella(...argv: string[]): Promise<Record<string, unknown>> {
  ownSessionsUntil = Number.POSITIVE_INFINITY
  const said = await program.json(...argv)
  ownSessionsUntil = performance.now() + 1_000
  return said
}

async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; tries < 1500; tries += 1) {
    if (await holds()) return
    await sleep(100)
  }
  throw new Error(`${what}: did not happen`)
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Waits until a count has stayed the same for a while, longer than a batch or a model call takes. */
async function settled(count: () => Promise<number> | number): Promise<number> {
  for (let before = await count(); ;) {
    await sleep(2_500)
    const now = await count()
    if (now === before) return now
    before = now
  }
}

const one = async <Row>(query: ReturnType<typeof sql<Row>>) =>
  (await query.execute(database.as('auditor'))).rows[0] as Row
const crawlState = async () => (await one(sql<{ state: string }>`SELECT state FROM crawl_state`)).state
async function releaseState(): Promise<string> {
  const { state, note } = await one(sql<{ state: string; note: string | null }>`SELECT state, note FROM release_state`)
  if (state === 'failed') throw new Error(`the release failed: ${note}`)
  return state
}
const generated = async () => (await one(sql<{ count: number }>`SELECT count(*)::int AS count FROM generation`)).count
const runningOf = async (prefix: string) =>
  (await namespace.client.workflow.count(`ExecutionStatus = 'Running' AND WorkflowId STARTS_WITH '${prefix}'`)).count

test(
  'a crawl stops when it is paused, goes on when it is resumed, stops when it is cancelled, and is whole in the end',
  async () => {
    const { id } = (await mella('crawl', 'start', spec)) as { id: string }
    await until('some pages are crawled', () => web.log.length >= 6)
    await mella('crawl', 'pause', id)
    const paused = await settled(() => web.log.length)
    expect(paused).toBeLessThan(2 * PAGES)
    expect(await crawlState()).toBe('running')

    await mella('crawl', 'resume', id)
    await until('it goes on', () => web.log.length >= paused + 6)
    await mella('crawl', 'cancel', id)
    const cancelled = await settled(() => web.log.length)
    expect(cancelled).toBeLessThan(2 * PAGES)
    expect(await crawlState()).toBe('cancelled')
    expect(await runningOf('crawl/')).toBe(0)

    await mella('crawl', 'resume', id)
    await until('it ends', async () => (await crawlState()) === 'frozen')
    const frozen = await one(sql`SELECT entries::int, pages::int, pictures::int FROM crawl_freeze`)
    expect(frozen).toEqual({ entries: 3 + 2 * PAGES, pages: 1 + PAGES, pictures: PAGES })
    // What a cancelled worker had asked for and not committed is asked for again, nothing else.
    const counts = Map.groupBy(web.log, (served) => served.url)
    expect([...counts.values()].filter((served) => served.length > 2)).toEqual([])
  },
  LIMIT,
)

test(
  'a release stops when it is paused, goes on when it is resumed, stops when it is cancelled, and is whole in the end',
  async () => {
    await using users = watchUsers()
    await mella('release', 'launch', spec)
    await until('models are asked', async () => (await generated()) >= 8)
    const { id } = await one(sql<{ id: string }>`SELECT id FROM release`)
    expect(await mella('release', 'pause', 'town')).toEqual({ id, state: 'paused' })
    const paused = await settled(generated)
    expect(paused).toBeLessThan(3 * PAGES)
    expect(await releaseState()).toBe('running')

    await mella('release', 'resume', 'town')
    await until('it goes on', async () => (await generated()) >= paused + 4)
    await mella('release', 'cancel', 'town@1.0.0')
    const cancelled = await settled(generated)
    expect(cancelled).toBeLessThan(3 * PAGES)
    expect(await releaseState()).toBe('cancelled')
    expect(await runningOf('release/')).toBe(0)

    await mella('release', 'resume', id)
    await until('it ends', async () => (await releaseState()) === 'done')
    const ended = await one(sql`SELECT size::int FROM release_end`)
    expect(ended).toEqual({ size: PAGES })
    await mella('release', 'verify', 'town')
    expect(await users.stop()).toEqual(['mella_writer'])
  },
  LIMIT,
)

test(
  'no history holds a URL, a text or a picture',
  async () => {
    await until('nothing runs', async () => (await runningOf('')) === 0)
    const found: string[] = []
    let events = 0
    for await (const run of namespace.client.workflow.list()) {
      const history = await namespace.client.workflow.getHandle(run.workflowId, run.runId).fetchHistory()
      events += history.events?.length ?? 0
      const text = readable(historyToJSON(history))
      for (const secret of ['://', 'town.example', 'Pohled', 'Na náměstí', '.png', 'PNG']) {
        const at = text.indexOf(secret)
        if (at >= 0) found.push(`${run.workflowId}: ${text.slice(Math.max(0, at - 80), at + 80)}`)
      }
    }
    expect(found).toEqual([])
    expect(events).toBeGreaterThan(100)
  },
  LIMIT,
)

/** The history as JSON, with its payloads, which are bytes, as text beside it. */
function readable(json: string): string {
  const payloads = [...json.matchAll(/"data": ?"([^"]*)"/g)].map(([, data = '']) =>
    Buffer.from(data, 'base64').toString(),
  )
  return `${json.replaceAll(/"data": ?"[^"]*"/g, '')}\n${payloads.join('\n')}`
}

/** Who is connected to the database while no command of this file is; its own queries read as auditor. */
function watchUsers(): { stop(): Promise<string[]> } & AsyncDisposable {
  const seen = new Set<string>()
  let stopped = false
  const done = (async () => {
    while (!stopped) {
      await sleep(100)
      if (performance.now() < ownSessionsUntil) continue
      const rows = await sql<{ usename: string }>`SELECT DISTINCT usename FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename <> 'mella_auditor'`.execute(
        database.as('auditor'),
      )
      if (performance.now() >= ownSessionsUntil) for (const row of rows.rows) seen.add(row.usename)
    }
  })()
  const stop = async () => {
    stopped = true
    await done
    return [...seen]
  }
  return { stop, [Symbol.asyncDispose]: async () => void (await stop()) }
}
