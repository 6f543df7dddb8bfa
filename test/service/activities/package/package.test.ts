import { beforeAll, describe, expect, test } from 'vitest'
import { sha256 } from '../../../../activities/digest.ts'
import { createFilesActivities, type FilesDeps } from '../../../../activities/package/files.activity.ts'
import type { FileJob } from '../../../../activities/package/file-job.ts'
import { canonicalRow, rowLeaf } from '../../../../activities/package/leaf.ts'
import { readRows } from '../../../../activities/package/row-artifact.ts'
import { createRowsActivities } from '../../../../activities/package/rows.activity.ts'
import { drawSplit } from '../../../../activities/package/split.ts'
import type { ObjectStore } from '../../../../infra/objects.ts'
import { releaseFiles } from '../../../../schema/queries/release-files.ts'
import { inActivity } from '../../../support/activity.ts'
import { SECRET, seedJudgedRelease, type TestPicture, type TestRelease } from '../../../support/a-release.ts'
import { useTestDatabase } from '../../../support/database.ts'
import { digestOf } from '../../../support/facts.ts'

const database = useTestDatabase()

/** Names by their digests, so that the least of the near pair is the one that is dropped. */
const [COPY, MILL] = ['mill', 'mill again'].sort((a, b) => Buffer.compare(digestOf(a), digestOf(b))) as [string, string]
const MANY = Array.from({ length: 101 }, (_, no): TestPicture => ({ name: `picture ${no}`, text: `Obrázek ${no}` }))
const PICTURES: readonly TestPicture[] = [
  { name: MILL, text: 'Starý mlýn u řeky', side: 500 },
  { name: COPY, text: 'Starý mlýn znovu', near: MILL },
  { name: 'tiny', text: 'Malý obrázek mlýna', side: 90 },
  ...MANY,
]
const KEPT = [MILL, ...MANY.map(({ name }) => name)]
const SHARES = { test: 0.5, train: 0.5 }
const SPEC = 'select: { splits: { test: 0.5, train: 0.5 }, target: { cs: 101 } }\nfilters: { max_same_text: 200 }\n'

function aStore() {
  const objects = new Map<string, Buffer>()
  const put = (bytes: Uint8Array) => {
    const sha = sha256(bytes)
    objects.set(sha.toString('hex'), Buffer.from(bytes))
    return Promise.resolve(sha)
  }
  const get = (sha: Uint8Array) =>
    Promise.resolve(objects.get(Buffer.from(sha).toString('hex')) ?? Buffer.from('picture'))
  return { put, get } as unknown as ObjectStore
}

interface Written {
  path: string
  job: FileJob
  rows: Record<string, unknown>[]
}

interface Packaged extends TestRelease {
  store: ObjectStore
  written: Written[]
  count: number
}

/** Names of the samples that the last choice kept, in key order. */
const memberNames = (release: TestRelease): string[] =>
  KEPT.toSorted((a, b) => Buffer.compare(release.keyOf(a), release.keyOf(b))).slice(0, 101)

async function packaged(more: string, version: string): Promise<Packaged> {
  const db = database.as('writer')
  const seeded = await seedJudgedRelease(db, PICTURES, SPEC + more, version)
  const input = { releaseNo: seeded.release.release_no, run: seeded.run }
  const written: Written[] = []
  const store = aStore()
  const deps = {
    db,
    store,
    worker: 'test/1',
    datasetKey: () => SECRET,
    async writeFile(request: { path: string; job: FileJob; rows: AsyncIterable<Record<string, unknown>> }) {
      const rows = []
      for await (const row of request.rows) rows.push(row)
      written.push({ path: request.path, job: request.job, rows })
      return { sha256: sha256(request.path).toString('hex'), bytes: 10, rows: rows.length }
    },
    async *withPictures(rows: AsyncIterable<object>, read: (sha: string) => Promise<Uint8Array>) {
      for await (const row of rows) yield { row, picture: await read('00') }
    },
    async *withoutPictures(rows: AsyncIterable<object>) {
      for await (const row of rows) yield { row, picture: null }
    },
    pathOf: (release: string, run: string, file: string) => `${release}/${run}/${file}`,
  } as unknown as FilesDeps & { datasetKey(): Buffer }
  for (const shard of [0, 1]) {
    const rows = createRowsActivities(deps)
    expect(await inActivity(() => rows.buildRowsShard({ ...input, shard }))).toEqual({ outcome: 'done' })
  }
  const files = createFilesActivities(deps)
  const { count } = await inActivity(() => files.planFiles(input))
  for (let file = 0; file < count; file += 1) await inActivity(() => files.writeDataFile({ ...input, file }))
  return { ...seeded, store, written, count }
}

let release: Packaged
let links: Packaged
beforeAll(async () => {
  release = await packaged('', '1.0.0')
  links = await packaged('package: { images: links }\n', '2.0.0')
})

/** The split of a picture: near ones have that of the least of them, kept or not. */
const splitOf = (name: string) => drawSplit(SECRET, digestOf(name === MILL ? COPY : name), SHARES)

describe('rows of a release', () => {
  async function storedRows({ run, store }: Packaged) {
    const artifacts = await database
      .as('writer')
      .selectFrom('row_artifact')
      .selectAll()
      .where('run', '=', run)
      .orderBy('shard')
      .execute()
    const rows = []
    for await (const row of readRows(store, artifacts)) rows.push(row)
    return { artifacts, rows }
  }

  test('are those of the samples that every choice kept, in the order of keys, each in the split of its picture', async () => {
    const { rows } = await storedRows(release)
    expect(rows.map(({ row }) => [row.key, row.split])).toEqual(
      memberNames(release).map((name) => [release.keyOf(name).toString('hex'), splitOf(name)]),
    )
  })

  test('lie in artifacts of their shards that say how far their keys reach', async () => {
    const { artifacts, rows } = await storedRows(release)
    const keys = rows.map(({ row }) => row.key)
    expect(
      artifacts.map((one) => [one.shard, one.rows, one.first_key.toString('hex'), one.last_key.toString('hex')]),
    ).toEqual([
      [0, 100, keys[0], keys[99]],
      [1, 1, keys[100], keys[100]],
    ])
  })

  test('are members with the leaf and the digest of their row', async () => {
    const { rows } = await storedRows(release)
    const members = await database
      .as('writer')
      .selectFrom('member')
      .select(['split', 'leaf', 'row_sha'])
      .where('run', '=', release.run)
      .orderBy('sample_no')
      .execute()
    expect(members).toEqual(
      rows.map(({ row }) => ({ split: row.split, leaf: rowLeaf(row), row_sha: sha256(canonicalRow(row)) })),
    )
  })

  test('carry the bytes of their picture, and none when the release holds links', async () => {
    const [withBytes, withLinks] = [await storedRows(release), await storedRows(links)]
    expect(new Set(withBytes.rows.map(({ pictureBytes }) => pictureBytes))).toEqual(new Set([9_000]))
    expect(new Set(withLinks.rows.map(({ pictureBytes }) => pictureBytes))).toEqual(new Set([0]))
  })
})

describe('files of a release', () => {
  const ofPath = ({ release: { id }, run, written }: Packaged, path: string) =>
    written.find((one) => one.path === `${id}/${run}/${path}`)
  const keysIn = (rows: Record<string, unknown>[] = []) => rows.map(({ row }) => (row as { key: string }).key)
  const dataPath = (split: string) => `data/cs/${split}-00000-of-00001.parquet`

  test('are the rows of a split, all traces, and the removals, each noted with its digest', async () => {
    const members = memberNames(release)
    const of = (split: string) => members.filter((name) => splitOf(name) === split)
    const keys = (names: string[]) => names.map((name) => release.keyOf(name).toString('hex'))
    expect(release.count).toBe(4)
    expect(['test', 'train'].map((split) => keysIn(ofPath(release, dataPath(split))?.rows))).toEqual([
      keys(of('test')),
      keys(of('train')),
    ])
    const lineage = ofPath(release, 'lineage/cs/part-00000.parquet')
    expect(lineage?.rows.map(({ key }) => key)).toEqual(keys(members))
    expect(ofPath(release, 'removals.parquet')).toMatchObject({ job: { kind: 'removals' }, rows: [] })
    const { id } = release.release
    expect(await releaseFiles(database.as('writer'), release.run)).toEqual(
      [
        [dataPath('test'), of('test').length],
        [dataPath('train'), of('train').length],
        ['lineage/cs/part-00000.parquet', 101],
        ['removals.parquet', 0],
      ].map(([path, rows]) => ({
        path,
        sha256: sha256(`${id}/${release.run}/${path}`).toString('hex'),
        bytes: 10,
        rows,
      })),
    )
  })

  test('are told language, split, scores and form of pictures', () => {
    expect(ofPath(release, dataPath('train'))?.job).toEqual({
      kind: 'data',
      extension: 'jpg',
      lang: 'cs',
      split: 'train',
      scoreNames: ['hentai', 'porn', 'sexy'],
      images: 'bytes',
    })
    expect(ofPath(links, dataPath('train'))?.job).toMatchObject({ images: 'links' })
  })

  test('hold pictures, or none when the release holds links', () => {
    const pictures = (of: Packaged) => [
      ...new Set(ofPath(of, dataPath('train'))?.rows.map(({ picture }) => String(picture))),
    ]
    expect([pictures(release), pictures(links)]).toEqual([['picture'], ['null']])
  })

  test('of lineage say where each page and picture lies in the archive, when it was fetched, and all of its trace', () => {
    const [first] = ofPath(release, 'lineage/cs/part-00000.parquet')?.rows ?? []
    const place = `${digestOf('segment').toString('hex')}:10:20`
    expect(first).toMatchObject({ page_capture: place, fetched_at: '2026-01-01T00:00:00.000Z' })
    expect(JSON.parse(first?.['detail'] as string)).toMatchObject({ key: first?.['key'], lang: 'cs' })
  })
})
