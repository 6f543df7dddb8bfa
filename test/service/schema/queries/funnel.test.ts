import { beforeAll, expect, test } from 'vitest'
import { readFunnel } from '../../../../schema/queries/funnel.ts'
import { insertGenerations } from '../../../../schema/queries/generations.ts'
import { countsByLanguage } from '../../../../schema/queries/release-counts.ts'
import { seedRelease, type TestPicture, type TestRelease } from '../../../support/a-release.ts'
import { useTestDatabase } from '../../../support/database.ts'
import { digestOf } from '../../../support/facts.ts'

const database = useTestDatabase()
const PICTURES: readonly TestPicture[] = [
  { name: 'mill', text: 'Starý mlýn u řeky', side: 500 },
  { name: 'mill-copy', text: 'Starý mlýn znovu', near: 'mill' },
  { name: 'tiny', text: 'Malý obrázek mlýna', side: 90 },
  { name: 'small', text: 'Malá věž', side: 80, porn: 0.99 },
  { name: 'line', text: null, decorative: true },
  { name: 'secret', text: 'Zámek na kopci', signal: 'noai' },
  { name: 'bare', text: null },
  { name: 'bridge', text: 'Most přes řeku' },
  { name: 'bridge twice', text: 'Most přes řeku' },
]

let release: TestRelease
beforeAll(async () => {
  const db = database.as('writer')
  release = await seedRelease(db, PICTURES, 'filters: { max_same_text: 1 }\n')
  await seedRelease(db, PICTURES, 'image: { min_side: 50 }\n', '2.0.0')
  const samples = await db.selectFrom('sample').select('sample_no').where('run', '=', release.run).execute()
  const [first, second] = samples.map(({ sample_no: no }) => no)
  const one = { requests: [], text: 'x', detail: {}, outcome: digestOf('outcome') }
  await insertGenerations(db, release.run, [
    { ...one, sample_no: first ?? 0, task: 'caption', reason: null },
    { ...one, sample_no: second ?? 0, task: 'caption', reason: 'empty' },
    { ...one, sample_no: first ?? 0, task: 'thick', reason: null },
  ])
})

test('the funnel of a run counts each step by language, what was kept and what was dropped for what', async () => {
  const { definitions } = release.release.plan
  const defs = { extract: definitions['extract']?.def_id ?? 0, normalise: definitions['normalise']?.def_id ?? 0 }
  const step = (name: string, unit: string, kept: number, reasons: Record<string, number>, lang = 'cs') => ({
    step: name,
    unit,
    lang,
    in: kept + Object.values(reasons).reduce((sum, count) => sum + count, 0),
    kept,
    reasons,
  })
  expect(await readFunnel(database.as('auditor'), release.run, defs)).toEqual([
    step('extract', 'pages', 1, {}, '*'),
    step('normalise', 'pictures', 8, {}, '*'),
    step('judge-candidates', 'candidates', 7, { decorative: 1, opted_out: 1 }),
    // A sample is counted under the rule that dropped it first, and not in later steps.
    step('judge-samples', 'samples', 5, { too_small: 2 }),
    step('near-pictures', 'samples', 4, { near_duplicate: 1 }),
    step('preselect', 'samples', 3, { same_text: 1 }),
    step('caption', 'texts', 1, { empty: 1 }),
    step('thick', 'texts', 1, {}),
    step('select', 'samples', 2, { no_text: 1 }),
  ])
})

test('the samples of a release are counted by language, and how many have each text', async () => {
  const db = database.as('writer')
  const members = await db.selectFrom('member').select('sample_no').where('run', '=', release.run).execute()
  const [first, second] = members.map(({ sample_no: no }) => no)
  const one = { requests: [], text: 'x', detail: {}, outcome: digestOf('outcome') }
  await insertGenerations(db, release.run, [
    { ...one, sample_no: first ?? 0, task: 'translate', reason: null },
    { ...one, sample_no: second ?? 0, task: 'translate', reason: 'untranslated' },
  ])
  const thick = await db
    .selectFrom('sample_generation as g')
    .innerJoin('member as m', (join) => join.onRef('m.run', '=', 'g.run').onRef('m.sample_no', '=', 'g.sample_no'))
    .select('g.sample_no')
    .where('g.run', '=', release.run)
    .where('g.task', '=', 'thick')
    .execute()
  expect(await countsByLanguage(database.as('auditor'), release.run)).toEqual([
    { lang: 'cs', samples: 2, know: 2, ling: 1, thick: thick.length },
  ])
})
