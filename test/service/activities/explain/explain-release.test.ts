import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { explainSubject } from '../../../../activities/explain/explain-release.ts'
import type { Explanation } from '../../../../activities/explain/explanation.ts'
import { candidateLine } from '../../../../activities/trace/candidate-line.ts'
import { traceKey } from '../../../../activities/trace/trace-key.ts'
import { openDatabase } from '../../../../infra/postgres.ts'
import { releasesOfKey } from '../../../../schema/queries/find-samples.ts'
import { listCandidates } from '../../../../schema/queries/list-candidates.ts'
import { PAGE_URL, pictureUrl, seedRelease, type TestPicture, type TestRelease } from '../../../support/a-release.ts'
import { useTestDatabase } from '../../../support/database.ts'
import { digestOf } from '../../../support/facts.ts'

const PICTURES: readonly TestPicture[] = [
  { name: 'mill', text: 'Starý mlýn u řeky', side: 500 },
  { name: 'mill-copy', text: 'Starý mlýn znovu', near: 'mill' },
  { name: 'tiny', text: 'Malý obrázek mlýna', side: 90 },
  { name: 'line', text: null, decorative: true },
  { name: 'secret', text: 'Zámek na kopci', signal: 'noai' },
  { name: 'bridge', text: 'Most přes řeku' },
  { name: 'tower', text: 'Věž na náměstí' },
]
const LIMITS = 'select: { target: { cs: 2 } }\n'

const database = useTestDatabase()
let writer: ReturnType<typeof openDatabase>
let auditor: ReturnType<typeof openDatabase>
let seeded: TestRelease

beforeAll(async () => {
  writer = openDatabase(database.url, 'writer', 2)
  auditor = openDatabase(database.url, 'auditor', 2)
  seeded = await seedRelease(writer, PICTURES, LIMITS)
})
afterAll(() => Promise.all([writer.destroy(), auditor.destroy()]))

/** Names of the samples that only the target can drop, in the order of keys. */
const inKeyOrder = (): string[] =>
  ['mill', 'bridge', 'tower'].sort((a, b) => Buffer.compare(seeded.keyOf(a), seeded.keyOf(b)))
const textOf = (name: string): string => PICTURES.find((one) => one.name === name)?.text ?? ''

async function explain(kind: 'sample' | 'picture' | 'url', value: string): Promise<Explanation | null> {
  return explainSubject(auditor, seeded, { kind, value })
}

async function lines() {
  const all = []
  for await (const rows of listCandidates(auditor, seeded.run)) all.push(...rows)
  return all.map((row) => candidateLine(row, undefined))
}

describe('candidates of a release', () => {
  test('each is listed once with what became of it, in the order of the page', async () => {
    expect(
      (await lines()).map((line) => [line.image_url, line.lang, line.reason, line.sample_stage, line.sample_reason]),
    ).toEqual([
      [pictureUrl('mill'), 'cs', null, null, null],
      [pictureUrl('mill-copy'), 'cs', null, 'near', 'near_duplicate'],
      [pictureUrl('tiny'), 'cs', null, 'judge', 'too_small'],
      [pictureUrl('line'), 'cs', 'decorative', null, null],
      [pictureUrl('secret'), 'cs', 'opted_out', null, null],
      [pictureUrl('bridge'), 'cs', null, ...placed('bridge')],
      [pictureUrl('tower'), 'cs', null, ...placed('tower')],
    ])
  })

  /** Two of three are wanted, in the order of keys. */
  function placed(name: string): [string | null, string | null] {
    return inKeyOrder().indexOf(name) < 2 ? [null, null] : ['select', 'not_reached']
  }

  test('a released one has the native text of its row, a dropped one has none', async () => {
    const [first = ''] = inKeyOrder()
    const all = await lines()
    const of = (name: string) => {
      const line = all.find(({ image_url: url }) => url === pictureUrl(name))
      return [line?.key, line?.released, line?.in_know, line?.alt_text, line?.texts]
    }
    expect(of('tiny')).toEqual([keyHex('tiny'), false, false, null, [aText('Malý obrázek mlýna')]])
    expect(of(first)).toEqual([keyHex(first), true, true, textOf(first), [aText(textOf(first))]])
  })

  const aText = (text: string) => ({ text, raw: null, source: 'alt', type: 'description', lang: 'cs', reason: null })
  const keyHex = (name: string) => seeded.keyOf(name).toString('hex')

  test('pages of a listing meet without a gap', async () => {
    const found = []
    for await (const rows of listCandidates(auditor, seeded.run, {}, 2))
      found.push(rows.map(({ position }) => position))
    expect(found).toEqual([[0, 1], [2, 3], [4, 5], [6]])
  })

  test('one language is listed alone', async () => {
    const found = []
    for await (const rows of listCandidates(auditor, seeded.run, { tag: 'und' })) found.push(...rows)
    expect(found).toEqual([])
  })
})

describe('explain', () => {
  test('a picture that is too small shows value, limit and margin, by its URL, its digest and its key', async () => {
    const rule = {
      stage: 'judge',
      rule: 'too_small',
      what: 'min_side',
      value: 90,
      limit: 200,
      pass: false,
      margin: -110,
    }
    const found = await Promise.all([
      explain('url', pictureUrl('tiny')),
      explain('picture', digestOf('tiny').toString('hex')),
      explain('sample', seeded.keyOf('tiny').toString('hex')),
    ])
    for (const one of found) {
      expect(one?.samples.map(({ reason, stage }) => [stage, reason])).toEqual([['judge', 'too_small']])
      expect(one?.samples[0]?.rules).toContainEqual(rule)
      expect(one?.samples[0]?.rules.every(({ stage }) => stage === 'judge')).toBe(true)
    }
  })

  test('a near duplicate names the sample that was kept, and the distance', async () => {
    const found = await explain('url', pictureUrl('mill-copy'))
    expect(found?.samples[0]?.leader).toEqual({
      key: seeded.keyOf('mill').toString('hex'),
      picture: digestOf('mill').toString('hex'),
      distance: 12,
    })
  })

  test('a reserved picture quotes the signal with where it stood, though nothing looked into it', async () => {
    const found = await explain('url', pictureUrl('secret'))
    const signal = {
      where: 'header',
      signal: 'noai',
      value: '',
      raw: 'X-Robots-Tag: noai',
      agent: null,
      fetched_at: '2026-01-01T00:00:00.000Z',
      file: null,
      about: null,
      reserves: true,
    }
    expect(found?.pictures.map(({ normalise, opt_out }) => ({ normalise, opt_out }))).toEqual([
      { normalise: null, opt_out: [{ on: 'picture', url: pictureUrl('secret'), ...signal }] },
    ])
    expect(found?.candidates.map(({ reason, rules }) => [reason, rules.filter(({ pass }) => !pass).length])).toEqual([
      ['opted_out', 1],
    ])
  })

  test('places and caps are shown for kept samples and for those over the target', async () => {
    const places = []
    for (const name of inKeyOrder()) {
      const found = await explain('sample', seeded.keyOf(name).toString('hex'))
      const rules = found?.samples[0]?.rules.filter(({ rule }) => ['over_target', 'not_reached'].includes(rule)) ?? []
      places.push(rules.map(({ rule, value, limit, pass, margin }) => [rule, value, limit, pass, margin]))
    }
    expect(places).toEqual([
      [
        ['over_target', 1, 3, true, 2],
        ['not_reached', 1, 2, true, 1],
      ],
      [
        ['over_target', 2, 3, true, 1],
        ['not_reached', 2, 2, true, 0],
      ],
      [
        ['over_target', 3, 3, true, 0],
        ['not_reached', 3, 2, false, -1],
      ],
    ])
  })

  test('a page shows all its candidates, judged anew as they are stored', async () => {
    const found = await explain('url', PAGE_URL)
    expect(found?.candidates.map(({ image_url: url, differs }) => [url, differs])).toEqual(
      PICTURES.map(({ name }) => [pictureUrl(name), false]),
    )
  })

  test('of a URL that the release does not know there is nothing to say', async () => {
    expect(await explain('url', 'http://a.example/none.jpg')).toBeNull()
  })
})

describe('trace', () => {
  test('is the same bytes after a second release, and stays with the first that has the sample', async () => {
    const key = seeded.keyOf(inKeyOrder()[0] ?? '')
    const { release, run } = seeded
    const before = JSON.stringify(
      await traceKey(auditor, { id: release.id, run, plan: release.plan, spec: release.spec }, key),
    )
    expect(JSON.parse(before)).toMatchObject({
      lang: 'cs',
      pages: [{ url: PAGE_URL, warc: { segment: digestOf('segment').toString('hex'), offset: 10, length: 20 } }],
      row: { artifact: digestOf('rows').toString('hex'), leaf: digestOf('leaf').toString('hex') },
    })
    await seedRelease(writer, PICTURES, 'image: { min_side: 50 }\n', '2.0.0')
    expect(
      JSON.stringify(await traceKey(auditor, { id: release.id, run, plan: release.plan, spec: release.spec }, key)),
    ).toBe(before)
    expect(await releasesOfKey(auditor, key)).toEqual([
      { id: 'demo-1.0.0', finished: true },
      { id: 'demo-2.0.0', finished: true },
    ])
  })

  test('a sample that was dropped has no row', async () => {
    const { release, run } = seeded
    const trace = await traceKey(
      auditor,
      { id: release.id, run, plan: release.plan, spec: release.spec },
      seeded.keyOf('tiny'),
    )
    expect([trace?.row, trace?.verdicts.map(({ reason }) => reason)]).toEqual([null, ['too_small']])
  })
})

test('look-ups by picture URL and by page have an index', async () => {
  const found = await sql<{ indexname: string }>`
    SELECT indexname FROM pg_indexes WHERE indexname IN ('candidate_image_url', 'run_page_capture') ORDER BY 1`.execute(
    auditor,
  )
  expect(found.rows.map(({ indexname }) => indexname)).toEqual(['candidate_image_url', 'run_page_capture'])
})
