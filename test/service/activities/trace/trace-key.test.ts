import { beforeAll, expect, test } from 'vitest'
import { createHash } from 'node:crypto'
import { describeTrace } from '../../../../activities/trace/describe-trace.ts'
import { type KeyTrace, traceKey } from '../../../../activities/trace/trace-key.ts'
import { insertGenerations, recordResponse } from '../../../../schema/queries/generations.ts'
import { PAGE_URL, pictureUrl, seedRelease, type TestPicture, type TestRelease } from '../../../support/a-release.ts'
import { useTestDatabase } from '../../../support/database.ts'
import { aNormaliseFact, digestOf, SAFE } from '../../../support/facts.ts'

const database = useTestDatabase()
const ABUSE = 'a0'.repeat(32)
const PICTURES: readonly TestPicture[] = [
  { name: 'mill', text: 'Starý mlýn u řeky', side: 500 },
  { name: 'mill-copy', text: 'Starý mlýn znovu', near: 'mill' },
  { name: 'known', text: 'Věž na náměstí', abuse: ABUSE },
  { name: 'archived', text: 'Kostel svatého Jana', archive: 'old.warc.gz' },
]
const hexOf = (text: string) => digestOf(text).toString('hex')

let release: TestRelease
let crawl: string
beforeAll(async () => {
  const db = database.as('writer')
  release = await seedRelease(db, PICTURES)
  crawl = (await db.selectFrom('crawl').select('id').where('crawl_no', '=', release.crawlNo).executeTakeFirstOrThrow())
    .id
  const { run } = release
  const requestSha = digestOf('request')
  await recordResponse(db, {
    requestSha,
    defId: release.release.plan.definitions['caption']?.def_id ?? 0,
    responseSha: digestOf('response'),
    tokensIn: 1,
    tokensOut: 1,
    run,
  })
  const { sample_no: no } = await db
    .selectFrom('sample')
    .select('sample_no')
    .where('run', '=', run)
    .where('key', '=', release.keyOf('mill'))
    .executeTakeFirstOrThrow()
  const one = { sample_no: no, detail: {}, outcome: digestOf('outcome') }
  await insertGenerations(db, run, [
    { ...one, task: 'thick', requests: [digestOf('unanswered')], reason: 'refused', text: '' },
    { ...one, task: 'caption', requests: [requestSha], reason: null, text: 'A mill.' },
  ])
})

async function trace(name: string): Promise<KeyTrace> {
  const { release: record, run } = release
  const found = await traceKey(
    database.as('auditor'),
    { id: record.id, run, plan: record.plan, spec: record.spec },
    release.keyOf(name),
  )
  return found as KeyTrace
}

/** RFC 4648 base32 by another road than the project's: five bits at a time of the number. */
function base32(hex: string): string {
  const digits = BigInt(`0x${hex}`) << 4n
  const letters = Array.from(
    { length: 52 },
    (_, at) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number((digits >> BigInt(5 * (51 - at))) & 31n)],
  )
  return `${letters.join('')}====`
}

const captureOf = (url: string, media_type: string, body: string) => ({
  crawl,
  url,
  status: 200,
  fetched_at: '2026-01-01T00:00:00.000Z',
  media_type,
  content_language: null,
  payload_digest: `sha256:${base32(createHash('sha256').update(body).digest('hex'))}`,
  warc: { segment: hexOf('segment'), offset: 10, length: 20 },
  signals: [],
})

test('a trace leads from the page to the row, over every capture, fact, verdict and call', async () => {
  const { plan } = release.release
  const found = await trace('mill')
  const text = {
    text: 'Starý mlýn u řeky',
    source: 'alt',
    type: 'description',
    tag: 'cs',
    script: 'Latn',
    reason: null,
  }
  const facts = { name: 'mill', side: 500 }
  expect({ ...found, objects: [] }).toEqual({
    key: release.keyOf('mill').toString('hex'),
    lang: 'cs',
    release: { id: release.release.id, spec: plan.spec, split: 'train', leaf: hexOf('leaf') },
    crawls: plan.crawls.map(({ id }) => id),
    pages: [
      {
        ...captureOf(PAGE_URL, 'text/html', 'page body'),
        candidates: [{ position: 0, image_url: pictureUrl('mill'), texts: [text], kept_text: 0 }],
      },
    ],
    pictures: [{ ...captureOf(pictureUrl('mill'), 'image/jpeg', 'mill'), picture: hexOf('mill') }],
    facts: [
      { step: 'normalise', definition: plan.definitions['normalise']?.sha, value: aNormaliseFact(facts) },
      { step: 'safety', definition: plan.definitions['safety']?.sha, value: SAFE },
    ],
    verdicts: [
      { stage: 'judge', reason: null, rules: [] },
      { stage: 'select', reason: null, rules: [] },
    ],
    generations: [
      {
        task: 'caption',
        definition: plan.definitions['caption']?.sha,
        calls: [{ request: hexOf('request'), response: hexOf('response') }],
        reason: null,
        text: 'A mill.',
        detail: {},
      },
      {
        task: 'thick',
        definition: plan.definitions['thick']?.sha,
        calls: [{ request: hexOf('unanswered'), response: null }],
        reason: 'refused',
        text: '',
        detail: {},
      },
    ],
    definitions: Object.fromEntries(
      Object.entries(plan.definitions).map(([step, { sha, rev }]) => [step, { sha256: sha, rev }]),
    ),
    row: { artifact: hexOf('rows'), leaf: hexOf('leaf') },
    objects: [],
  })
})

test('a trace names every object that it leads to, once, in the order of digests', async () => {
  const { plan } = release.release
  const { objects } = await trace('mill')
  const named = [
    [plan.spec, 'resolved spec'],
    [hexOf('segment'), 'archive segment'],
    [hexOf('mill'), 'picture as fetched'],
    [hexOf('released mill'), 'picture as released'],
    [hexOf('request'), 'caption request'],
    [hexOf('response'), 'caption response'],
    [hexOf('unanswered'), 'thick request'],
    [hexOf('rows'), 'rows'],
    ...Object.entries(plan.definitions).map(([step, { sha }]) => [sha, `definition of ${step}`]),
  ]
  expect(objects.map(({ sha256, what }) => [sha256, what])).toEqual(
    named.toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1)),
  )
})

test('a sample that was dropped for a near one leads to the picture that was kept', async () => {
  const { row, verdicts, objects } = await trace('mill-copy')
  expect([row, verdicts.map(({ reason }) => reason)]).toEqual([null, [null, 'near_duplicate']])
  expect(objects).toContainEqual({ sha256: hexOf('mill'), what: 'picture as fetched' })
  expect(objects.map(({ what }) => what)).not.toContain('rows')
})

test('the digest of an abuse list is not written as one of an object', async () => {
  const { verdicts, objects } = await trace('known')
  expect(verdicts).toEqual([
    {
      stage: 'judge',
      reason: 'known_abuse',
      rules: [{ rule: 'known_abuse', what: 'known_abuse', value: `sha256:${base32(ABUSE)}`, limit: null, fired: true }],
    },
  ])
  expect(objects.map(({ sha256 }) => sha256)).not.toContain(ABUSE)
})

test('what was taken from an archive leads to the file, by name and digest, and to the place in it', async () => {
  const found = await trace('archived')
  const digest = `sha256:${base32(hexOf('old.warc.gz'))}`
  expect(found.pictures[0]?.source).toEqual({ file: 'old.warc.gz', digest, offset: 5, length: 7 })
  expect(describeTrace(found)).toContain(`  taken from old.warc.gz (${digest}) at 5, 7 bytes`)
})

test('a key that the run does not have has no trace', async () => {
  expect(await trace('never seen')).toBeNull()
})
