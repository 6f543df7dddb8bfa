import { type Kysely, sql } from 'kysely'
import { urlDigest } from '../../activities/crawl/canonical-url.ts'
import { judgeCandidate } from '../../activities/judge-candidates/judge-candidate.ts'
import { candidateRules, readCandidateInputs } from '../../activities/judge-candidates/judge-candidates.activity.ts'
import { judgeSample } from '../../activities/judge-samples/judge-sample.ts'
import { choiceLimits } from '../../activities/preselect/preselect.activity.ts'
import { PIPELINE } from '../../activities/pipeline.ts'
import type { Candidate, ExtractFact } from '../../schema/contracts/candidate.ts'
import type { ReleasePlanRecord } from '../../schema/contracts/release-plan.ts'
import type { ReleaseSpec } from '../../schema/contracts/spec.ts'
import { insertCandidates } from '../../schema/queries/candidates.ts'
import { insertCandidateVerdicts } from '../../schema/queries/candidate-facts.ts'
import { insertCaptures, insertFacts, type NewCapture } from '../../schema/queries/captures.ts'
import { chooseFinal, choosePreselected } from '../../schema/queries/choose-samples.ts'
import { createOrJoinCrawl } from '../../schema/queries/crawls.ts'
import { ensureDefinition } from '../../schema/queries/definitions.ts'
import { insertFound } from '../../schema/queries/frontier.ts'
import { freezeCrawl } from '../../schema/queries/freeze.ts'
import { countFrequencies } from '../../schema/queries/frequency.ts'
import { insertRows } from '../../schema/queries/release-files.ts'
import { ensureRelease, type ReleaseRecord } from '../../schema/queries/releases.ts'
import { fixRunLists } from '../../schema/queries/run-lists.ts'
import { insertSamples, insertSampleVerdicts, sampleGroups, samplesOfShard } from '../../schema/queries/samples.ts'
import type { Database } from '../../schema/tables/database.ts'
import { aNormaliseFact, aTextFact, CZECH_PAGE, digestOf, SAFE } from './facts.ts'
import { aSpec } from './spec.ts'

export const urlSha = (url: string): Buffer => Buffer.from(urlDigest(url), 'hex')

/** A picture of the test web: a URL, its text, what was found in it; `signal` reserves it. */
export interface TestPicture {
  name: string
  text: string | null
  side?: number
  signal?: string
  decorative?: boolean
  /** Name of the picture that it is a near duplicate of. */
  near?: string
}

export interface TestRelease {
  release: ReleaseRecord
  run: string
  crawlNo: number
  keyOf(name: string): Buffer
}

const HOST = 'a.example'
export const PAGE_URL = `http://${HOST}/`
export const pictureUrl = (name: string): string => `http://${HOST}/${name}.jpg`

/**
 * A finished release of one page in Czech with these pictures, from the crawl's rows to the members: seeded through the
 * project's own queries and judged by its own functions, without workers.
 */
export async function seedRelease(
  db: Kysely<Database>,
  pictures: readonly TestPicture[],
  more = '',
  version = '1.0.0',
): Promise<TestRelease> {
  const spec = { ...aSpec(more), version }
  const crawlNo = await seedCrawl(db, spec, pictures)
  const { release, defs } = await seedPlan(db, spec, crawlNo)
  const { run } = release
  await seedFacts(db, defs, pictures)
  await fixRunLists(db, run, [crawlNo])
  await insertCandidates(
    db,
    run,
    pictures.map((one, position) => ({
      page_no: 0,
      position,
      image_url_sha: urlSha(pictureUrl(one.name)),
      image_url: pictureUrl(one.name),
      picture: digestOf(one.name),
      capture_id: null,
      fetch_reason: one.signal === undefined ? null : 'opted_out',
      host: HOST,
      text_shas: one.text === null ? [] : [digestOf(one.text)],
    })),
  )
  await countFrequencies(db, run)
  const defId = (step: string) => defs[step] ?? 0
  const inputs = await readCandidateInputs(db, { run, from: 0, to: 1, defId })
  await insertCandidateVerdicts(
    db,
    run,
    inputs.map(({ row, input }) => ({
      ...judgeCandidate(input, candidateRules(spec)),
      page_no: row.page_no,
      position: row.position,
      picture: row.picture,
    })),
  )
  const keyOf = (name: string) => digestOf(`key ${name}`)
  await formSamples(db, run, pictures, keyOf)
  await judgeSamples(db, run, spec, pictures)
  await choosePreselected(
    db,
    run,
    spec.languages.map((tag) => choiceLimits(spec, tag)),
    spec.select.max_per_host,
  )
  await chooseFinal(
    db,
    run,
    Object.entries(spec.select.target).map(([tag, target]) => ({ tag, target })),
  )
  await seedMembers(db, run)
  return { release, run, crawlNo, keyOf }
}

async function seedCrawl(db: Kysely<Database>, spec: ReleaseSpec, pictures: readonly TestPicture[]): Promise<number> {
  const section = { ...spec.crawl, seeds: { cs: [PAGE_URL] } }
  const seed = { url: PAGE_URL, sha: urlSha(PAGE_URL), host: HOST }
  const { id } = await createOrJoinCrawl(db, {
    dataset: spec.dataset,
    section,
    sectionSha: digestOf('section'),
    shards: 1,
    sites: [{ scopeKey: `host:${HOST}`, shard: 0, declared: 'cs', seeds: [seed] }],
    again: true,
  })
  const { crawl_no: crawlNo } = await db
    .selectFrom('crawl')
    .select('crawl_no')
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  const urls = [PAGE_URL, ...pictures.map(({ name }) => pictureUrl(name))]
  await db.transaction().execute(async (tx) => {
    await insertFound(
      tx,
      crawlNo,
      pictures.map(({ name }) => ({
        sha: urlSha(pictureUrl(name)),
        url: pictureUrl(name),
        host: HOST,
        shard: 0,
        siteNo: null,
        depth: 0,
        kind: 'picture' as const,
        redirects: 0,
        fromSha: seed.sha,
      })),
    )
    const captures = [aCapture(PAGE_URL, 'page', 'page body'), ...pictures.map(pictureCapture)]
    const ids = await insertCaptures(tx, crawlNo, captures)
    for (const [index, url] of urls.entries())
      await sql`UPDATE frontier SET state = 'done', attempts = 1, capture_id = ${ids[index]}
        WHERE crawl_no = ${crawlNo} AND url_sha = ${urlSha(url)}`.execute(tx)
  })
  await freezeCrawl(db, crawlNo)
  return crawlNo
}

function pictureCapture({ name, signal }: TestPicture): NewCapture {
  const capture = aCapture(pictureUrl(name), 'picture', name)
  if (signal === undefined) return capture
  const signals = [{ signal, value: '', raw: `X-Robots-Tag: ${signal}`, where: 'header', agent: null }]
  return { ...capture, signals, reserved: true, warc: null }
}

function aCapture(url: string, kind: 'page' | 'picture', body: string): NewCapture {
  return {
    urlSha: urlSha(url),
    kind,
    status: 200,
    bodySha: digestOf(body),
    bodyBytes: body.length,
    mediaType: kind === 'page' ? 'text/html' : 'image/jpeg',
    contentLanguage: null,
    signals: [],
    reserved: false,
    abuse: null,
    redirectSha: null,
    extractInput: kind === 'page' ? digestOf('extract input') : null,
    warc: { sha: digestOf('segment'), offset: 10, length: 20 },
    fetchedAt: new Date('2026-01-01T00:00:00Z'),
  }
}

async function seedPlan(db: Kysely<Database>, spec: ReleaseSpec, crawlNo: number) {
  const defs: Record<string, number> = {}
  const plan: ReleasePlanRecord = {
    spec: digestOf(`spec ${spec.version}`).toString('hex'),
    crawls: [{ id: `crawl-${crawlNo}`, crawl_no: crawlNo, digest: '' }],
    definitions: {},
    dataset_key: '',
    abuse_lists: null,
    platform: 'test',
  }
  for (const { name, rev } of PIPELINE) {
    const sha = digestOf(`definition ${name}`).toString('hex')
    const defId = await ensureDefinition(db, { step: name, rev, sha, body: {} }, null)
    defs[name] = defId
    plan.definitions[name] = { def_id: defId, sha, rev }
  }
  const { dataset, version } = spec
  const release = await ensureRelease(db, { id: `${dataset}-${version}`, dataset, version, spec, plan, shardSize: 100 })
  return { release, defs }
}

async function seedFacts(
  db: Kysely<Database>,
  defs: Record<string, number>,
  pictures: readonly TestPicture[],
): Promise<void> {
  const candidates = pictures.map((one, position): Candidate => ({
    position,
    image_url: pictureUrl(one.name),
    other_urls: [],
    texts: one.text === null ? [] : [{ text: one.text, source: 'alt', lang: null }],
    decorative: one.decorative === true,
    context: { title: null, heading: null, before: null, after: null },
    licence: null,
    lang: null,
  }))
  const extract: ExtractFact = { ok: true, title: null, lang: 'cs', candidates }
  const input = digestOf('extract input')
  await insertFacts(db, 'fact_text', defs['extract'] ?? 0, '0', [{ input, value: extract }])
  await insertFacts(db, 'fact', defs['page-language'] ?? 0, '0', [{ input, value: CZECH_PAGE }])
  const texts = [...new Set(pictures.flatMap(({ text }) => (text === null ? [] : [text])))]
  await insertFacts(
    db,
    'fact_text',
    defs['text'] ?? 0,
    '0',
    texts.map((text) => ({ input: digestOf(text), value: aTextFact(text) })),
  )
  const stored = pictures.filter(({ signal }) => signal === undefined)
  await insertFacts(
    db,
    'fact',
    defs['normalise'] ?? 0,
    '0',
    stored.map((one) => ({ input: digestOf(one.name), value: aNormaliseFact(one) })),
  )
  await insertFacts(
    db,
    'fact',
    defs['safety'] ?? 0,
    '0',
    stored.map((one) => ({ input: digestOf(`released ${one.name}`), value: SAFE })),
  )
}

async function formSamples(
  db: Kysely<Database>,
  run: string,
  pictures: readonly TestPicture[],
  keyOf: (name: string) => Buffer,
): Promise<void> {
  const names = new Map(pictures.map(({ name }) => [digestOf(name).toString('hex'), name]))
  async function* keyed() {
    for await (const group of sampleGroups(db, run))
      yield group.map((one) => ({
        ...one,
        key: keyOf(names.get(one.picture.toString('hex')) ?? ''),
        alt_sha: one.text === null ? null : digestOf(one.text),
      }))
  }
  await insertSamples(db, run, keyed())
}

async function judgeSamples(
  db: Kysely<Database>,
  run: string,
  spec: ReleaseSpec,
  pictures: readonly TestPicture[],
): Promise<void> {
  for (const sample of await samplesOfShard(db, run, 0, 1_000)) {
    const picture = pictures.find(({ name }) => digestOf(name).equals(sample.picture)) as TestPicture
    const facts = { normalise: aNormaliseFact(picture), safety: SAFE, reserved: sample.reserved, abuseList: null }
    const rules = judgeSample(facts, { image: spec.image, nsfw: spec.filters.nsfw, heedsMining: true }).filter(
      ({ fired }) => fired,
    )
    const { sample_no: no } = sample
    const verdicts = [{ sample_no: no, stage: 'judge' as const, reason: rules[0]?.rule ?? null, rules }]
    await insertSampleVerdicts(db, run, verdicts)
    if (picture.near === undefined) continue
    const of = digestOf(picture.near).toString('hex')
    const near = { rule: 'near_duplicate', what: 'near_image.pdq', value: 12, limit: 31, fired: true, of }
    await insertSampleVerdicts(db, run, [{ sample_no: no, stage: 'near', reason: 'near_duplicate', rules: [near] }])
  }
}

/** Rows of the kept samples and the end of the run. */
async function seedMembers(db: Kysely<Database>, run: string): Promise<void> {
  const kept = await db
    .selectFrom('sample_verdict as v')
    .innerJoin('sample as s', (join) => join.onRef('s.run', '=', 'v.run').onRef('s.sample_no', '=', 'v.sample_no'))
    .select(['s.sample_no', 's.key'])
    .where('v.run', '=', run)
    .where('v.stage', '=', 'select')
    .where('v.reason', 'is', null)
    .orderBy('s.key')
    .execute()
  const [first, last] = [kept[0], kept.at(-1)]
  if (first && last)
    await insertRows(
      db,
      run,
      { shard: 0, sha: digestOf('rows'), rows: kept.length, first_key: first.key, last_key: last.key },
      kept.map(({ sample_no }) => ({ sample_no, split: 'train', leaf: digestOf('leaf'), row_sha: digestOf('row') })),
    )
  await db
    .insertInto('release_end')
    .values({ run, root: digestOf('root'), size: String(kept.length), manifest_sha: digestOf('manifest') })
    .execute()
}
