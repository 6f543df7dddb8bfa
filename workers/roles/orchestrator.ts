import { createCrawlActivities } from '../../activities/crawl/crawl.activity.ts'
import { createFormSamplesActivities } from '../../activities/form-samples/form-samples.activity.ts'
import { createFrequencyActivities } from '../../activities/frequency/frequency.activity.ts'
import { createFilesActivities } from '../../activities/package/files.activity.ts'
import { createFinishActivities } from '../../activities/package/finish.activity.ts'
import { createLaunchActivities } from '../../activities/plan-release/launch.activity.ts'
import { createPlanActivities } from '../../activities/plan-release/release.activity.ts'
import { createPreselectActivities } from '../../activities/preselect/preselect.activity.ts'
import { createSelectActivities } from '../../activities/select/select.activity.ts'
import type { Runtime } from '../runtime.ts'
import { crawlDeps } from './crawl-deps.ts'
import { fileDeps, finishDeps } from './package-deps.ts'

/** Plans, surveys by SQL and choices over a whole run: queries, no bytes of pictures. */
export function orchestratorActivities(runtime: Runtime) {
  const { planCrawlRound, endCrawl, failCrawl, readCrawlState } = createCrawlActivities(crawlDeps(runtime))
  const { planFiles } = createFilesActivities(fileDeps(runtime))
  return {
    planCrawlRound,
    endCrawl,
    failCrawl,
    readCrawlState,
    planFiles,
    ...createLaunchActivities({ ...runtime, keyFingerprint: runtime.fingerprintOf }),
    ...createPlanActivities(runtime),
    ...createFrequencyActivities(runtime),
    ...createFormSamplesActivities({ ...runtime, datasetKey: runtime.keyOf }),
    ...createPreselectActivities(runtime),
    ...createSelectActivities(runtime),
    ...createFinishActivities(finishDeps(runtime)),
  }
}
