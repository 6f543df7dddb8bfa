import type { Client } from '@temporalio/client'
import { describeSeconds, paceOf } from '../../activities/crawl/progress.ts'
import { planSites } from '../../activities/crawl/plan-crawl.ts'
import { digestJson } from '../../activities/digest.ts'
import { PermanentError } from '../../schema/contracts/errors.ts'
import type { CrawlSection } from '../../schema/contracts/spec.ts'
import { countCrawl } from '../../schema/queries/crawl-counts.ts'
import { failedSeeds } from '../../schema/queries/crawl-progress.ts'
import { type CrawlRecord, createOrJoinCrawl, getCrawl } from '../../schema/queries/crawls.ts'
import { identitySection } from '../../schema/spec/seed-archive.ts'
import type { crawlWorkflow } from '../../workflows/crawl.workflow.ts'
import type { Progress } from '../progress.ts'
import type { Session } from './connect.ts'
import { outlast } from './outlast.ts'

/** Shards crawled at a time over all workers: all of them, or those of slow hosts would keep others waiting. */
const WINDOW = 64
const POLL_MS = 400
/** Worker roles that a crawl needs; the others would only take memory. */
export const CRAWL_ROLES = ['orchestrator', 'io'] as const

/** Joins or makes the crawl of a section. */
export async function ensureCrawl(
  session: Session,
  dataset: string,
  section: CrawlSection,
  again: boolean,
): Promise<{ id: string; created: boolean }> {
  const { shards, sites } = planSites(section)
  const sectionSha = digestJson(identitySection(section))
  return createOrJoinCrawl(session.db, { dataset, section, sectionSha, shards, sites, again })
}

/**
 * Starts the crawl's workflow unless it runs; Postgres holds where it is. With `here`, for a caller that runs workers of
 * its own, one that waits for workers of other code gives way: an update would leave it waiting for ever.
 */
export async function runCrawl(session: Session, id: string, { here = false } = {}): Promise<void> {
  const client = await session.temporal()
  // Loaded here alone: commands that only read rows start without every step's tools.
  const { gatherTools, ORCHESTRATOR_QUEUE, queuesFor } = await import('../../activities/steps/tool-versions.ts')
  const { adapterVersions } = await import('../../infra/adapter-versions.ts')
  const { io } = queuesFor(gatherTools(await adapterVersions(), []))
  const workflowId = crawlWorkflowId(id)
  const queue = here ? await queueOfRunning(client, workflowId) : null
  if (queue !== null && queue !== io) await stopWorkflow(client, workflowId, 'taken over by workers of other code')
  await client.workflow.start<typeof crawlWorkflow>('crawlWorkflow', {
    workflowId,
    taskQueue: ORCHESTRATOR_QUEUE,
    args: [{ crawlId: id, ioQueue: io, window: WINDOW }],
    memo: { ioQueue: io },
    workflowIdConflictPolicy: 'USE_EXISTING',
  })
}

/** Null when none runs, or when it is a release's: that one is the release's to end. */
async function queueOfRunning(client: Client, workflowId: string): Promise<string | null> {
  const found = await client.workflow
    .getHandle(workflowId)
    .describe()
    .catch((error: unknown) => {
      if ((error as { name?: string }).name !== 'WorkflowNotFoundError') throw error
      return null
    })
  const queue = found?.status.name === 'RUNNING' ? found.memo?.['ioQueue'] : null
  return typeof queue === 'string' ? queue : null
}

export function crawlWorkflowId(id: string): string {
  return `crawl/${id}`
}

export async function findCrawl(session: Pick<Session, 'db'>, id: string): Promise<CrawlRecord> {
  const crawl = await getCrawl(session.db, id)
  if (!crawl) throw new PermanentError('CRAWL_NOT_FOUND', `crawl ${id}: there is none`, { mend: './mella crawl list' })
  return crawl
}

/** Ends the workflow of a crawl, if one runs; its state in Postgres is not touched. */
export async function stopWorkflow(client: Client, workflowId: string, reason: string): Promise<void> {
  await client.workflow
    .getHandle(workflowId)
    .terminate(reason)
    .catch((error: unknown) => {
      if ((error as { name?: string }).name !== 'WorkflowNotFoundError') throw error
    })
}

/** Shows the crawl's progress from committed rows until it stops running. */
export async function watchCrawl(session: Session, id: string, progress: Progress): Promise<CrawlRecord> {
  for (;;) {
    const { crawl, counts } = await outlast(async () => {
      const found = await findCrawl(session, id)
      return { crawl: found, counts: await countCrawl(session.db, found.crawl_no) }
    })
    const pace = paceOf(counts)
    const left = (pace.seconds_left ?? 0) === 0 ? '' : `, ${describeSeconds(pace.seconds_left ?? 0)} left`
    progress.update('crawl', pace.done, pace.total, pace.per_second === 0 ? '' : `${pace.per_second} a second${left}`)
    if (crawl.state !== 'running' || crawl.paused) {
      progress.end()
      return crawl
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

/** Failed seeds named in a message; `crawl show` counts them all. */
const MOST_SEEDS = 5

/** A line for each of the first seeds that led nowhere: what kept a crawl from its sites. */
export async function seedLines({ db }: Pick<Session, 'db'>, id: string): Promise<string[]> {
  const crawl = await findCrawl({ db }, id)
  const seeds = await failedSeeds(db, crawl.crawl_no, MOST_SEEDS)
  return seeds.map(({ url, reason, detail }) => `seed ${url}: ${reason ?? 'failed'}${detail ? ` (${detail})` : ''}`)
}
