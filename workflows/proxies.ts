import { proxyActivities } from '@temporalio/workflow'
import type { CrawlActivities } from '../activities/crawl/crawl.activity.ts'
import type { DuplicatesActivities } from '../activities/duplicates/duplicates.activity.ts'
import type { ExtractActivities } from '../activities/extract/extract.activity.ts'
import type { FormSamplesActivities } from '../activities/form-samples/form-samples.activity.ts'
import type { FrequencyActivities } from '../activities/frequency/frequency.activity.ts'
import type { GenerateActivities } from '../activities/generate/generate.activity.ts'
import type { JudgeCandidatesActivities } from '../activities/judge-candidates/judge-candidates.activity.ts'
import type { JudgeSamplesActivities } from '../activities/judge-samples/judge-samples.activity.ts'
import type { NormaliseActivities } from '../activities/normalise/normalise.activity.ts'
import type { FilesActivities } from '../activities/package/files.activity.ts'
import type { FinishActivities } from '../activities/package/finish.activity.ts'
import type { RowsActivities } from '../activities/package/rows.activity.ts'
import type { LaunchActivities } from '../activities/plan-release/launch.activity.ts'
import type { PlanActivities } from '../activities/plan-release/release.activity.ts'
import type { PreselectActivities } from '../activities/preselect/preselect.activity.ts'
import type { SafetyActivities } from '../activities/safety/safety.activity.ts'
import type { SelectActivities } from '../activities/select/select.activity.ts'

type Orchestration = Pick<CrawlActivities, 'planCrawlRound' | 'endCrawl' | 'failCrawl' | 'readCrawlState'> &
  Pick<FilesActivities, 'planFiles'> &
  LaunchActivities &
  PlanActivities &
  FrequencyActivities &
  FormSamplesActivities &
  PreselectActivities &
  SelectActivities &
  FinishActivities

type Computation = ExtractActivities &
  NormaliseActivities &
  SafetyActivities &
  DuplicatesActivities &
  JudgeCandidatesActivities &
  JudgeSamplesActivities &
  RowsActivities &
  Pick<FilesActivities, 'writeDataFile'>

/** Every timeout, heartbeat and retry of the system, in one place. */

/** Until a fault of the batch (database away, disk full) passes; what cannot pass is non-retryable by its error. */
const UNTIL_IT_PASSES = { initialInterval: '500 ms', backoffCoefficient: 2, maximumInterval: '20 s' } as const

/** Queries and set-based statements over a whole run: minutes at ten million rows. */
export const orchestration = {
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '10 s',
  retry: UNTIL_IT_PASSES,
} as const

/** One shard for some 20 s; a dead worker is noticed after the same five seconds that its lease lasts. */
export const crawling = {
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '5 s',
  retry: { initialInterval: '500 ms', backoffCoefficient: 1.5, maximumInterval: '10 s' },
} as const

/** One batch of a shard; activities stop by themselves after eight minutes. */
export const batch = {
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '5 s',
  retry: UNTIL_IT_PASSES,
} as const

/** Model services: the adapter waits for 429 itself; a service that stays away fails the release, which can be resumed. */
export const modelCalls = {
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '5 s',
  retry: { initialInterval: '2 s', backoffCoefficient: 2, maximumInterval: '20 s' },
} as const

export const orchestrate = () => proxyActivities<Orchestration>({ ...orchestration, taskQueue: 'mella-orchestrator' })
export const crawlOn = (taskQueue: string) =>
  proxyActivities<Pick<CrawlActivities, 'crawlShard'>>({ ...crawling, taskQueue })
export const computeOn = (taskQueue: string) => proxyActivities<Computation>({ ...batch, taskQueue })
export const generateOn = (taskQueue: string) => proxyActivities<GenerateActivities>({ ...modelCalls, taskQueue })
