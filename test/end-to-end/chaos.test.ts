import path from 'node:path'
import { expect, it } from 'vitest'
import { OTHER_SURROUNDINGS, writeDemoSpec } from '../support/chaos/biting-spec.ts'
import { differencesOf } from '../support/chaos/compare.ts'
import { EXAMPLE_SITE, openPlay, startMella } from '../support/chaos/play.ts'
import { costOf, dataOf, filesOf, makeRelease } from '../support/chaos/release.ts'
import { makeTestHome, removeTestHome } from '../support/home.ts'

const KILLED_IN = ['crawl', 'normalise', 'caption', 'package-file']
const SERVICES = [
  { name: 'postgres', during: 'crawl' },
  { name: 'temporal', during: 'caption' },
] as const

async function openHome(name: string) {
  const home = makeTestHome(name)
  const play = await openPlay({
    home,
    site: EXAMPLE_SITE,
    datasetKey: '5e'.repeat(32),
    env: { MELLA_WORKERS: 'orchestrator=1,io=1,cpu=1,model=1' },
  })
  return {
    play,
    spec: writeDemoSpec(path.join(home, 'small.yaml'), ['hu', 'th'], true),
    async [Symbol.asyncDispose]() {
      await play[Symbol.asyncDispose]()
      await removeTestHome(home)
    },
  }
}

it('makes the same release under other settings, and when workers, Postgres and Temporal are killed while they hold work', async () => {
  await using quiet = await openHome('quiet')
  const undisturbed = await makeRelease(quiet.play, quiet.spec, null)
  const before = dataOf(await filesOf(quiet.play, undisturbed.id))
  const { env, umask, cwd } = OTHER_SURROUNDINGS
  const again = await startMella(['release', 'launch', quiet.spec, '--wait', '--again'], {
    env: { ...quiet.play.env, ...env },
    umask,
    cwd,
  }).end
  expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('recomputed: no difference') as string })
  await quiet.play.stopServices()

  await using loud = await openHome('loud')
  const disturbed = await makeRelease(loud.play, loud.spec, {
    steps: KILLED_IN,
    kills: KILLED_IN.length,
    services: SERVICES,
    pause: 1_000,
    random: () => 0,
    say: () => {},
  })
  const after = dataOf(await filesOf(loud.play, disturbed.id))

  const workers = disturbed.kills.filter((kill) => kill.target === 'worker')
  expect(workers.flatMap((kill) => kill.held.map((one) => one.step))).toEqual(expect.arrayContaining(KILLED_IN))
  expect(disturbed.kills.map((kill) => kill.target)).toEqual(expect.arrayContaining(['postgres', 'temporal']))
  expect(disturbed.root).toBe(undisturbed.root)
  expect(before.size).toBeGreaterThan(0)
  expect(differencesOf(before, after)).toEqual([])
  const { site, models } = costOf(disturbed.kills, quiet.play, loud.play)
  expect(site.never).toEqual([])
  expect(site.more).toBeLessThanOrEqual(site.atMost)
  expect(models.never).toEqual([])
  expect(models.more).toBeLessThanOrEqual(models.atMost)
})
