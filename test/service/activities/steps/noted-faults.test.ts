import { DefaultFailureConverter, defaultPayloadConverter } from '@temporalio/common'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCrawlActivities } from '../../../../activities/crawl/crawl.activity.ts'
import type { CrawlDeps } from '../../../../activities/crawl/create-shard-crawler.ts'
import { createPlanActivities } from '../../../../activities/plan-release/release.activity.ts'
import { runStep, type StepDeps } from '../../../../activities/steps/shard-edge.ts'
import { openDatabase } from '../../../../infra/postgres.ts'
import { PermanentError } from '../../../../schema/contracts/errors.ts'
import { getCrawl } from '../../../../schema/queries/crawls.ts'
import { getRelease } from '../../../../schema/queries/releases.ts'
import { aSection, startCrawl } from '../../../support/crawl.ts'
import { inActivity } from '../../../support/activity.ts'
import { seedRelease, type TestRelease } from '../../../support/a-release.ts'
import { useTestDatabase } from '../../../support/database.ts'

const WORDS = 'model service http://10.0.0.7/v1 cannot be reached: přečtená věta'

const database = useTestDatabase()
let db: ReturnType<typeof openDatabase>
let seeded: TestRelease
let deps: StepDeps

beforeAll(async () => {
  db = openDatabase(database.url, 'writer', 2)
  seeded = await seedRelease(db, [{ name: 'mill', text: 'Starý mlýn u řeky' }])
  deps = { db, store: {} as StepDeps['store'], worker: 'test/1' }
})
afterAll(() => db.destroy())

test('what a fault says is noted for people, and only its code goes to the history', async () => {
  const input = { releaseNo: seeded.release.release_no, run: seeded.run }
  const failing = () => runStep(deps, input, null, () => Promise.reject(new PermanentError('MODEL_UNAVAILABLE', WORDS)))
  const failure = await inActivity(() => failing().catch((error: unknown) => error as Error))
  expect(failure).toMatchObject({ type: 'MODEL_UNAVAILABLE', nonRetryable: true })
  expect(historyOf(failure)).toEqual({ message: 'MODEL_UNAVAILABLE', stackTrace: '', cause: undefined })

  const { endRelease } = createPlanActivities(deps)
  await inActivity(() => endRelease({ ...input, failure: 'MODEL_UNAVAILABLE' }))
  expect(await getRelease(db, input.releaseNo)).toMatchObject({
    state: 'failed',
    note: WORDS,
    note_code: 'MODEL_UNAVAILABLE',
  })
})

test.each([
  ['the system', Object.assign(new Error(WORDS), { code: 'ENOSPC' }), 'SYSTEM_ENOSPC'],
  ['Postgres', Object.assign(new Error(WORDS), { code: '53100' }), 'SYSTEM_53100'],
  ['nobody', new TypeError(WORDS, { cause: new Error(WORDS) }), 'UNKNOWN_FAULT'],
])('a fault that %s names keeps its words out of the history too, and is tried again', async (_, fault, code) => {
  const input = { releaseNo: seeded.release.release_no, run: seeded.run }
  const failing = () => runStep(deps, input, null, () => Promise.reject(fault))
  const failure = await inActivity(() => failing().catch((error: unknown) => error as Error))
  expect(failure).toMatchObject({ type: code, nonRetryable: false })
  expect(historyOf(failure)).toEqual({ message: code, stackTrace: '', cause: undefined })
  expect(await getRelease(db, input.releaseNo)).toMatchObject({ note: WORDS, note_code: code })
})

test('a crawl keeps what its fault said, under the code that ends it', async () => {
  const { id } = await startCrawl(db, aSection(['https://a.example/']), 1)
  const broken = {
    db,
    worker: 'test/1',
    get definitions(): CrawlDeps['definitions'] {
      throw new PermanentError('STORE_BROKEN', WORDS)
    },
  } as CrawlDeps
  const { crawlShard, failCrawl } = createCrawlActivities(broken)
  const failing = () => crawlShard({ crawlId: id, shard: 0 }).catch((error: unknown) => error as Error)
  const failure = await inActivity(failing)
  expect(failure).toMatchObject({ type: 'STORE_BROKEN', nonRetryable: true })
  expect(historyOf(failure)).toEqual({ message: 'STORE_BROKEN', stackTrace: '', cause: undefined })

  await inActivity(() => failCrawl({ crawlId: id, code: 'STORE_BROKEN' }))
  expect(await getCrawl(db, id)).toMatchObject({ state: 'failed', note: WORDS, note_code: 'STORE_BROKEN' })
})

/** As the SDK writes a failure into a history. */
function historyOf(failure: unknown) {
  const { message, stackTrace, cause } = new DefaultFailureConverter().errorToFailure(failure, defaultPayloadConverter)
  return { message, stackTrace, cause }
}
