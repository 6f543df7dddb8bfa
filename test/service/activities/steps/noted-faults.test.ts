import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPlanActivities } from '../../../../activities/plan-release/release.activity.ts'
import { runStep, type StepDeps } from '../../../../activities/steps/shard-edge.ts'
import { openDatabase } from '../../../../infra/postgres.ts'
import { PermanentError } from '../../../../schema/contracts/errors.ts'
import { getRelease } from '../../../../schema/queries/releases.ts'
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
  expect(failure).toMatchObject({ type: 'MODEL_UNAVAILABLE', message: 'MODEL_UNAVAILABLE', nonRetryable: true })
  expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toContain('10.0.0.7')

  const { endRelease } = createPlanActivities(deps)
  await inActivity(() => endRelease({ ...input, failure: { code: 'MODEL_UNAVAILABLE', message: 'MODEL_UNAVAILABLE' } }))
  expect(await getRelease(db, input.releaseNo)).toMatchObject({
    state: 'failed',
    note: WORDS,
    note_code: 'MODEL_UNAVAILABLE',
  })
})
