import { describe, expect, test } from 'vitest'
import type { ReleasePlanRecord } from '../../../../schema/contracts/release-plan.ts'
import { endRun } from '../../../../schema/queries/release-end.ts'
import {
  ensureRelease,
  findReleaseByName,
  findReleaseToControl,
  finishedRun,
  getRelease,
  getRun,
  isPaused,
  listReleases,
  newestRelease,
  releaseBefore,
  type ReleaseRecord,
  setReleaseState,
  startRun,
} from '../../../../schema/queries/releases.ts'
import { useTestDatabase } from '../../../support/database.ts'
import { digestOf } from '../../../support/facts.ts'
import { aSpec } from '../../../support/spec.ts'

const database = useTestDatabase()
const db = () => database.as('writer')
const PLAN: ReleasePlanRecord = {
  spec: '',
  crawls: [],
  definitions: {},
  dataset_key: '',
  abuse_lists: null,
  platform: 'test',
}

let last = 0
const aDataset = () => `dataset-${(last += 1)}`

const ensure = (id: string, dataset: string, version = '1.0.0', shardSize = 100) =>
  ensureRelease(db(), { id, dataset, version, spec: aSpec(), plan: PLAN, shardSize })

async function aRelease(dataset: string, version = '1.0.0'): Promise<ReleaseRecord> {
  last += 1
  return ensure(`${dataset}-${last}`, dataset, version)
}

const end = (release: ReleaseRecord, run = release.run, again = false) =>
  endRun(db(), { run, again, release, root: digestOf('root'), size: 7, manifestSha: digestOf('manifest') })

async function aFinished(dataset: string, version = '1.0.0'): Promise<ReleaseRecord> {
  const release = await aRelease(dataset, version)
  await end(release)
  return release
}

describe('a release', () => {
  test('is made once with its first run, also by many at the same time', async () => {
    const dataset = aDataset()
    const [first, ...others] = await Promise.all(Array.from({ length: 4 }, () => ensure(dataset, dataset)))
    expect(others).toEqual([first, first, first])
    expect(first).toMatchObject({ id: dataset, dataset, version: '1.0.0', state: 'running', paused: false, note: null })
    expect(await getRun(db(), first?.run ?? '')).toEqual({
      run: first?.run,
      release_no: first?.release_no,
      again: false,
      shard_size: 100,
    })
    expect((await listReleases(db())).filter((one) => one.dataset === dataset)).toHaveLength(1)
  })

  test('changes its own state alone', async () => {
    const [one, other] = [await aRelease(aDataset()), await aRelease(aDataset())]
    await setReleaseState(db(), one.release_no, { state: 'failed', note: 'a word', note_code: 'CODE' })
    expect(await getRelease(db(), one.release_no)).toMatchObject({ state: 'failed', note: 'a word', note_code: 'CODE' })
    expect(await getRelease(db(), other.release_no)).toEqual(other)
  })

  test('is paused by its flag, when it is cancelled, and when it is not there', async () => {
    const release = await aRelease(aDataset())
    const paused = () => isPaused(db(), release.release_no)
    expect(await paused()).toBe(false)
    await setReleaseState(db(), release.release_no, { paused: true })
    expect(await paused()).toBe(true)
    await setReleaseState(db(), release.release_no, { paused: false, state: 'cancelled' })
    expect(await paused()).toBe(true)
    expect(await isPaused(db(), 999_999)).toBe(true)
  })

  test('of a listing comes newest first', async () => {
    const dataset = aDataset()
    const made = [await aRelease(dataset), await aRelease(dataset)].map(({ release_no: no }) => no)
    const listed = (await listReleases(db())).filter((one) => one.dataset === dataset)
    expect(listed.map(({ release_no: no }) => no)).toEqual(made.toReversed())
  })
})

describe('the end of a run', () => {
  test('makes its release done, with nothing left to say, and gives it the label of its version', async () => {
    const release = await aRelease(aDataset())
    await setReleaseState(db(), release.release_no, { phase: 'rows', note: 'a word', note_code: 'CODE' })
    await end(release)
    await end(release)
    expect(await getRelease(db(), release.release_no)).toMatchObject({
      state: 'done',
      phase: null,
      note: null,
      note_code: null,
    })
    expect(await finishedRun(db(), release.release_no)).toEqual({
      run: release.run,
      root: digestOf('root'),
      size: '7',
      manifest_sha: digestOf('manifest'),
    })
    expect((await findReleaseByName(db(), `${release.dataset}@1.0.0`))?.id).toBe(release.id)
  })

  test('of a recomputation is not what the release stands for, and moves no label', async () => {
    const dataset = aDataset()
    const [first, second] = [await aFinished(dataset), await aFinished(dataset)]
    const again = await startRun(db(), first.release_no, true, 100)
    await end(first, again, true)
    expect((await finishedRun(db(), first.release_no))?.run).toBe(first.run)
    expect((await findReleaseByName(db(), `${dataset}@1.0.0`))?.id).toBe(second.id)
  })

  test('that has not come leaves nothing to verify', async () => {
    const release = await aRelease(aDataset())
    await aFinished(aDataset())
    expect(await finishedRun(db(), release.release_no)).toBeUndefined()
    expect(await findReleaseByName(db(), `${release.dataset}@1.0.0`)).toBeUndefined()
  })

  test('of a second release of one version moves the label to it', async () => {
    const dataset = aDataset()
    await aFinished(dataset)
    const other = await aFinished(dataset, '2.0.0')
    const second = await aFinished(dataset)
    expect((await findReleaseByName(db(), `${dataset}@1.0.0`))?.id).toBe(second.id)
    expect((await findReleaseByName(db(), `${dataset}@2.0.0`))?.id).toBe(other.id)
  })
})

describe('a name', () => {
  test('is an id before a dataset, and a dataset its newest finished release', async () => {
    const dataset = aDataset()
    const old = await aFinished(dataset)
    const newest = await aFinished(dataset, '2.0.0')
    await aRelease(dataset, '3.0.0')
    await aFinished(aDataset())
    expect((await findReleaseByName(db(), dataset))?.id).toBe(newest.id)
    expect((await findReleaseByName(db(), old.id))?.id).toBe(old.id)
    expect(await findReleaseByName(db(), 'no such name')).toBeUndefined()
    expect(await findReleaseByName(db(), `${dataset}@9.0.0`)).toBeUndefined()
  })

  test('of a control is the release that runs, else the newest unfinished, else the finished one', async () => {
    const dataset = aDataset()
    const control = async (name: string) => (await findReleaseToControl(db(), name))?.id
    const finished = await aFinished(dataset)
    expect(await control(dataset)).toBe(finished.id)
    const running = await aRelease(dataset, '2.0.0')
    const failed = await aRelease(dataset, '3.0.0')
    await setReleaseState(db(), failed.release_no, { state: 'failed' })
    await aFinished(dataset, '4.0.0')
    await aRelease(aDataset())
    expect(await control(dataset)).toBe(running.id)
    expect(await control(`${dataset}@3.0.0`)).toBe(failed.id)
    expect(await control(`${dataset}@1.0.0`)).toBe(finished.id)
    expect(await control(finished.id)).toBe(finished.id)
    await setReleaseState(db(), running.release_no, { state: 'cancelled' })
    expect(await control(dataset)).toBe(failed.id)
    expect(await control('no such name')).toBeUndefined()
  })

  test('with a version is the newest of both, whatever became of it', async () => {
    const dataset = aDataset()
    await aFinished(dataset)
    const unfinished = await aRelease(dataset)
    await aRelease(dataset, '2.0.0')
    await aRelease(aDataset())
    expect((await newestRelease(db(), dataset, '1.0.0'))?.id).toBe(unfinished.id)
    expect(await newestRelease(db(), dataset, '3.0.0')).toBeUndefined()
  })
})

test('a release is compared with the newest finished one of its dataset that was made before it', async () => {
  const dataset = aDataset()
  const [, before] = [await aFinished(dataset), await aFinished(dataset)]
  await aRelease(dataset)
  await aFinished(aDataset())
  const release = await aFinished(dataset)
  await aFinished(dataset)
  expect((await releaseBefore(db(), release))?.id).toBe(before.id)
})
