import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js'
import { bundleWorkflowCode, Runtime, Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker'
import { beforeAll, expect, test } from 'vitest'
import * as workflows from '../../workflows/index.ts'

const FOLDER = path.join(import.meta.dirname, 'histories')
const SILENT = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} }
let bundle: WorkflowBundleWithSourceMap

/** Bundling is a test of its own: a built-in of Node, or the clock of a library, fails it. */
beforeAll(async () => {
  // The refused histories are expected: the core need not warn of them.
  Runtime.install({
    logger: SILENT,
    shutdownSignals: [],
    telemetryOptions: { logging: { filter: 'OFF', forward: {} } },
  })
  bundle = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
    logger: SILENT,
  })
}, 60_000)

/** `TYPE`, a history of the code as it is, and `TYPE.before-ID`, one of before `patched(ID)`. */
const SAVED = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.slice(0, -'.json'.length))
const typeOf = (saved: string) => saved.split('.', 1)[0]!
const patchOf = (saved: string) => saved.replace(`${typeOf(saved)}.before-`, '')
const textOf = (saved: string) => readFileSync(path.join(FOLDER, `${saved}.json`), 'utf8')
const WORKFLOWS = fileURLToPath(new URL('../../workflows/', import.meta.url))
const eventsOf = (saved: string) => historyFromJSON(JSON.parse(textOf(saved))).events ?? []

/** Ids of the patches that its run went by. */
function marksOf(saved: string): string[] {
  return eventsOf(saved)
    .map((event) => event.markerRecordedEventAttributes?.details?.['patch-data']?.payloads?.[0]?.data)
    .filter((data) => data instanceof Uint8Array)
    .map((data) => (JSON.parse(Buffer.from(data).toString('utf8')) as { id: string }).id)
}

/** Under its own id, which the ids of its children extend. */
function replay(text: string): Promise<void> {
  const history = historyFromJSON(JSON.parse(text))
  const id = history.events?.[0]?.workflowExecutionStartedEventAttributes?.workflowId
  return Worker.runReplayHistory({ workflowBundle: bundle }, history, id ?? 'none')
}

test('every workflow has a saved history, and each is in the bundle', () => {
  expect(SAVED.filter((saved) => saved === typeOf(saved)).toSorted()).toEqual(Object.keys(workflows).toSorted())
  for (const saved of SAVED) expect(bundle.code).toContain(typeOf(saved))
})

test('every patch has a saved history of before it and one of since', () => {
  const sources = readdirSync(WORKFLOWS).map((file) => readFileSync(path.join(WORKFLOWS, file), 'utf8'))
  const ids = sources.flatMap((source) => [...source.matchAll(/\bpatched\('([^']+)'\)/g)].map(([, id = '']) => id))
  const before = SAVED.filter((saved) => saved !== typeOf(saved)).map((saved) => ({ saved, id: patchOf(saved) }))
  expect(new Set(before.map(({ id }) => id))).toEqual(new Set(ids))
  for (const { saved, id } of before) {
    expect(marksOf(saved)).not.toContain(id)
    expect(marksOf(typeOf(saved))).toContain(id)
  }
})

test('the saved crawl started several shards together', () => {
  const starts = eventsOf('crawlWorkflow').flatMap(
    (event) => event.startChildWorkflowExecutionInitiatedEventAttributes ?? [],
  )
  expect(starts.length).toBeGreaterThan(1)
  expect(new Set(starts.map((start) => String(start.workflowTaskCompletedEventId))).size).toBe(1)
})

test.each(SAVED)('%s goes on with a history that was saved earlier', async (type) => {
  await expect(replay(textOf(type))).resolves.toBe(undefined)
})

test.each([
  ['releaseWorkflow', 'planRun'],
  ['crawlWorkflow', 'planCrawlRound'],
  ['shardWorkflow', 'buildRowsShard'],
])('a history of %s that ran another activity than %s is refused as not deterministic', async (type, activity) => {
  const changed = textOf(type).replace(`"name":"${activity}"`, '"name":"somethingElse"')
  expect(changed).not.toBe(textOf(type))
  await expect(replay(changed)).rejects.toMatchObject({
    name: 'DeterminismViolationError',
    message: expect.stringContaining('somethingElse') as string,
  })
})

test('histories hold ids, numbers and digests: no URL, and nothing longer than an identifier', () => {
  const long: string[] = []
  for (const saved of SAVED) {
    for (const [, data = ''] of textOf(saved).matchAll(/"data":"([^"]*)"/g)) {
      const payload = Buffer.from(data, 'base64').toString('utf8')
      if (payload.includes('://') || payload.length > 400) long.push(`${saved}: ${payload}`)
    }
  }
  expect(long).toEqual([])
})
