import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { Client, Connection, type WorkflowExecutionInfo } from '@temporalio/client'
import { bundleWorkflowCode, NativeConnection, Runtime, type WorkflowBundleWithSourceMap } from '@temporalio/worker'
import { afterAll, beforeAll, inject } from 'vitest'

export interface TestNamespace {
  name: string
  address: string
  client: Client
  /** For workers; opened on first use. */
  native(): Promise<NativeConnection>
}

const SILENT = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} }
const KEPT = { seconds: (24 * 3600) as unknown as never }

/** A namespace of its own on the lane's Temporal, so that workers of other test files take none of its work. */
export function useTestNamespace(): TestNamespace {
  const name = `test-${randomUUID()}`
  const namespace: TestNamespace = { name, address: '', client: null as unknown as Client, native: () => native() }
  let opened: Promise<NativeConnection> | null = null
  const native = () => (opened ??= NativeConnection.connect({ address: namespace.address }))
  beforeAll(async () => {
    namespace.address = inject('services').temporalAddress
    const connection = await Connection.connect({ address: namespace.address })
    await connection.workflowService.registerNamespace({ namespace: name, workflowExecutionRetentionPeriod: KEPT })
    namespace.client = new Client({ connection, namespace: name })
    await untilServed(namespace)
  })
  afterAll(async () => {
    if (opened) await (await opened).close()
    await namespace.client.connection.close()
  })
  return namespace
}

/** The server knows a new namespace a moment after it was registered. */
async function untilServed({ client }: TestNamespace): Promise<void> {
  for (;;) {
    try {
      await client.workflow.count()
      return
    } catch {
      // NOT_FOUND until the server's cache has the namespace.
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

/** The SDK of this process says errors only: a test's stopped workers are no news. */
export function quietRuntime(): void {
  Runtime.install({ logger: SILENT, shutdownSignals: [] })
}

/** All workflows, as a worker of this process needs them. */
export function bundleWorkflows(): Promise<WorkflowBundleWithSourceMap> {
  return bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
    logger: SILENT,
  })
}

/** All runs of the namespace's workflows, once `expected` of them are closed and none runs. */
export async function closedRuns({ client }: TestNamespace, expected: number): Promise<WorkflowExecutionInfo[]> {
  for (;;) {
    const runs: WorkflowExecutionInfo[] = []
    for await (const run of client.workflow.list()) runs.push(run)
    if (runs.length >= expected && runs.every((run) => run.status.name !== 'RUNNING')) return runs
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}
