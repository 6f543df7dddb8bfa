import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import { sha256 } from '../../../../activities/digest.ts'
import { createDuplicatesActivities } from '../../../../activities/duplicates/duplicates.activity.ts'
import { readPairs } from '../../../../activities/duplicates/pair-file.ts'
import { hammingDistance } from '../../../../activities/normalise/pdq.ts'
import type { ObjectStore } from '../../../../infra/objects.ts'
import { insertFacts } from '../../../../schema/queries/captures.ts'
import { startRun } from '../../../../schema/queries/releases.ts'
import { surveyOfRun } from '../../../../schema/queries/surveys.ts'
import { inActivity } from '../../../support/activity.ts'
import { seedRelease, type TestRelease } from '../../../support/a-release.ts'
import { useTestDatabase } from '../../../support/database.ts'
import { aNormaliseFact, digestOf } from '../../../support/facts.ts'

const database = useTestDatabase()
const FACTS = {
  mill: aNormaliseFact({ name: 'mill' }),
  'mill at once': { ...aNormaliseFact({ name: 'mill at once' }), pdq: aNormaliseFact({ name: 'mill' }).pdq },
  'mill again': aNormaliseFact({ name: 'mill again', near: 'mill' }),
  bridge: aNormaliseFact({ name: 'bridge' }),
  'grey mill': { ...aNormaliseFact({ name: 'grey mill', near: 'mill' }), pdq_quality: 49 },
}
const NEAR = ['mill', 'mill at once', 'mill again']

let seeded: TestRelease
beforeAll(async () => {
  const db = database.as('writer')
  seeded = await seedRelease(db, [{ name: 'seed', text: 'Starý mlýn' }])
  const facts = Object.entries(FACTS).map(([name, value]) => ({ input: digestOf(name), value }))
  await insertFacts(db, 'fact', seeded.release.plan.definitions['normalise']?.def_id ?? 0, '0', facts)
})

const objects = new Map<string, Buffer>()
const store = {
  put: (bytes: Uint8Array) => {
    objects.set(sha256(bytes).toString('hex'), Buffer.from(bytes))
    return Promise.resolve(sha256(bytes))
  },
  get: (sha: Uint8Array) => Promise.resolve(objects.get(Buffer.from(sha).toString('hex'))),
} as unknown as ObjectStore

/** Surveys a run of these pictures; `asked` holds the hashes and distances that were searched. */
async function survey(names: string[], again = false) {
  const db = database.as('writer')
  const run = await startRun(db, seeded.release.release_no, again, 100)
  for (const [no, name] of names.entries())
    await sql`INSERT INTO run_picture (run, picture_no, picture, reserved) VALUES (${run}, ${no}, ${digestOf(name)}, false)`.execute(
      db,
    )
  const asked: [hashes: string[], threshold: number][] = []
  async function* nearPairs(bytes: Uint8Array, threshold: number) {
    const hex = Buffer.from(bytes).toString('hex')
    const hashes = Array.from({ length: bytes.length / 32 }, (_, no) => hex.slice(no * 64, no * 64 + 64))
    asked.push([hashes, threshold])
    for (const [a, one] of hashes.entries())
      for (const [b, other] of hashes.entries()) {
        const distance = hammingDistance(one, other)
        if (a < b && distance <= threshold) yield await Promise.resolve(Uint32Array.of(a, b, distance))
      }
  }
  const deps = { db, store, worker: 'test/1', nearPairs }
  const input = { releaseNo: seeded.release.release_no, run }
  const result = await inActivity(() => createDuplicatesActivities(deps).surveyNearPairs(input))
  const done = await db.selectFrom('shard_done').select(['inputs', 'computed']).where('run', '=', run).execute()
  const components = await db.selectFrom('component').selectAll().where('run', '=', run).orderBy('picture').execute()
  return { result, asked, done, components, artifact: await surveyOfRun(db, run, 'duplicates') }
}

const sorted = (names: string[]) => names.map(digestOf).sort((a, b) => Buffer.compare(a, b))

test('near pairs are searched once among distinct hashes of enough detail, within 31 bits', async () => {
  const { result, asked, artifact, done } = await survey(Object.keys(FACTS))
  const [mill, again] = [FACTS.mill.pdq, FACTS['mill again'].pdq].sort()
  const hashes = [FACTS.mill.pdq, FACTS['mill again'].pdq, FACTS.bridge.pdq].sort()
  expect(asked).toEqual([[hashes, 31]])
  expect([result, readPairs(objects.get(artifact.toString('hex')) as Buffer)]).toEqual([
    { pairs: 1 },
    [{ a: mill, b: again, distance: 12 }],
  ])
  expect(done).toEqual([{ inputs: 1, computed: 1 }])
})

test('pictures of equal and of near hashes are one component under its least digest, others are in none', async () => {
  const { components } = await survey(Object.keys(FACTS))
  const [least] = sorted(NEAR)
  expect(components.map(({ picture, least: by }) => [picture, by])).toEqual(
    sorted(NEAR).map((picture) => [picture, least]),
  )
})

test('the same hashes are not searched again, but by a recomputation', async () => {
  const names = ['mill', 'mill again']
  const first = await survey(names)
  const second = await survey([...names, 'mill at once', 'grey mill'])
  expect([first.asked.length, first.done]).toEqual([1, [{ inputs: 1, computed: 1 }]])
  expect([second.asked.length, second.done, second.artifact]).toEqual([0, [{ inputs: 1, computed: 0 }], first.artifact])
  const again = await survey(names, true)
  expect([again.asked.length, again.done, again.artifact]).toEqual([1, [{ inputs: 1, computed: 1 }], first.artifact])
})
