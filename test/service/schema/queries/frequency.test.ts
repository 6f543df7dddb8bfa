import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { insertCandidates } from '../../../../schema/queries/candidates.ts'
import {
  countFrequencies,
  frequenciesOf,
  frequencyRows,
  insertHostLanguages,
  languagesOfHosts,
  pagesOfHosts,
} from '../../../../schema/queries/frequency.ts'
import { inSession, useTestDatabase } from '../../../support/database.ts'
import { digestOf } from '../../../support/facts.ts'

const database = useTestDatabase()
const db = () => database.as('writer')
let lastRun = 0

/** Foreign keys lead to a release's run, of which these tests need no more than the row. */
beforeAll(async () => {
  await inSession(database.url, async (client) => {
    await client.query('SET session_replication_role = replica')
    await client.query(
      `INSERT INTO release_run (release_no, again, shard_size) SELECT 1, false, 100 FROM generate_series(1, 99)`,
    )
  })
})

/** A picture reference: page, picture URL, texts. */
type Reference = [page: number, image: string, texts: string[], host?: string]

async function aRun(references: readonly Reference[]): Promise<string> {
  lastRun += 1
  const run = String(lastRun)
  await insertCandidates(
    db(),
    run,
    references.map(([page_no, image, texts, host = 'a.example'], position) => ({
      page_no,
      position,
      image_url_sha: digestOf(image),
      image_url: `http://a.example/${image}`,
      picture: null,
      capture_id: null,
      fetch_reason: 'http_error',
      host,
      text_shas: texts.map(digestOf),
    })),
  )
  await countFrequencies(db(), run)
  return run
}

const hex = (text: string) => digestOf(text).toString('hex')
const times = (count: number, reference: (no: number) => Reference) =>
  Array.from({ length: count }, (_, no) => reference(no))

describe('how often a text stands', () => {
  test('is counted over all candidates of a host: uses, pages and pictures', async () => {
    const run = await aRun([
      ...times(6, (no) => [no % 3, no < 4 ? 'logo' : 'other', ['home']]),
      ...times(6, (no) => [no, `picture ${no}`, [`text ${no}`]]),
    ])
    await aRun(times(9, () => [0, 'logo', ['home']]))
    const found = await frequenciesOf(db(), run, 'a.example', ['home', 'text 1', 'never seen'].map(digestOf))
    expect(found).toEqual(new Map([[hex('home'), { uses: 6, pages: 3, pictures: 2 }]]))
    expect(await frequenciesOf(db(), run, 'a.example', [])).toEqual(new Map())
  })

  test('is counted once a candidate, however often the candidate has it', async () => {
    const run = await aRun(times(5, (no) => [no, 'logo', ['home', 'home', 'other']]))
    const found = await frequenciesOf(db(), run, 'a.example', [digestOf('home')])
    expect(found.get(hex('home'))).toEqual({ uses: 5, pages: 5, pictures: 1 })
  })

  test('is not kept below five uses, on one host', async () => {
    const run = await aRun([
      ...times(4, (no) => [no, 'logo', ['home']]),
      ...times(4, (no) => [no + 4, 'logo', ['home'], 'b.example']),
      ...times(5, (no) => [no, 'logo', ['about']]),
    ])
    const rows = []
    for await (const row of frequencyRows(db(), run)) rows.push(row)
    expect(rows).toEqual([{ host: 'a.example', text: hex('about'), uses: 5, pages: 5, pictures: 1 }])
  })

  test('is listed by host and digest, to the last, once', async () => {
    const run = await aRun([
      ...times(5, () => [0, 'logo', ['b'], 'b.example']),
      ...times(5, () => [0, 'logo', ['x', 'y', 'z']]),
    ])
    await countFrequencies(db(), run)
    await sql`INSERT INTO text_frequency (run, host, text_sha, uses, pages, pictures)
      SELECT ${run}::bigint, 'c.example', sha256(int4send(n)), 5, 1, 1 FROM generate_series(1, 2001) AS n`.execute(db())
    const rows = []
    for await (const row of frequencyRows(db(), run)) rows.push(row)
    const texts = ['x', 'y', 'z'].map(hex).sort()
    expect(rows.slice(0, 4).map(({ host, text }) => [host, text])).toEqual([
      ...texts.map((text) => ['a.example', text]),
      ['b.example', hex('b')],
    ])
    const rest = rows.slice(4).map(({ text }) => text)
    expect([rest.length, new Set(rest).size, rest]).toEqual([2_001, 2_001, rest.toSorted()])
  })
})

test('the pages of a host are those that show any picture', async () => {
  const run = await aRun([
    [0, 'one', []],
    [0, 'two', []],
    [7, 'one', []],
    [9, 'one', [], 'b.example'],
  ])
  expect(await pagesOfHosts(db(), run, ['a.example', 'c.example'])).toEqual(new Map([['a.example', 2]]))
  expect(await pagesOfHosts(db(), run, [])).toEqual(new Map())
})

test('the languages of a host are read by letters, of equal ones by code', async () => {
  const run = await aRun([])
  const other = await aRun([])
  const rows = [
    { host: 'a.example', lang: 'sk', letters: 10 },
    { host: 'a.example', lang: 'hu', letters: 10 },
    { host: 'a.example', lang: 'cs', letters: 5_000_000_000 },
    { host: 'b.example', lang: 'hu', letters: 7 },
  ]
  await insertHostLanguages(db(), run, rows)
  await insertHostLanguages(db(), run, rows)
  await insertHostLanguages(db(), other, [{ host: 'a.example', lang: 'vi', letters: 1 }])
  expect(await languagesOfHosts(db(), run, ['a.example', 'c.example'])).toEqual(
    new Map([
      [
        'a.example',
        [
          { group: 'cs', letters: 5_000_000_000 },
          { group: 'hu', letters: 10 },
          { group: 'sk', letters: 10 },
        ],
      ],
      ['c.example', []],
    ]),
  )
  expect(await languagesOfHosts(db(), run, [])).toEqual(new Map())
})
