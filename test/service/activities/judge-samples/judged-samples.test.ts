import { beforeAll, expect, test } from 'vitest'
import { readSampleFacts } from '../../../../activities/judge-samples/judge-samples.activity.ts'
import type { ObjectStore } from '../../../../infra/objects.ts'
import { seedRelease, type TestPicture, type TestRelease } from '../../../support/a-release.ts'
import { useTestDatabase } from '../../../support/database.ts'
import { aNormaliseFact, digestOf, SAFE } from '../../../support/facts.ts'

const database = useTestDatabase()
const PICTURES: readonly TestPicture[] = [
  { name: 'mill', text: 'Starý mlýn u řeky', side: 500 },
  { name: 'mill-copy', text: 'Starý mlýn znovu', near: 'mill' },
  { name: 'tiny', text: 'Malý obrázek mlýna', side: 90 },
  { name: 'bare', text: 'Dvorana zámku', porn: 0.8 },
  { name: 'known', text: 'Věž na náměstí', abuse: 'list.csv' },
]

let release: TestRelease
let looser: TestRelease

beforeAll(async () => {
  const db = database.as('writer')
  release = await seedRelease(db, PICTURES, 'filters: { nsfw: { porn: 0.7 } }\n')
  const limits = 'filters: { nsfw: { porn: 0.7 }, near_image: { pdq: 11 } }\n'
  const overrides = 'overrides: { cs: { filters: { nsfw: { porn: 0.9 } } } }\nimage: { min_side: 50 }\n'
  const known = PICTURES.filter(({ abuse }) => abuse === undefined)
  looser = await seedRelease(db, known, limits + overrides, '2.0.0')
})

/** What every stage said of each sample, by name. */
async function verdictsOf(judged: TestRelease): Promise<Record<string, unknown>> {
  const rows = await database
    .as('writer')
    .selectFrom('sample_verdict as v')
    .innerJoin('sample as s', (join) => join.onRef('s.run', '=', 'v.run').onRef('s.sample_no', '=', 'v.sample_no'))
    .select(['s.key', 'v.stage', 'v.reason', 'v.rules'])
    .where('v.run', '=', judged.run)
    .where('v.reason', 'is not', null)
    .execute()
  const nameOf = (key: Buffer) => PICTURES.find(({ name }) => judged.keyOf(name).equals(key))?.name
  return Object.fromEntries(rows.map(({ key, stage, reason, rules }) => [nameOf(key), { stage, reason, rules }]))
}

test('each limit of the spec drops its sample, with what was read beside what is allowed', async () => {
  const one = (stage: string, rule: string, more: object) => ({
    stage,
    reason: rule,
    rules: [{ rule, fired: true, ...more }],
  })
  expect(await verdictsOf(release)).toEqual({
    'mill-copy': one('near', 'near_duplicate', {
      what: 'near_image.pdq',
      value: 12,
      limit: 31,
      of: digestOf('mill').toString('hex'),
    }),
    tiny: one('judge', 'too_small', { what: 'min_side', value: 90, limit: 200 }),
    bare: one('judge', 'nsfw', { what: 'nsfw.porn', value: 0.8, limit: 0.7 }),
    known: one('judge', 'known_abuse', { what: 'known_abuse', value: 'list.csv', limit: null }),
  })
})

test('a wider limit keeps them: of pictures, of a language, of the distance of near ones', async () => {
  expect(await verdictsOf(looser)).toEqual({})
})

test('every judged list is remembered by all that it read, and counted as computed', async () => {
  const db = database.as('writer')
  const steps = await db
    .selectFrom('shard_done')
    .select(['step', 'inputs', 'computed'])
    .where('run', '=', release.run)
    .orderBy('step')
    .execute()
  expect(steps).toEqual([
    { step: 'judge-candidates', inputs: 5, computed: 5 },
    { step: 'judge-samples', inputs: 5, computed: 5 },
    { step: 'preselect', inputs: 1, computed: 1 },
    { step: 'select', inputs: 1, computed: 1 },
  ])
})

test('a picture that was never normalised stops the judgement, by its name', async () => {
  const deps = { db: database.as('writer'), store: {} as ObjectStore, worker: 'test/1' }
  const { plan } = release.release
  const context = { release: release.release, defId: (step: string) => plan.definitions[step]?.def_id ?? 0 }
  const read = (name: string) =>
    readSampleFacts(deps, context, [{ picture: digestOf(name), reserved: true, tag: 'cs' }])
  expect(await read('mill')).toEqual([
    { normalise: aNormaliseFact({ name: 'mill', side: 500 }), safety: SAFE, reserved: true, abuseList: null },
  ])
  await expect(read('never seen')).rejects.toMatchObject({
    code: 'FACT_MISSING',
    message: `picture ${digestOf('never seen').toString('hex')} was not normalised`,
  })
})

test('a spec without limits of scores reads none, though another release has stored them', async () => {
  const own = await seedRelease(database.as('writer'), PICTURES, 'filters: { nsfw: null }\n', '3.0.0')
  expect(Object.keys(await verdictsOf(own)).sort()).toEqual(['known', 'mill-copy', 'tiny'])
  const { plan } = own.release
  const context = { release: own.release, defId: (step: string) => plan.definitions[step]?.def_id ?? 0 }
  const deps = { db: database.as('writer'), store: {} as ObjectStore, worker: 'test/1' }
  const [facts] = await readSampleFacts(deps, context, [{ picture: digestOf('bare'), reserved: false, tag: 'cs' }])
  expect(facts?.safety).toBe(null)
})
