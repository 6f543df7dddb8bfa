import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { finishJudgement } from '../../../../activities/steps/finish-judgement.ts'
import {
  finishFacts,
  runStep,
  type ShardContext,
  shardEdge,
  type StepDeps,
} from '../../../../activities/steps/shard-edge.ts'
import type { StepName } from '../../../../activities/pipeline.ts'
import { insertFacts } from '../../../../schema/queries/captures.ts'
import { setReleaseState } from '../../../../schema/queries/releases.ts'
import { inActivity } from '../../../support/activity.ts'
import { seedRelease, type TestRelease } from '../../../support/a-release.ts'
import { useTestDatabase } from '../../../support/database.ts'
import { digestOf } from '../../../support/facts.ts'

const database = useTestDatabase()
const MINUTES = 60_000

let seeded: TestRelease
let deps: StepDeps
beforeAll(async () => {
  const db = database.as('writer')
  seeded = await seedRelease(db, [{ name: 'mill', text: 'Starý mlýn u řeky' }])
  deps = { db, store: {} as StepDeps['store'], worker: 'test/1' }
})
afterEach(async () => {
  vi.restoreAllMocks()
  await pause(false)
  await setReleaseState(deps.db, seeded.release.release_no, { state: 'running' })
})

const pause = (paused: boolean) => setReleaseState(deps.db, seeded.release.release_no, { paused })
const input = (shard = 0) => ({ releaseNo: seeded.release.release_no, run: seeded.run, shard })
const edge = (work: (context: ShardContext) => Promise<boolean>, step: string | null = 'text', shard = 0) =>
  inActivity(() => shardEdge(deps, input(shard), step, work))
const flights = () =>
  deps.db.selectFrom('in_flight').select(['step', 'first_no', 'last_no', 'tries', 'worker']).execute()

describe('a shard of a step', () => {
  test('is told its numbers, and is done when its work is', async () => {
    const seen: unknown[] = []
    const done = await edge(
      ({ shard, from, to, run }) => {
        seen.push({ shard, from, to, run: run.run })
        return Promise.resolve(true)
      },
      'text',
      3,
    )
    expect([done, seen]).toEqual([{ outcome: 'done' }, [{ shard: 3, from: 300, to: 400, run: seeded.run }]])
  })

  test('shows what it holds while it works, and nothing after', async () => {
    const during: unknown[] = []
    await edge(
      async () => {
        during.push(...(await flights()))
        return true
      },
      'text',
      2,
    )
    expect(during).toEqual([{ step: 'text', first_no: '200', last_no: '299', tries: 1, worker: 'test/1' }])
    expect(await flights()).toEqual([])
  })

  test('leaves it to a step that notes its own parts to show them', async () => {
    let during: unknown
    await edge(async () => {
      during = await flights()
      return true
    }, null)
    expect(during).toEqual([])
  })

  test.each([
    ['paused', () => pause(true)],
    ['cancelled', () => setReleaseState(deps.db, seeded.release.release_no, { state: 'cancelled' })],
  ])('of a release that is %s is not begun', async (_, stop) => {
    await stop()
    const work = vi.fn(() => Promise.resolve(true))
    expect(await edge(work)).toEqual({ outcome: 'paused' })
    expect(work).not.toHaveBeenCalled()
  })

  test('stops when its release is paused meanwhile, and says so', async () => {
    const asked: boolean[] = []
    const result = await edge(async ({ shouldStop }) => {
      asked.push(await shouldStop())
      await pause(true)
      asked.push(await shouldStop())
      return false
    })
    expect([asked, result]).toEqual([[false, true], { outcome: 'paused' }])
  })

  test('stops by itself after eight minutes, to be called again', async () => {
    let now = 0
    vi.spyOn(performance, 'now').mockImplementation(() => now)
    const asked: boolean[] = []
    const result = await edge(async ({ shouldStop }) => {
      for (now of [8 * MINUTES - 1, 8 * MINUTES]) asked.push(await shouldStop())
      return false
    })
    expect([asked, result]).toEqual([[false, true], { outcome: 'more' }])
  })

  test('counts its inputs, and those of them that this run computed', async () => {
    const inputs = ['a', 'b', 'c'].map(digestOf)
    const [first, , third] = inputs.map((digest) => ({ input: digest, value: {} }))
    await edge(async (context) => {
      const defId = context.defId('safety')
      await insertFacts(deps.db, 'fact', defId, seeded.run, first ? [first] : [])
      await insertFacts(deps.db, 'fact', defId, '12345', third ? [third] : [])
      await finishFacts(deps, context, 'safety', 'fact', inputs)
      const again = { ...context, shard: 1, run: { ...context.run, again: true } }
      await finishFacts(deps, again, 'safety', 'fact', inputs)
      return true
    }, null)
    expect(await doneOf('safety')).toEqual([
      { shard: 0, inputs: 3, computed: 1 },
      { shard: 1, inputs: 3, computed: 3 },
    ])
  })
})

const doneOf = (step: string) =>
  deps.db
    .selectFrom('shard_done')
    .select(['shard', 'inputs', 'computed'])
    .where('run', '=', seeded.run)
    .where('step', '=', step)
    .orderBy('shard')
    .execute()

describe('a step of a run', () => {
  test('gives what its work gives, and shows meanwhile that it runs', async () => {
    const found = await inActivity(() => runStep(deps, input(), 'frequency', flights))
    expect(found).toEqual([{ step: 'frequency', first_no: '0', last_no: '0', tries: 1, worker: 'test/1' }])
    expect(await flights()).toEqual([])
  })

  test('that the release pins no definition of is a fault of ours', async () => {
    const work = () =>
      inActivity(() => runStep(deps, input(), null, async (context) => context.defId('align' as StepName)))
    await expect(work()).rejects.toMatchObject({ type: 'STEP_NOT_PINNED', nonRetryable: true })
  })
})

describe('a judgement', () => {
  const judge = (shard: number, read: unknown, verdicts: unknown, again = false) =>
    inActivity(() =>
      runStep(deps, input(), null, (context) =>
        finishJudgement(
          deps,
          { ...context, run: { ...context.run, again } },
          { step: 'judge-candidates', shard, read, verdicts, inputs: 5 },
        ),
      ),
    )

  test('that read the same and says the same is counted once a shard, as computed by the run that made it first', async () => {
    await judge(11, { facts: 1 }, { kept: 1 })
    await judge(12, { facts: 1 }, { kept: 1 })
    await deps.db
      .insertInto('judgement')
      .values({
        def_id: seeded.release.plan.definitions['judge-candidates']?.def_id ?? 0,
        input: JUDGED_BEFORE.input,
        output: JUDGED_BEFORE.output,
        first_run: '12345',
      })
      .execute()
    await judge(13, { facts: 'of before' }, { kept: 2 })
    await judge(14, { facts: 'of before' }, { kept: 2 }, true)
    expect((await doneOf('judge-candidates')).filter(({ shard }) => shard > 10)).toEqual([
      { shard: 11, inputs: 5, computed: 5 },
      { shard: 12, inputs: 5, computed: 5 },
      { shard: 13, inputs: 5, computed: 0 },
      { shard: 14, inputs: 5, computed: 5 },
    ])
  })

  /** SHA-256 of {"facts":"of before"} and {"kept":2}. */
  const JUDGED_BEFORE = { input: digestOf('{"facts":"of before"}'), output: digestOf('{"kept":2}') }

  test('that read the same and says something else is refused', async () => {
    await judge(21, { picture: digestOf('mill'), tags: ['cs'] }, { reason: null })
    const other = judge(22, { tags: ['cs'], picture: digestOf('mill') }, { reason: 'nsfw' })
    await expect(other).rejects.toMatchObject({ type: 'JUDGEMENT_UNSTABLE', nonRetryable: true })
    expect((await doneOf('judge-candidates')).map(({ shard }) => shard)).not.toContain(22)
  })

  test('that read something else may say something else', async () => {
    await judge(31, { picture: digestOf('bridge'), porn: 0.1 }, { reason: null })
    await judge(32, { picture: digestOf('bridge'), porn: 0.9 }, { reason: 'nsfw' })
    await judge(33, { picture: digestOf('tower'), porn: 0.1 }, { reason: 'nsfw' })
    expect((await doneOf('judge-candidates')).filter(({ shard }) => shard > 30)).toHaveLength(3)
  })
})
