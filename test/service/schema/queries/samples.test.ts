import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { insertCandidateVerdicts } from '../../../../schema/queries/candidate-facts.ts'
import { insertCandidates } from '../../../../schema/queries/candidates.ts'
import {
  insertSamples,
  insertSampleVerdicts,
  type KeyedSample,
  sampleGroups,
  samplesOfShard,
} from '../../../../schema/queries/samples.ts'
import { inSession, useTestDatabase } from '../../../support/database.ts'
import { digestOf } from '../../../support/facts.ts'

const database = useTestDatabase()
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

interface TestCandidate {
  picture: string | null
  tag?: string
  /** The kept text; null when the candidate has none. */
  kept?: string | null
  reason?: string
  rules?: string[]
}

/** A run whose pages hold these candidates; page numbers and positions are those of the lists. */
async function aRun(pages: readonly TestCandidate[][]): Promise<string> {
  lastRun += 1
  const run = String(lastRun)
  const db = database.as('writer')
  const candidates = pages.flatMap((page, page_no) => page.map((one, position) => ({ ...one, page_no, position })))
  await insertCandidates(
    db,
    run,
    candidates.map(({ picture, page_no, position }) => ({
      page_no,
      position,
      image_url_sha: digestOf(`url of ${picture}`),
      image_url: `http://a.example/${picture}`,
      picture: picture === null ? null : digestOf(picture),
      capture_id: null,
      fetch_reason: null,
      host: `page-${page_no}.example`,
      text_shas: [],
    })),
  )
  // From the last to the first, so that no order is that of arrival.
  for (const { picture, tag = 'cs', kept = null, reason = null, rules, page_no, position } of candidates.toReversed())
    await insertCandidateVerdicts(db, run, [
      {
        page_no,
        position,
        tag,
        script: 'Latn',
        picture: picture === null ? null : digestOf(picture),
        reason,
        rules: rules ?? (reason === null ? [] : [reason]),
        kept: kept === null ? null : 1,
        texts: [{ text: 'not kept' }, { text: kept }],
      },
    ])
  return run
}

async function groupsOf(run: string) {
  const found = []
  for await (const groups of sampleGroups(database.as('writer'), run)) found.push(...groups)
  return found
}

describe('groups of candidates', () => {
  test('are one a language and picture, in that order', async () => {
    const run = await aRun([
      [
        { picture: 'mill', kept: 'mlýn' },
        { picture: 'bridge', kept: 'most' },
      ],
      [
        { picture: 'mill', tag: 'hu', kept: 'malom' },
        { picture: 'mill', kept: 'starý mlýn' },
      ],
    ])
    const [first, second] = ['mill', 'bridge'].sort((a, b) => Buffer.compare(digestOf(a), digestOf(b)))
    const found = await groupsOf(run)
    expect(found.map(({ tag, picture }) => [tag, picture])).toEqual([
      ['cs', digestOf(first ?? '')],
      ['cs', digestOf(second ?? '')],
      ['hu', digestOf('mill')],
    ])
    expect(found.find(({ tag }) => tag === 'hu')).toEqual({
      tag: 'hu',
      picture: digestOf('mill'),
      script: 'Latn',
      page_no: 1,
      position: 0,
      text: 'malom',
      host: 'page-1.example',
    })
  })

  test('have the text of the first candidate with a kept one, by page and position', async () => {
    const run = await aRun([
      [{ picture: 'mill' }, { picture: 'mill' }],
      [{ picture: 'mill' }, { picture: 'mill', kept: 'first' }, { picture: 'mill', kept: 'second' }],
      [{ picture: 'mill', kept: 'third' }],
    ])
    expect(await groupsOf(run)).toMatchObject([{ page_no: 1, position: 1, text: 'first' }])
  })

  test('stand at their first candidate when none has a kept text', async () => {
    const run = await aRun([[{ picture: 'bridge' }, { picture: 'mill' }, { picture: 'mill' }], [{ picture: 'mill' }]])
    const mill = (await groupsOf(run)).find(({ picture }) => picture.equals(digestOf('mill')))
    expect(mill).toMatchObject({ page_no: 0, position: 1, text: null })
  })

  test('leave out what was dropped and what has no picture', async () => {
    const run = await aRun([
      [{ picture: 'mill', kept: 'mlýn', reason: 'opted_out' }, { picture: null, kept: 'most' }, { picture: 'gate' }],
    ])
    expect((await groupsOf(run)).map(({ picture }) => picture)).toEqual([digestOf('gate')])
  })

  test('do not end with the first batch', async () => {
    const run = await aRun([Array.from({ length: 2_001 }, (_, no) => ({ picture: `picture ${no}` }))])
    expect(new Set((await groupsOf(run)).map(({ picture }) => picture.toString('hex'))).size).toBe(2_001)
  })
})

describe('samples', () => {
  const aSample = (no: number): KeyedSample => ({
    key: Buffer.alloc(32, no),
    tag: 'cs',
    script: 'Latn',
    picture: digestOf(`picture ${no}`),
    page_no: 0,
    position: no,
    text: null,
    alt_sha: digestOf(`text ${no}`),
    host: 'a.example',
  })
  async function insert(run: string, ...batches: KeyedSample[][]): Promise<number> {
    async function* all() {
      for (const batch of batches) yield await Promise.resolve(batch)
    }
    return insertSamples(database.as('writer'), run, all())
  }
  const picture = (run: string, no: number, reserved: boolean) =>
    sql`INSERT INTO run_picture (run, picture_no, picture, reserved) VALUES (${run}, ${no}, ${digestOf(`picture ${no}`)}, ${reserved})`.execute(
      database.as('writer'),
    )
  const readShard = (run: string, from: number, to: number) => samplesOfShard(database.as('writer'), run, from, to)

  test('are numbered by key, in whatever batches they came, once', async () => {
    const run = await aRun([])
    expect(await insert(run, [aSample(7), aSample(2)], [aSample(5)])).toBe(3)
    expect(await insert(run, [aSample(5), aSample(2)], [aSample(7)])).toBe(3)
    const { text: _, ...second } = aSample(5)
    const rows = await readShard(run, 0, 10)
    expect(rows.map(({ sample_no, key }) => [sample_no, key[0]])).toEqual([
      [0, 2],
      [1, 5],
      [2, 7],
    ])
    expect(rows[1]).toEqual({ ...second, sample_no: 1, reserved: true })
  })

  test('of one run do not reach the next', async () => {
    const [first, second] = [await aRun([]), await aRun([])]
    await insert(first, [aSample(1), aSample(2)])
    expect(await insert(second, [aSample(3)])).toBe(1)
  })

  test('of a batch that failed are not those of the next try', async () => {
    const run = await aRun([])
    async function* broken() {
      yield await Promise.resolve([aSample(1), aSample(2)])
      throw new Error('the key is gone')
    }
    await expect(insertSamples(database.as('writer'), run, broken())).rejects.toThrow('the key is gone')
    expect(await insert(run, [aSample(3)])).toBe(1)
  })

  test('have one verdict a stage, the first', async () => {
    const run = await aRun([])
    const db = database.as('writer')
    const verdict = { sample_no: 0, stage: 'judge' as const, reason: 'nsfw', rules: [{ rule: 'nsfw' }] }
    await insertSampleVerdicts(db, run, [verdict])
    await insertSampleVerdicts(db, run, [
      { ...verdict, reason: null, rules: [] },
      { ...verdict, stage: 'near' },
    ])
    const rows = await db.selectFrom('sample_verdict').selectAll().where('run', '=', run).orderBy('stage').execute()
    expect(rows).toEqual([
      { ...verdict, run },
      { ...verdict, run, stage: 'near' },
    ])
  })

  test('are read by shard, from the first number to before the last', async () => {
    const run = await aRun([])
    await insert(run, [1, 2, 3, 4, 5].map(aSample))
    expect((await readShard(run, 1, 3)).map(({ sample_no: no }) => no)).toEqual([1, 2])
  })

  test('are reserved by their picture, by any page that shows it and reserves itself, and when it is not there', async () => {
    const page = [{ picture: 'picture 4', reason: 'boilerplate', rules: ['boilerplate', 'opted_out'] }]
    const other = [{ picture: 'picture 5', reason: 'boilerplate' }]
    const run = await aRun([page, other])
    await aRun([[{ picture: 'picture 2', reason: 'opted_out' }]])
    await insert(run, [1, 2, 3, 4, 5].map(aSample))
    await picture(run, 1, true)
    for (const no of [2, 4, 5]) await picture(run, no, false)
    await picture('98', 3, false)
    const reserved = (await readShard(run, 0, 10)).map((sample) => [sample.position, sample.reserved])
    expect(reserved).toEqual([
      [1, true],
      [2, false],
      [3, true],
      [4, true],
      [5, false],
    ])
  })
})
