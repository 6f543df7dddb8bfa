import { continueAsNew, executeChild, ParentClosePolicy, sleep, startChild } from '@temporalio/workflow'
import type { crawlWorkflow } from './crawl.workflow.ts'
import { orchestrate } from './proxies.ts'
import type { releaseWorkflow } from './release.workflow.ts'

export interface LaunchWorkflowInput {
  /** sha256 of the resolved spec in the store, lowercase hex. */
  spec: string
  /** The crawls to make the release of, in source rank order. */
  crawlIds: string[]
  /** The one of them that is not frozen yet, null when all are. */
  crawlFirst: string | null
  again: boolean
  relabel: boolean
  window: number
  ioQueue: string
  shardSize: number
}

export type LaunchWorkflowResult =
  | { kind: 'partial'; crawlId: string }
  | { kind: 'release'; releaseId: string; run: string }

/** A release from a spec: crawls first when it must, then makes the release and waits for it. */
export async function launchWorkflow(input: LaunchWorkflowInput): Promise<LaunchWorkflowResult> {
  const { createRelease } = orchestrate()
  if (input.crawlFirst !== null) {
    const state = await crawlFirst(input, input.crawlFirst)
    if (state !== 'frozen') return { kind: 'partial', crawlId: input.crawlFirst }
  }
  const release = await createRelease({
    spec: input.spec,
    crawlIds: input.crawlIds,
    again: input.again,
    relabel: input.relabel,
    shardSize: input.shardSize,
  })
  if (release.exists) return { kind: 'release', releaseId: release.releaseId, run: release.run }
  await executeChild<typeof releaseWorkflow>('releaseWorkflow', {
    workflowId: `release/${release.releaseId}/${release.run}`,
    args: [{ releaseNo: release.releaseNo, run: release.run, queues: release.queues, window: input.window }],
    parentClosePolicy: ParentClosePolicy.ABANDON,
  })
  return { kind: 'release', releaseId: release.releaseId, run: release.run }
}

const POLL = '10 s'
/** Some 2,400 events. */
const MAX_POLLS = 300

/** Runs the crawl as a child, or waits for the one that runs already. */
async function crawlFirst(input: LaunchWorkflowInput, crawlId: string): Promise<string> {
  const { readCrawlState } = orchestrate()
  const known = await readCrawlState({ crawlId })
  if (known.state !== 'running') return known.state
  try {
    const crawl = await startChild<typeof crawlWorkflow>('crawlWorkflow', {
      workflowId: `crawl/${crawlId}`,
      args: [{ crawlId, ioQueue: input.ioQueue, window: input.window }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
    })
    return (await crawl.result()).state
  } catch (error) {
    if ((error as Error).name !== 'WorkflowExecutionAlreadyStartedError') throw error
  }
  for (let poll = 0; poll < MAX_POLLS; poll += 1) {
    const { state } = await readCrawlState({ crawlId })
    if (state !== 'running' && state !== 'paused') return state
    await sleep(POLL)
  }
  return continueAsNew<typeof launchWorkflow>(input)
}
