import type { Client } from '@temporalio/client'
import { expect, it } from 'vitest'
import { findTroubles } from '../../../cli/jobs/trouble.ts'

interface Pending {
  activityId?: string
  activityType: { name: string }
  attempt: number
  lastFailure?: { message: string; applicationFailureInfo?: { type: string }; timeoutFailureInfo?: object }
}

/** A Temporal with one running workflow that has these activities pending. */
function clientWith(pendingActivities: Pending[]): Client {
  const workflow = {
    async *list() {
      yield { workflowId: 'crawl/one' }
    },
    getHandle: () => ({ describe: async () => ({ raw: { pendingActivities } }) }),
  }
  return { workflow } as unknown as Client
}

const full = { message: 'store /data is full', applicationFailureInfo: { type: 'STORE_FULL' } }

it('names the activity that fails again and again, with its code', async () => {
  const client = clientWith([{ activityId: '5', activityType: { name: 'crawlShard' }, attempt: 7, lastFailure: full }])
  expect(await findTroubles(client)).toEqual([
    { key: 'crawl/one 5', activity: 'crawlShard', attempts: 7, code: 'STORE_FULL', message: 'store /data is full' },
  ])
})

it('takes a first failure and a worker that died for normal events', async () => {
  const client = clientWith([
    { activityType: { name: 'crawlShard' }, attempt: 2, lastFailure: full },
    { activityType: { name: 'captionShard' }, attempt: 9, lastFailure: { message: 'timeout', timeoutFailureInfo: {} } },
  ])
  expect(await findTroubles(client)).toEqual([])
})
