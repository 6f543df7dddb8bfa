import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { insertFacts } from '../../../../schema/queries/captures.ts'
import {
  type ChoiceLimits,
  chooseFinal,
  choosePreselected,
  insertComponents,
  nearNodes,
  pictureHashes,
} from '../../../../schema/queries/choose-samples.ts'
import { ensureDefinition } from '../../../../schema/queries/definitions.ts'
import { insertSamples, insertSampleVerdicts, type KeyedSample } from '../../../../schema/queries/samples.ts'
import type { VerdictStage } from '../../../../schema/tables/release.table.ts'
import { inSession, useTestDatabase } from '../../../support/database.ts'
import { aNormaliseFact, digestOf } from '../../../support/facts.ts'

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

interface TestSample {
  tag?: string
  host?: string
  text?: string | null
  /** Verdicts of earlier rules: stage -> reason. */
  verdicts?: Partial<Record<VerdictStage, string | null>>
  /** Generated texts: task -> reason that they are not used. */
  texts?: Record<string, string | null>
}

const pictureOf = (no: number) => digestOf(`picture ${no}`)

/** A run with these samples, in the order of their keys: the first is number 0. They are inserted last to first. */
async function aRun(samples: readonly TestSample[]): Promise<string> {
  lastRun += 1
  const run = String(lastRun)
  const db = database.as('writer')
  const keyed = samples.map(({ tag = 'cs', host = 'a.example', text = null }, no): KeyedSample => ({
    tag,
    host,
    text,
    picture: pictureOf(no),
    script: 'Latn',
    page_no: 0,
    position: no,
    key: Buffer.alloc(32, no + 1),
    alt_sha: text === null ? null : digestOf(text),
  }))
  async function* batches() {
    for (const one of keyed.toReversed()) yield await Promise.resolve([one])
  }
  expect(await insertSamples(db, run, batches())).toBe(samples.length)
  for (const [sample_no, { verdicts = { judge: null }, texts = {} }] of samples.entries()) {
    for (const [stage, reason] of Object.entries(verdicts) as [VerdictStage, string | null][])
      await insertSampleVerdicts(db, run, [{ sample_no, stage, reason, rules: [] }])
    for (const [task, reason] of Object.entries(texts))
      await sql`INSERT INTO sample_generation (run, sample_no, task, requests, reason, outcome)
        VALUES (${run}, ${sample_no}, ${task}, '{}', ${reason}, ${digestOf('outcome')})`.execute(db)
  }
  return run
}

async function dropsOf(run: string, stage: VerdictStage): Promise<Record<number, unknown>> {
  const rows = await database
    .as('writer')
    .selectFrom('sample_verdict')
    .select(['sample_no', 'reason', 'rules'])
    .where('run', '=', run)
    .where('stage', '=', stage)
    .where('reason', 'is not', null)
    .execute()
  for (const { reason, rules } of rows) expect(rules).toMatchObject([{ rule: reason, fired: true }])
  return Object.fromEntries(
    rows.map(({ sample_no: no, rules }) => {
      const [{ rule, what, value, limit }] = rules as [Record<string, unknown>]
      return [no, [rule, what, value, limit]]
    }),
  )
}

async function keptOf(run: string): Promise<[number, number][]> {
  const db = database.as('writer')
  const rows = await db.selectFrom('kept').selectAll().where('run', '=', run).orderBy('kept_no').execute()
  return rows.map((row) => [row.kept_no, row.sample_no])
}

const limitsOf = (changes: Partial<ChoiceLimits> = {}): ChoiceLimits => ({
  tag: 'cs',
  max_same_text: 10,
  wanted: null,
  ...changes,
})
const preselect = (run: string, limits: readonly ChoiceLimits[], maxPerHost = 1) =>
  choosePreselected(database.as('writer'), run, limits, maxPerHost)

describe('the choice before the models', () => {
  test('keeps everything when no limit is reached, numbered in the order of keys', async () => {
    const run = await aRun([{ text: 'mill' }, { text: 'mill' }, {}])
    expect(await preselect(run, [limitsOf()])).toBe(3)
    expect([await dropsOf(run, 'preselect'), await keptOf(run)]).toEqual([
      {},
      [
        [0, 0],
        [1, 1],
        [2, 2],
      ],
    ])
  })

  test('keeps at most so many samples of a language under one text, the first keys of them', async () => {
    const mill = { text: 'mill' }
    const run = await aRun([mill, { text: 'bridge' }, mill, mill, { ...mill, tag: 'hu' }, mill, {}, {}, {}])
    const limits = [limitsOf({ max_same_text: 2 }), limitsOf({ tag: 'hu', max_same_text: 1 })]
    expect(await preselect(run, limits)).toBe(7)
    expect(await dropsOf(run, 'preselect')).toEqual({
      3: ['same_text', 'max_same_text', 3, 2],
      5: ['same_text', 'max_same_text', 4, 2],
    })
  })

  test("keeps a host's share of what its language has left, rounded down", async () => {
    const [a, b] = [{ host: 'a.example' }, { host: 'b.example' }]
    const run = await aRun([a, a, b, a, a, b, b, { ...a, tag: 'hu' }, { ...a, tag: 'hu' }])
    expect(await preselect(run, [limitsOf(), limitsOf({ tag: 'hu' })], 0.4)).toBe(5)
    expect(await dropsOf(run, 'preselect')).toEqual({
      3: ['host_quota', 'max_per_host', 3, 2],
      4: ['host_quota', 'max_per_host', 4, 2],
      6: ['host_quota', 'max_per_host', 3, 2],
      8: ['host_quota', 'max_per_host', 2, 1],
    })
  })

  test('counts for the share of a host only what the limit of texts has left', async () => {
    const mill = { text: 'mill' }
    const run = await aRun([mill, mill, mill, { text: 'bridge' }, { text: 'tower' }, { text: 'gate' }])
    await preselect(run, [limitsOf({ max_same_text: 1 })], 0.5)
    expect(await dropsOf(run, 'preselect')).toEqual({
      1: ['same_text', 'max_same_text', 2, 1],
      2: ['same_text', 'max_same_text', 3, 1],
      4: ['host_quota', 'max_per_host', 3, 2],
      5: ['host_quota', 'max_per_host', 4, 2],
    })
  })

  test('keeps what is wanted of each language of those that its host may have', async () => {
    const [a, b, hu] = [{ host: 'a.example' }, { host: 'b.example' }, { tag: 'hu' }]
    const run = await aRun([a, a, a, b, b, hu, hu])
    expect(await preselect(run, [limitsOf({ wanted: 3 }), limitsOf({ tag: 'hu', wanted: 1 })], 0.5)).toBe(4)
    expect(await dropsOf(run, 'preselect')).toEqual({
      2: ['host_quota', 'max_per_host', 3, 2],
      4: ['over_target', 'target', 4, 3],
      6: ['host_quota', 'max_per_host', 2, 1],
    })
    const other = await aRun([hu, hu, hu])
    await preselect(other, [limitsOf({ tag: 'hu', wanted: 1 })])
    expect(await dropsOf(other, 'preselect')).toEqual({
      1: ['over_target', 'target', 2, 1],
      2: ['over_target', 'target', 3, 1],
    })
  })

  test('gives no place to a sample that an earlier rule dropped, and does not keep it', async () => {
    const gone = { text: 'mill', verdicts: { judge: 'nsfw' } }
    const near = { text: 'mill', verdicts: { judge: null, near: 'near_duplicate' } }
    const run = await aRun([gone, near, { text: 'mill' }, { text: 'mill' }])
    expect(await preselect(run, [limitsOf({ max_same_text: 1, wanted: 1 })])).toBe(1)
    expect(await dropsOf(run, 'preselect')).toEqual({ 3: ['same_text', 'max_same_text', 2, 1] })
    expect(await keptOf(run)).toEqual([[0, 2]])
  })

  test('is the same when it is made again', async () => {
    const run = await aRun([{ text: 'mill' }, { text: 'mill' }, {}, {}, {}])
    const limits = [limitsOf({ max_same_text: 1, wanted: 3 })]
    const choices = []
    for (const _ of [1, 2])
      choices.push([await preselect(run, limits, 0.5), await dropsOf(run, 'preselect'), await keptOf(run)])
    expect(choices[0]).toEqual([
      2,
      {
        1: ['same_text', 'max_same_text', 2, 1],
        3: ['host_quota', 'max_per_host', 3, 2],
        4: ['host_quota', 'max_per_host', 4, 2],
      },
      [
        [0, 0],
        [1, 2],
      ],
    ])
    expect(choices[1]).toEqual(choices[0])
  })
})

describe('the last choice', () => {
  const final = (run: string, targets: { tag: string; target: number }[]) =>
    chooseFinal(database.as('writer'), run, targets)

  test('drops a sample that has no text of the three', async () => {
    const run = await aRun([
      { text: 'mill' },
      {},
      { texts: { caption: null } },
      { texts: { translate: null } },
      { texts: { translate: 'empty', thick: null } },
      { texts: { translate: 'empty', thick: 'not_grounded' } },
    ])
    const other = await aRun([{}, { texts: { thick: null } }])
    await preselect(run, [limitsOf()])
    expect(await final(run, [])).toEqual({ kept: 3, dropped: 3 })
    expect(await dropsOf(other, 'select')).toEqual({})
    const noText = ['no_text', 'texts', 0, 1]
    expect(await dropsOf(run, 'select')).toEqual({ 1: noText, 2: noText, 5: noText })
  })

  test("meets each language's target in the order of keys, from those that have a text", async () => {
    const [cs, hu] = [{ text: 'mill' }, { tag: 'hu', text: 'malom' }]
    const run = await aRun([{}, cs, cs, hu, cs, hu, { tag: 'vi', text: 'cối xay' }])
    await preselect(
      run,
      ['cs', 'hu', 'vi'].map((tag) => limitsOf({ tag })),
    )
    const targets = [
      { tag: 'cs', target: 2 },
      { tag: 'hu', target: 1 },
    ]
    expect(await final(run, targets)).toEqual({ kept: 4, dropped: 3 })
    const drops = await dropsOf(run, 'select')
    expect(drops).toEqual({
      0: ['no_text', 'texts', 0, 1],
      4: ['not_reached', 'target', 3, 2],
      5: ['not_reached', 'target', 2, 1],
    })
    expect([await final(run, targets), await dropsOf(run, 'select')]).toEqual([{ kept: 4, dropped: 3 }, drops])
  })

  test('asks only what the choice before kept', async () => {
    const run = await aRun([{ text: 'mill' }, { text: 'mill' }, { text: 'mill', verdicts: { judge: 'nsfw' } }])
    await preselect(run, [limitsOf({ max_same_text: 1 })])
    expect(await final(run, [{ tag: 'cs', target: 5 }])).toEqual({ kept: 1, dropped: 0 })
  })
})

describe('near pictures', () => {
  async function definitionOf(step: string): Promise<number> {
    const sha = digestOf(`${step} ${lastRun}`).toString('hex')
    return ensureDefinition(database.as('writer'), { step, rev: 1, sha, body: {} }, null)
  }

  test('are taken largest first, then with a native text, then by digest; others do not take part', async () => {
    const db = database.as('writer')
    const run = await aRun([
      { text: 'small' },
      {},
      { text: 'large' },
      {},
      { text: 'alone' },
      { text: 'dropped', verdicts: { judge: 'nsfw' } },
      { tag: 'hu', text: 'malom' },
      {},
      {},
      {},
    ])
    const defId = await definitionOf('normalise')
    const sides = [100, 300, 300, 300, 300, 400, 400, 300, 300, 300]
    const values = sides.map((side, no) => aNormaliseFact({ name: String(no), side }))
    await insertFacts(
      db,
      'fact',
      defId,
      '0',
      values.map((value, no) => ({ input: pictureOf(no), value })),
    )
    const least = pictureOf(0)
    const component = [0, 1, 2, 3, 5, 6, 7, 8, 9].map((no) => ({ picture: pictureOf(no), least }))
    await insertComponents(db, run, component)
    await insertComponents(db, run, component)
    const equal = [1, 3, 7, 8, 9].sort((a, b) => Buffer.compare(pictureOf(a), pictureOf(b)))
    const node = (no: number, has_native: boolean) => ({
      sample_no: no,
      picture: pictureOf(no),
      has_native,
      pixels: (sides[no] as number) ** 2,
      pdq: values[no]?.pdq,
    })
    expect(await nearNodes(db, run, defId, 'cs')).toEqual([
      node(2, true),
      ...equal.map((no) => node(no, false)),
      node(0, true),
    ])
  })

  test('are searched among those of the run that have detail enough to compare, by digest', async () => {
    const db = database.as('writer')
    const run = await aRun([])
    const defId = await definitionOf('normalise')
    const facts = [
      aNormaliseFact({ name: 'a' }),
      { ...aNormaliseFact({ name: 'b' }), pdq_quality: 50 },
      { ...aNormaliseFact({ name: 'c' }), pdq_quality: 49 },
      { ok: false, reason: 'undecodable' },
      aNormaliseFact({ name: 'of another run' }),
    ]
    await insertFacts(
      db,
      'fact',
      defId,
      '0',
      facts.map((value, no) => ({ input: pictureOf(no), value })),
    )
    for (const no of [0, 1, 2, 3])
      await sql`INSERT INTO run_picture (run, picture_no, picture, reserved) VALUES (${run}, ${no}, ${pictureOf(no)}, false)`.execute(
        db,
      )
    await sql`INSERT INTO run_picture (run, picture_no, picture, reserved) VALUES (99, 0, ${pictureOf(4)}, false)`.execute(
      db,
    )
    const found = []
    for await (const batch of pictureHashes(db, run, defId, 50)) found.push(...batch.map(({ picture }) => picture))
    expect(found).toEqual([0, 1].map(pictureOf).sort((a, b) => Buffer.compare(a, b)))
  })

  test('are searched to the last, however many there are', async () => {
    const db = database.as('writer')
    const run = await aRun([])
    const defId = await definitionOf('normalise of many')
    const many = sql`generate_series(1, 10001) AS n, LATERAL sha256(int4send(n)) AS picture`
    const fact = JSON.stringify({ pdq: '00', pdq_quality: 100 })
    await sql`INSERT INTO run_picture (run, picture_no, picture, reserved) SELECT ${run}::bigint, n, picture, false FROM ${many}`.execute(
      db,
    )
    await sql`INSERT INTO fact (def_id, input, value, first_run) SELECT ${defId}::int, picture, ${fact}::jsonb, 0 FROM ${many}`.execute(
      db,
    )
    let count = 0
    for await (const batch of pictureHashes(db, run, defId, 50)) count += batch.length
    expect(count).toBe(10_001)
  })
})
