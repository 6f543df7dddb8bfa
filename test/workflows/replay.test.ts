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

const textOf = (type: string) => readFileSync(path.join(FOLDER, `${type}.json`), 'utf8')

/** Under its own id, which the ids of its children extend. */
function replay(text: string): Promise<void> {
  const history = historyFromJSON(JSON.parse(text))
  const id = history.events?.[0]?.workflowExecutionStartedEventAttributes?.workflowId
  return Worker.runReplayHistory({ workflowBundle: bundle }, history, id ?? 'none')
}

test('every workflow has a saved history, and each is in the bundle', () => {
  const saved = readdirSync(FOLDER).map((file) => file.replace('.json', ''))
  expect(saved.toSorted()).toEqual(Object.keys(workflows).toSorted())
  for (const name of saved) expect(bundle.code).toContain(name)
})

test.each(Object.keys(workflows))('%s goes on with a history that was saved earlier', async (type) => {
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
  for (const type of Object.keys(workflows)) {
    for (const [, data = ''] of textOf(type).matchAll(/"data":"([^"]*)"/g)) {
      const payload = Buffer.from(data, 'base64').toString('utf8')
      if (payload.includes('://') || payload.length > 400) long.push(`${type}: ${payload}`)
    }
  }
  expect(long).toEqual([])
})
