import type { Queues } from '../../schema/contracts/release-work.ts'
import type { ReleaseSpec } from '../../schema/contracts/spec.ts'
import { PermanentError } from '../../schema/contracts/errors.ts'
import { frozenCrawls } from '../../schema/queries/frozen-crawls.ts'
import { runEdge } from '../edge/run-edge.ts'
import { createRelease as makeRelease, type CreateReleaseDeps } from './create-release.ts'

export interface LaunchDeps extends CreateReleaseDeps {
  queues: Queues
}

export type LaunchActivities = ReturnType<typeof createLaunchActivities>

export interface CreateReleaseInput {
  /** sha256 of the resolved spec in the store, lowercase hex. */
  spec: string
  crawlIds: string[]
  again: boolean
  relabel: boolean
  shardSize: number
}

export interface CreateReleaseResult {
  releaseId: string
  releaseNo: number
  run: string
  exists: boolean
  queues: Queues
}

export function createLaunchActivities(deps: LaunchDeps) {
  /** Makes or joins the release of a spec over its frozen crawls. Safe to run twice, but for `again`, which the workflow's history holds to one. */
  const createRelease = (input: CreateReleaseInput): Promise<CreateReleaseResult> =>
    runEdge(async () => {
      const spec = JSON.parse((await deps.store.get(Buffer.from(input.spec, 'hex'))).toString('utf8')) as ReleaseSpec
      const crawls = await frozenCrawls(deps.db, input.crawlIds)
      const missing = input.crawlIds.find((id) => !crawls.some((crawl) => crawl.id === id))
      if (missing !== undefined)
        throw new PermanentError('CRAWL_NOT_FROZEN', `crawl ${missing} is not frozen: ./mella crawl freeze ${missing}`)
      const { release, run, exists } = await makeRelease(deps, {
        spec,
        specSha: input.spec,
        crawls,
        again: input.again,
        relabel: input.relabel,
        shardSize: input.shardSize,
      })
      return { releaseId: release.id, releaseNo: release.release_no, run, exists, queues: deps.queues }
    })
  return { createRelease }
}
