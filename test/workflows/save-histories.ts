import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { Client, Connection } from '@temporalio/client'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'

/**
 * Saves one closed history of each workflow type, or of those named, from a Temporal server that a demo or a crawl has
 * just used:
 *
 *   ./mella demo && node test/workflows/save-histories.ts 127.0.0.1:PORT
 *   ./mella crawl start SPEC --wait && node test/workflows/save-histories.ts 127.0.0.1:PORT crawlWorkflow
 *
 * Of a crawl, one of several sites: the demo's are one shard. When a workflow is changed under `patched(ID)`, the file
 * that is there becomes `TYPE.before-ID.json`, which goes on replaying, and a new one is saved. When it is changed
 * without, no run of a release before may have to go on.
 */
const FOLDER = path.join(import.meta.dirname, 'histories')
const [address, ...types] = process.argv.slice(2)
if (address === undefined) throw new Error('name the address of the Temporal server')
const connection = await Connection.connect({ address })
const client = new Client({ connection })
const shortest = new Map<string, { workflowId: string; runId: string; length: number }>()
for await (const run of client.workflow.list({ query: `ExecutionStatus = 'Completed'` })) {
  if (types.length > 0 && !types.includes(run.type)) continue
  const known = shortest.get(run.type)
  // Of a phase, one with shards: an empty one shows nothing.
  if (run.type === 'phaseWorkflow' && run.historyLength < 15) continue
  if (!known || run.historyLength < known.length)
    shortest.set(run.type, { workflowId: run.workflowId, runId: run.runId, length: run.historyLength })
}
for (const [type, { workflowId, runId }] of shortest) {
  const history = await client.workflow.getHandle(workflowId, runId).fetchHistory()
  // Which machine ran it is no matter to a replay.
  const text = historyToJSON(history).replaceAll(/"\d+@[^"]*"/g, '"worker"')
  writeFileSync(path.join(FOLDER, `${type}.json`), `${JSON.stringify(JSON.parse(text))}\n`)
  process.stdout.write(`${type} ${workflowId}\n`)
}
await connection.close()
