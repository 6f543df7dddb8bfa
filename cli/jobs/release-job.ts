import type { Client } from '@temporalio/client'
import { refuseTakenLabel, releaseIdentity } from '../../activities/plan-release/create-release.ts'
import { canonicalJson, digestJson } from '../../activities/digest.ts'
import { type ToolVersions } from '../../activities/steps/step.ts'
import { gatherTools, ORCHESTRATOR_QUEUE, queuesFor } from '../../activities/steps/tool-versions.ts'
import { datasetKey, keyFingerprint } from '../../infra/dataset-key.ts'
import { adapterVersions } from '../../infra/adapter-versions.ts'
import { openStore } from '../../infra/open-store.ts'
import { AppError, codedCause, PermanentError } from '../../schema/contracts/errors.ts'
import type { ReleaseSpec } from '../../schema/contracts/spec.ts'
import { newestFrozenCrawl } from '../../schema/queries/crawls.ts'
import { identitySection } from '../../schema/spec/seed-archive.ts'
import { frozenCrawls } from '../../schema/queries/frozen-crawls.ts'
import { runProgress } from '../../schema/queries/release-progress.ts'
import { findRelease, finishedRun, newestRelease, type ReleaseRecord } from '../../schema/queries/releases.ts'
import type { launchWorkflow, LaunchWorkflowResult } from '../../workflows/launch.workflow.ts'
import type { Progress } from '../progress.ts'
import { readAbuseLists } from './abuse-lists.ts'
import type { Session } from './connect.ts'
import { ensureCrawl, findCrawl } from './crawl-job.ts'
import { outlast } from './outlast.ts'

const WINDOW = 4
const POLL_MS = 400

export interface LaunchOptions {
  again: boolean
  relabel: boolean
}

export interface Launch {
  spec: ReleaseSpec
  /** In source rank order. */
  crawlIds: string[]
  /** The crawl to wait for, null when all are frozen. */
  crawlId: string | null
  tools: ToolVersions
  /** The finished release of the same identity, when it is there already. */
  existing: ReleaseRecord | null
  /** Id of the release, once its crawls are frozen. */
  releaseId: string | null
}

/** What a launch of this spec comes to: which crawls, which release, and whether it exists. */
export async function planLaunch(session: Session, spec: ReleaseSpec): Promise<Launch> {
  const tools = gatherTools(await adapterVersions(), readAbuseLists(session.settings))
  const ids = await crawlsOf(session, spec)
  const frozen = await frozenCrawls(session.db, ids)
  if (frozen.length < ids.length)
    return { spec, crawlIds: ids, crawlId: ids[0] ?? null, tools, existing: null, releaseId: null }
  const fingerprint = (dataset: string) => keyFingerprint(datasetKey(session.settings, dataset))
  const { id } = releaseIdentity({ tools, keyFingerprint: fingerprint }, spec, frozen)
  const release = (await findRelease(session.db, id)) ?? null
  const done = release && (await finishedRun(session.db, release.release_no)) ? release : null
  return { spec, crawlIds: ids, crawlId: null, tools, existing: done, releaseId: id }
}

async function crawlsOf(session: Session, spec: ReleaseSpec): Promise<string[]> {
  if (spec.crawls.length > 0) {
    const frozen = await frozenCrawls(session.db, spec.crawls)
    const missing = spec.crawls.find((id) => !frozen.some((crawl) => crawl.id === id))
    if (missing !== undefined)
      throw new PermanentError('CRAWL_NOT_FOUND', `crawl ${missing}: is not there or not frozen`, {
        mend: './mella crawl list',
      })
    return spec.crawls
  }
  if (!spec.crawl)
    throw new PermanentError('BAD_SPEC', 'spec: names neither crawls nor a crawl of its own', {
      mend: './mella spec init shows both',
    })
  const newest = await newestFrozenCrawl(session.db, spec.dataset, digestJson(identitySection(spec.crawl)))
  return newest ? [newest.id] : [(await ensureCrawl(session, spec.dataset, spec.crawl, false)).id]
}

/** Starts the launch's workflow, or joins the one that runs. */
export async function startLaunch(session: Session, launch: Launch, options: LaunchOptions): Promise<string> {
  const store = openStore(session.settings)
  const sha = (await store.put(Buffer.from(canonicalJson(launch.spec), 'utf8'))).toString('hex')
  const client = await session.temporal()
  const workflowId = `launch/${launch.spec.dataset}/${sha.slice(0, 16)}${options.again ? '/again' : ''}`
  await client.workflow.start<typeof launchWorkflow>('launchWorkflow', {
    workflowId,
    taskQueue: ORCHESTRATOR_QUEUE,
    args: [
      {
        spec: sha,
        crawlIds: launch.crawlIds,
        crawlFirst: launch.crawlId,
        again: options.again,
        relabel: options.relabel,
        window: WINDOW,
        ioQueue: queuesFor(launch.tools).io,
        shardSize: session.settings.shardSize,
      },
    ],
    workflowIdConflictPolicy: 'USE_EXISTING',
  })
  return workflowId
}

/** Shows a bar per step from committed rows until the launch ends. */
export async function watchLaunch(
  session: Session,
  launch: Launch,
  workflowId: string,
  progress: Progress,
): Promise<LaunchWorkflowResult> {
  const client: Client = await session.temporal()
  let result: LaunchWorkflowResult | null = null
  let failure: unknown = null
  const handle = client.workflow.getHandle(workflowId)
  const ended = outlast(() => handle.result() as Promise<LaunchWorkflowResult>).then(
    (value) => (result = value),
    (error: unknown) => (failure = error),
  )
  for (;;) {
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, POLL_MS))])
    await outlast(() => showProgress(session, launch, progress))
    if (result) {
      progress.end()
      return result
    }
    if (failure) {
      progress.end()
      throw await launchFailure(session, launch, failure)
    }
  }
}

async function showProgress(session: Session, launch: Launch, progress: Progress): Promise<void> {
  const { db } = session
  if (launch.crawlId) {
    const crawl = await findCrawl(session, launch.crawlId)
    if (crawl.state !== 'frozen') {
      const counted = await db
        .selectFrom('frontier')
        .select(({ fn }) => [
          fn.countAll<string>().as('total'),
          fn.countAll<string>().filterWhere('state', 'in', ['done', 'failed', 'excluded']).as('done'),
        ])
        .where('crawl_no', '=', crawl.crawl_no)
        .where('state', '<>', 'found')
        .executeTakeFirst()
      progress.update('crawl', Number(counted?.done ?? 0), Number(counted?.total ?? 0))
      return
    }
  }
  const newest = await db
    .selectFrom('release_run')
    .innerJoin('release', 'release.release_no', 'release_run.release_no')
    .select('release_run.run')
    .where('release.dataset', '=', launch.spec.dataset)
    .where('release.version', '=', launch.spec.version)
    .orderBy('release_run.run', 'desc')
    .executeTakeFirst()
  if (!newest) return
  for (const step of await runProgress(db, newest.run))
    if (step.done > 0) progress.update(step.step, step.done, step.total)
}

/** The cause that a release noted, with what mends it. */
async function launchFailure(session: Session, launch: Launch, failure: unknown): Promise<AppError> {
  const noted =
    launch.releaseId === null
      ? await newestRelease(session.db, launch.spec.dataset, launch.spec.version)
      : await findRelease(session.db, launch.releaseId)
  if (noted?.state === 'failed' && noted.note) {
    return new AppError(
      noted.note_code ?? 'FAILED',
      `release ${noted.id}: ${noted.note}`,
      { mend: `mend that, then ./mella release resume ${noted.id}; nothing is lost` },
      failure,
    )
  }
  const cause = codedCause(failure)
  // A history has no words: what refused the launch says them again.
  if (cause?.code === 'VERSION_TAKEN') await refuseTakenLabel(session.db, launch.spec, launch.releaseId)
  return new AppError(
    cause?.code ?? 'FAILED',
    `launch failed: ${cause?.message ?? causeMessage(failure)}`,
    { mend: './mella doctor' },
    failure,
  )
}

function causeMessage(error: unknown): string {
  let message = String(error)
  for (let at: unknown = error; at instanceof Error; at = at.cause) message = at.message
  return message
}
