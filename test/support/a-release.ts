import { type Kysely, sql } from 'kysely'
import { urlDigest } from '../../activities/crawl/canonical-url.ts'
import { sha256 } from '../../activities/digest.ts'
import { writePairs } from '../../activities/duplicates/pair-file.ts'
import { createFormSamplesActivities, sampleKey } from '../../activities/form-samples/form-samples.activity.ts'
import { createJudgeCandidatesActivities } from '../../activities/judge-candidates/judge-candidates.activity.ts'
import { createJudgeSamplesActivities } from '../../activities/judge-samples/judge-samples.activity.ts'
import { hammingDistance } from '../../activities/normalise/pdq.ts'
import { PIPELINE } from '../../activities/pipeline.ts'
import { createPreselectActivities } from '../../activities/preselect/preselect.activity.ts'
import { createSelectActivities } from '../../activities/select/select.activity.ts'
import type { Candidate, ExtractFact } from '../../schema/contracts/candidate.ts'
import type { ReleasePlanRecord } from '../../schema/contracts/release-plan.ts'
import type { ReleaseSpec } from '../../schema/contracts/spec.ts'
import { insertCandidates } from '../../schema/queries/candidates.ts'
import { insertCaptures, insertFacts, type NewCapture } from '../../schema/queries/captures.ts'
import { insertComponents } from '../../schema/queries/choose-samples.ts'
import { createOrJoinCrawl } from '../../schema/queries/crawls.ts'
import { ensureDefinition } from '../../schema/queries/definitions.ts'
import { insertFound } from '../../schema/queries/frontier.ts'
import { freezeCrawl } from '../../schema/queries/freeze.ts'
import { countFrequencies } from '../../schema/queries/frequency.ts'
import { insertRows } from '../../schema/queries/release-files.ts'
import { ensureRelease, type ReleaseRecord } from '../../schema/queries/releases.ts'
import { fixRunLists } from '../../schema/queries/run-lists.ts'
import { storeSurvey } from '../../schema/queries/surveys.ts'
import { writeSeedArchive } from '../../schema/spec/seed-archive.ts'
import type { Database } from '../../schema/tables/database.ts'
import type { ObjectStore } from '../../infra/objects.ts'
import { inActivity } from './activity.ts'
import { aNormaliseFact, aTextFact, CZECH_PAGE, digestOf, SAFE } from './facts.ts'
import { aSpec } from './spec.ts'

export const urlSha = (url: string): Buffer => Buffer.from(urlDigest(url), 'hex')

/** A picture of the test web: a URL, its text, what was found in it; `signal` reserves it. */
export interface TestPicture {
  /** Name of the archive that it was taken from, with digest of its name, at 5, 7 bytes. */
  archive?: string
  name: string
  text: string | null
  side?: number
  signal?: string
  decorative?: boolean
  /** Name of the picture that it is a near duplicate of. */
  near?: string
  /** What the classifier says; 0.02 when it is not given. */
  porn?: number
  /** The abuse list that has it. */
  abuse?: string
}

export interface TestRelease {
  release: ReleaseRecord
  run: string
  crawlNo: number
  keyOf: (name: string) => Buffer
}

const HOST = 'a.example'
export const PAGE_URL = `http://${HOST}/`
export const pictureUrl = (name: string): string => `http://${HOST}/${name}.jpg`

/** A judged release with its rows: finished, though without files. */
export async function seedRelease(
  db: Kysely<Database>,
  pictures: readonly TestPicture[],
  more = '',
  version = '1.0.0',
): Promise<TestRelease> {
  const release = await seedJudgedRelease(db, pictures, more, version)
  await seedMembers(db, release.run)
  return release
}

/**
 * A release of one page in Czech with these pictures, from the crawl's rows to the last choice: seeded through the
 * project's own queries and judged by its own steps, without workers.
 */
export async function seedJudgedRelease(
  db: Kysely<Database>,
  pictures: readonly TestPicture[],
  more = '',
  version = '1.0.0',
): Promise<TestRelease> {
  const spec = { ...aSpec(more), version }
  const { crawlNo, captures } = await seedCrawl(db, spec, pictures)
  const { release, defs } = await seedPlan(db, spec, crawlNo, pictures)
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
      capture_id: captures.get(pictureUrl(one.name)) ?? null,
      fetch_reason: one.signal === undefined ? null : 'opted_out',
      host: HOST,
      text_shas: one.text === null ? [] : [digestOf(one.text)],
    })),
  )
  await countFrequencies(db, run)
  const pairs = await seedDuplicates(db, run, defs, pictures)
  await judge(db, release, pairs)
  return { release, run, crawlNo, keyOf: (name) => sampleKey(SECRET, 'cs', digestOf(name)) }
}

async function seedCrawl(db: Kysely<Database>, spec: ReleaseSpec, pictures: readonly TestPicture[]) {
  const section = { ...spec.crawl, seeds: { cs: [PAGE_URL, ...pictures.flatMap(archiveSeeds)] } }
  const seed = { url: PAGE_URL, sha: urlSha(PAGE_URL), host: HOST, page: true, sitemap: false }
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
  let ids: string[] = []
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
    ids = await insertCaptures(tx, crawlNo, captures)
    for (const [index, url] of urls.entries())
      await sql`UPDATE frontier SET state = 'done', attempts = 1, capture_id = ${ids[index]}
        WHERE crawl_no = ${crawlNo} AND url_sha = ${urlSha(url)}`.execute(tx)
  })
  await freezeCrawl(db, crawlNo)
  return { crawlNo, captures: new Map(urls.map((url, index) => [url, ids[index] as string])) }
}

function archiveSeeds({ archive }: TestPicture): string[] {
  return archive === undefined ? [] : [writeSeedArchive(`/x/${archive}`, digestOf(archive).toString('hex'))]
}

function pictureCapture({ name, signal, archive }: TestPicture): NewCapture {
  const source = archive === undefined ? null : { sha: digestOf(archive), offset: 5, length: 7 }
  const capture = { ...aCapture(pictureUrl(name), 'picture', name), source }
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

async function seedPlan(db: Kysely<Database>, spec: ReleaseSpec, crawlNo: number, pictures: readonly TestPicture[]) {
  const defs: Record<string, number> = {}
  const plan: ReleasePlanRecord = {
    spec: digestOf(`spec ${spec.version}`).toString('hex'),
    crawls: [{ id: `crawl-${crawlNo}`, crawl_no: crawlNo, digest: '' }],
    definitions: {},
    dataset_key: '',
    abuse_lists: pictures.some(({ abuse }) => abuse !== undefined) ? digestOf('lists').toString('hex') : null,
    platform: 'test',
  }
  for (const { name, rev } of PIPELINE) {
    // A judgement's limits are part of its definition, and what a release was made of before is not seeded again.
    const limits = name.startsWith('judge-') || name === 'safety' || name === 'known-abuse' ? spec.version : ''
    const sha = digestOf(`definition ${name} ${limits}`).toString('hex')
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
    stored.map(({ name, porn = SAFE.porn }) => ({ input: digestOf(`released ${name}`), value: { ...SAFE, porn } })),
  )
  const known = stored.map(({ name, abuse = null }) => ({ input: digestOf(name), value: { list: abuse } }))
  await insertFacts(db, 'fact', defs['known-abuse'] ?? 0, '0', known)
}

/** The survey of near pairs and its components, as it finds them among pictures that were normalised. */
async function seedDuplicates(
  db: Kysely<Database>,
  run: string,
  defs: Record<string, number>,
  pictures: readonly TestPicture[],
): Promise<Buffer> {
  const near = pictures.flatMap((one) => {
    const other = pictures.find(({ name }) => name === one.near)
    return other === undefined ? [] : [[one, other].map((each) => ({ ...each, pdq: aNormaliseFact(each).pdq }))]
  })
  const artifact = writePairs(
    near.map(([one, other]) => ({
      a: Buffer.from(one?.pdq ?? '', 'hex'),
      b: Buffer.from(other?.pdq ?? '', 'hex'),
      distance: hammingDistance(one?.pdq ?? '', other?.pdq ?? ''),
    })),
  )
  const components = near.flatMap((pair) => {
    const digests = pair.map(({ name }) => digestOf(name)).sort((a, b) => Buffer.compare(a, b))
    return digests.map((picture) => ({ picture, least: digests[0] ?? picture }))
  })
  await insertComponents(db, run, components)
  const survey = {
    defId: defs['duplicates'] ?? 0,
    input: digestOf(run),
    artifact: sha256(artifact),
    entries: near.length,
  }
  await storeSurvey(db, 'duplicates', { ...survey, run })
  return artifact
}

/** Key of the dataset. */
export const SECRET = Buffer.alloc(32, 7)

/** Every judgement, by the steps themselves. */
async function judge(db: Kysely<Database>, release: ReleaseRecord, pairs: Buffer): Promise<void> {
  const store: Pick<ObjectStore, 'get'> = { get: () => Promise.resolve(pairs) }
  const deps = { db, store: store as ObjectStore, worker: 'test/1', datasetKey: () => SECRET }
  const input = { releaseNo: release.release_no, run: release.run }
  await inActivity(() => createJudgeCandidatesActivities(deps).judgeCandidatesShard({ ...input, shard: 0 }))
  await inActivity(() => createFormSamplesActivities(deps).formSamples(input))
  await inActivity(() => createJudgeSamplesActivities(deps).judgeSamplesShard({ ...input, shard: 0 }))
  await inActivity(() => createPreselectActivities(deps).chooseSamples(input))
  await inActivity(() => createSelectActivities(deps).selectSamples(input))
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
