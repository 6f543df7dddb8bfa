import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { Client, Connection } from '@temporalio/client'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'

/**
 * Saves one closed history of each workflow type from a Temporal server that a demo has just used:
 *
 *   ./mella demo && node test/workflows/save-histories.ts 127.0.0.1:PORT
 *
 * Run it when a workflow is changed on purpose, after a release that no longer has to go on with old histories.
 */
const FOLDER = path.join(import.meta.dirname, 'histories')
const address = process.argv[2]
if (address === undefined) throw new Error('name the address of the Temporal server')
const connection = await Connection.connect({ address })
const client = new Client({ connection })
const shortest = new Map<string, { workflowId: string; runId: string; length: number }>()
for await (const run of client.workflow.list({ query: `ExecutionStatus = 'Completed'` })) {
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
