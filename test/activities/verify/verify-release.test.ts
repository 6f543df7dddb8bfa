import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { runFileJob } from '../../../activities/package/file-job.ts'
import { releaseColumns } from '../../../activities/package/columns.ts'
import { rowLeaf } from '../../../activities/package/leaf.ts'
import { writeParquet } from '../../../activities/package/parquet-file.ts'
import { verifyRelease } from '../../../activities/verify/verify-release.ts'
import { AtomicFile } from '../../../infra/atomic-file.ts'
import { ReleaseFolder } from '../../../infra/release-folder.ts'
import { loadSigningKey, verifyNote, type SigningKey } from '../../../infra/signing.ts'
import type { ReleaseManifest } from '../../../schema/contracts/release-manifest.ts'
import type { ReleaseRow } from '../../../schema/contracts/release-row.ts'
import type { VerifyResult } from '../../../schema/contracts/verify-result.ts'
import { aPng, sha256 } from '../package/a-row.ts'
import { aRelease, aSpec, reseal, SCORES, someRows, textOf, type Release } from '../package/a-release.ts'

let home = ''
let good: Release
let forger: SigningKey
let folder = ''
let n = 0

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'verify-'))
  good = await aRelease(join(home, 'good'))
  forger = loadSigningKey(join(home, 'forger.key'), good.key.name)
})
afterAll(() => rmSync(home, { recursive: true }))
beforeEach(() => {
  folder = join(home, `copy-${n++}`)
  cpSync(good.folder, folder, { recursive: true })
})

const verify = (vkey?: string) => verifyRelease(new ReleaseFolder(folder), { verifyNote, vkey })
const failed = ({ checks }: VerifyResult) => checks.filter(({ ok }) => !ok).map(({ name }) => name)
const messages = ({ differences }: VerifyResult) =>
  differences.map(({ check, path, message }) => `${check} ${path}: ${message}`)
const edit = (path: string, change: (text: string) => string) =>
  writeFileSync(join(folder, path), change(textOf(folder, path)))
const inFile = (lang: string, split: string) => someRows().filter((row) => row.lang === lang && row.split === split)

const RU_TRAIN = 'data/ru/train-00000-of-00001.parquet'

/** Writes a data file as it would never be made: rows as they are, unchecked. */
async function forge(path: string, rows: ReleaseRow[]): Promise<void> {
  using file = new AtomicFile(join(folder, path))
  await writeParquet(file, { columns: releaseColumns(SCORES), rows })
  file.commit()
}

const withLeaf = (row: ReleaseRow): ReleaseRow => ({ ...row, leaf: rowLeaf(row).toString('hex') })

describe('a release as it was made', () => {
  it('has no difference, and says what was looked at', async () => {
    expect(await verify(good.key.vkey)).toEqual({
      ok: true,
      differences: [],
      checks: [
        { name: 'manifest', ok: true, detail: 'boats@1.2.0, 2026-01-02' },
        { name: 'signature', ok: true, detail: 'signed by boats, as given' },
        { name: 'files', ok: true, detail: expect.stringMatching(/^13 files, \d+ bytes$/) as string },
        { name: 'spec', ok: true, detail: expect.stringMatching(/^digest [0-9a-f]{64}$/) as string },
        { name: 'rows', ok: true, detail: '12 rows: leaves and pictures recomputed' },
        { name: 'tree', ok: true, detail: `root ${good.facts.tree.root} over 12 rows` },
        { name: 'lineage', ok: true, detail: '12 rows, one for each sample' },
        { name: 'removals', ok: true, detail: '0 removed keys, none of them in the data' },
        { name: 'counts', ok: true, detail: 'ru 4, sr-Latn 8' },
        { name: 'card', ok: true, detail: 'counts of 2 languages as in the data' },
        { name: 'croissant', ok: true, detail: 'Croissant 1.1 with RAI, 4 data files' },
        { name: 'statistics', ok: true, detail: '2 steps, every count kept or with a reason' },
      ],
    })
  })

  it('says without a key that the signer is not pinned', async () => {
    const { ok, checks } = await verify()
    expect([ok, checks[1]!.detail]).toEqual([
      true,
      'signed by boats; the signer is not pinned, give --key to be sure who it is',
    ])
  })

  it('may consist of several files for a split, and of removals', async () => {
    const picture = aPng([9, 9, 9], 400, 400)
    const rows = someRows().map((row) =>
      withLeaf({ ...row, image: { bytes: picture, path: row.image!.path }, image_sha256: sha256(picture) }),
    )
    const many = await aRelease(join(home, 'many'), {
      rows,
      shardMib: 1,
      removals: [{ key: '0'.repeat(64), removed_in: '1.1.0', reason: 'taken_down' }],
    })
    folder = many.folder
    const { ok, checks } = await verify()
    expect(many.files.filter(({ path }) => path.startsWith('data/sr-Latn/train'))).toHaveLength(3)
    expect([ok, checks.find(({ name }) => name === 'removals')!.detail]).toEqual([
      true,
      '1 removed keys, none of them in the data',
    ])
  })
})

describe('a release re-signed with another key', () => {
  it('is what it says when no key is given, and another signer under the key', async () => {
    reseal(folder, forger)
    expect((await verify()).ok).toBe(true)
    const result = await verify(good.key.vkey)
    expect([result.ok, failed(result)]).toEqual([false, ['signature']])
    expect(messages(result)[0]).toContain('has no signature by boats+')
  })

  const change: [string, Partial<ReleaseRow>][] = [
    ['pixel', { image: { bytes: aPng([1, 2, 3]), path: '' }, image_sha256: sha256(aPng([1, 2, 3])) }],
    ['text', { alt_text: 'Čamac na moru' }],
    ['score', { scores: { align: null, porn: 0.0002, sharpness: 12 } }],
  ]

  it.each(change)('with an altered %s and every digest made to fit is found under the key', async (_, altered) => {
    const [first, ...rest] = inFile('ru', 'train')
    const image = { bytes: (altered.image ?? first!.image!).bytes, path: first!.image!.path }
    await forge(RU_TRAIN, [withLeaf({ ...first!, ...altered, image }), ...rest])
    reseal(folder, forger)
    expect(failed(await verify(good.key.vkey))).toContain('signature')
    expect(failed(await verify())).toEqual(['tree', 'croissant'])
  })

  it.each(change)('with an altered %s under the old leaf is found without a key', async (_, altered) => {
    const [first, ...rest] = inFile('ru', 'train')
    const image = { bytes: (altered.image ?? first!.image!).bytes, path: first!.image!.path }
    await forge(RU_TRAIN, [{ ...first!, ...altered, image }, ...rest])
    reseal(folder, forger)
    expect(messages(await verify())).toContain(
      `rows ${RU_TRAIN}: row 0, key ${first!.key}: leaf is not that of the columns`,
    )
  })
})

describe('a difference in the files', () => {
  it('is a byte that changed', async () => {
    const path = join(folder, RU_TRAIN)
    const bytes = readFileSync(path)
    bytes[200]! ^= 1
    writeFileSync(path, bytes)
    expect(failed(await verify())).toContain('files')
  })

  it('is a file that is missing, one that was not made, and a link', async () => {
    unlinkSync(join(folder, 'stats/funnel-ru.svg'))
    writeFileSync(join(folder, 'data/extra.txt'), 'x')
    symlinkSync('/etc/hostname', join(folder, 'link'))
    expect(messages(await verify())).toEqual([
      'files stats/funnel-ru.svg: is missing',
      'files data/extra.txt: is not in the manifest',
      'files link: is not in the manifest',
    ])
  })

  it('is a listed path that leads out of the folder', async () => {
    const files = good.files.map((file) =>
      file.path === RU_TRAIN ? { ...file, path: 'data/../train-00000-of-00001.parquet' } : file,
    )
    reseal(folder, good.key, { files })
    expect(messages(await verify()).join('\n')).toContain('is not a path inside the release')
  })

  it('is a file that is listed twice', async () => {
    const twice = good.files.find(({ path }) => path === 'spec.yaml')!
    reseal(folder, good.key, { files: [...good.files, twice] })
    expect(messages(await verify())).toContain('files spec.yaml: is listed twice')
  })

  it('is a set of files with a number missing', async () => {
    const path = 'data/ru/train-00001-of-00002.parquet'
    const files = good.files.map((file) => (file.path === RU_TRAIN ? { ...file, path } : file))
    reseal(folder, good.key, { files })
    renameSync(join(folder, RU_TRAIN), join(folder, path))
    expect(messages(await verify())).toContain(`rows ${path}: is one of a set with numbers 1 of 2`)
  })
})

describe('a difference in the rows', () => {
  it.each<[string, (rows: ReleaseRow[]) => ReleaseRow[], string]>([
    ['a row left out', (rows) => rows.slice(1), 'has 2 rows, the manifest says 3'],
    ['a row given twice', ([a, b]) => [a!, a!, b!], 'keys do not rise'],
    ['rows out of order', ([a, b, c]) => [b!, a!, c!], 'keys do not rise'],
    [
      'a row of another language',
      ([a, b, c]) => [withLeaf({ ...a!, lang: 'th' }), b!, c!],
      "lang is th, the file's is ru",
    ],
    [
      'a column that is null',
      ([a, b, c]) => [{ ...a!, rights: null } as unknown as ReleaseRow, b!, c!],
      'rights is null',
    ],
  ])('is %s', async (_, change, message) => {
    await forge(RU_TRAIN, change(inFile('ru', 'train')))
    reseal(folder, good.key)
    expect(messages(await verify()).join('\n')).toContain(message)
  })

  it('is a file of other columns', async () => {
    using file = new AtomicFile(join(folder, RU_TRAIN))
    await writeParquet(file, { columns: releaseColumns(['porn']), rows: inFile('ru', 'train') })
    file.commit()
    reseal(folder, good.key)
    expect(messages(await verify()).join('\n')).toContain(`rows ${RU_TRAIN}: cannot be read after row 0: columns are`)
  })

  it('is a file that is not Parquet', async () => {
    writeFileSync(join(folder, RU_TRAIN), 'PAR1 nothing')
    reseal(folder, good.key)
    expect(failed(await verify())).toEqual(expect.arrayContaining(['rows', 'tree', 'counts']))
  })
})

describe('a difference in what goes along with the rows', () => {
  async function list(path: string, rows: { key: string }[], kind: 'lineage' | 'removals') {
    using file = new AtomicFile(join(folder, path))
    await runFileJob(file, { kind }, rows as unknown as AsyncIterable<never>)
    file.commit()
  }
  const keys = (lang: string) =>
    someRows()
      .filter((row) => row.lang === lang)
      .map(({ key }) => key)
  const lineage = (key: string) => ({ key, page_capture: 'p', image_capture: 'i', fetched_at: 't', detail: '{}' })

  it.each<[string, (keys: string[]) => object[], RegExp]>([
    ['lacks a row', (all) => all.slice(1).map(lineage), /^lineage lineage\/ru: has [0-9a-f]{64} where the data has/],
    ['ends early', (all) => all.slice(0, -1).map(lineage), /^lineage lineage\/ru: has no row where the data has/],
    ['has one too many', (all) => [...all, 'g'].map(lineage), /^lineage lineage\/ru: has g, which the data has not/],
    [
      'holds no JSON',
      (all) => all.map((key) => ({ ...lineage(key), detail: '{' })),
      /lacks a value or its detail is not JSON$/,
    ],
    [
      'holds a null',
      (all) => all.map((key) => ({ ...lineage(key), fetched_at: null })),
      /lacks a value or its detail is not JSON$/,
    ],
  ])('is lineage that %s', async (_, rows, message) => {
    await list('lineage/ru/part-00000.parquet', rows(keys('ru')) as { key: string }[], 'lineage')
    reseal(folder, good.key)
    const result = await verify()
    expect(failed(result)).toEqual(['lineage'])
    expect(messages(result)).toEqual([expect.stringMatching(message) as string])
  })

  it('is lineage that cannot be read', async () => {
    writeFileSync(join(folder, 'lineage/ru/part-00000.parquet'), 'nothing here')
    reseal(folder, good.key)
    expect(failed(await verify())).toEqual(['lineage'])
  })

  it('is a removed key that the data still has', async () => {
    const [first] = keys('sr-Latn')
    await list(
      'removals.parquet',
      [{ key: first!, removed_in: '1.1.0', reason: 'taken_down' } as { key: string }],
      'removals',
    )
    reseal(folder, good.key, { removals: 1 })
    expect(messages(await verify())).toEqual([
      `removals removals.parquet: says that ${first} was removed, the data has it`,
    ])
  })

  it('is another number of removals', async () => {
    reseal(folder, good.key, { removals: 2 })
    expect(messages(await verify())).toEqual(['removals removals.parquet: has 0 rows, the manifest says 2'])
  })

  it.each<[string, string, (text: string) => string, string]>([
    [
      'card',
      'README.md',
      (text) => text.replace('| ru | 4 |', '| ru | 5 |'),
      'does not have the table of the counts in the data',
    ],
    [
      'card',
      'README.md',
      (text) => text.replaceAll('num_examples: 3', 'num_examples: 4'),
      'front matter does not have the splits of ru',
    ],
    [
      'card',
      'README.md',
      (text) => text.replaceAll(/root [`{]*[0-9a-f]{64}|`[0-9a-f]{64}`/g, ''),
      'does not name the Merkle root',
    ],
    [
      'croissant',
      'croissant.json',
      (text) => text.replace(/"sha256": "[0-9a-f]/, '"sha256": "g'),
      'sha256 is not 64 lowercase hex digits',
    ],
    [
      'croissant',
      'croissant.json',
      (text) => text.replace('"1.2.0"', '"1.2.1"'),
      'has version 1.2.1, the manifest says 1.2.0',
    ],
    ['spec', 'spec.yaml', (text) => text.replace('min_side: 1', 'min_side: 2'), 'has digest'],
    [
      'statistics',
      'stats/funnel.json',
      (text) => text.replace('"kept": 4', '"kept": 5'),
      'judge samples, ru: 9 in, 10 kept or dropped',
    ],
  ])('is a %s that says something else', async (check, path, change, message) => {
    edit(path, change)
    reseal(folder, good.key)
    const result = await verify()
    expect(failed(result)).toEqual([check])
    expect(messages(result).join('\n')).toContain(message)
  })
})

describe('a difference in the manifest or its signature', () => {
  it('is a manifest changed after it was signed', async () => {
    edit('manifest.json', (text) => text.replace('"dataset_key": "', '"dataset_key": "0'))
    expect(messages(await verify())).toEqual([
      'signature manifest.sig: does not sign this manifest: origin, size, root or digest differ',
    ])
  })

  it.each<[string, Partial<ReleaseManifest>, string[]]>([
    ['another root', { tree: { alg: 'rfc6962-sha256', size: 12, root: '0'.repeat(64) } }, ['tree', 'card']],
    ['another size', { tree: { alg: 'rfc6962-sha256', size: 13, root: sha256('') } }, ['tree', 'card']],
    [
      'other counts',
      { counts: { ru: { rows: 4, know: 4, ling: 4, thick: 0, splits: { train: 4 } } } },
      ['counts', 'croissant'],
    ],
    ['another version', { version: '1.3.0' }, ['spec', 'croissant']],
    ['other names of scores', { scores: ['porn'] }, ['rows', 'tree', 'lineage', 'counts', 'card']],
  ])('is %s', async (_, change, checks) => {
    reseal(folder, good.key, change)
    expect(failed(await verify())).toEqual(checks)
  })

  it('is a manifest in another form, with an unknown name, or none', async () => {
    edit('manifest.json', (text) => JSON.stringify(JSON.parse(text)))
    expect(messages(await verify())).toEqual([
      'manifest null: manifest.json is not written in its one form (sorted names, two spaces)',
    ])
    edit('manifest.json', () => '{"format": "x"}')
    expect(failed(await verify())).toEqual(['manifest'])
    unlinkSync(join(folder, 'manifest.json'))
    expect(messages(await verify())).toEqual(['manifest null: manifest.json is missing'])
  })

  it('is another signer named than the one who signed', async () => {
    reseal(folder, good.key, { signer: { name: forger.name, vkey: forger.vkey } })
    expect(messages(await verify(good.key.vkey))).toEqual([
      `signature manifest.json: names ${forger.vkey} as signer, not ${good.key.vkey}`,
    ])
    reseal(folder, good.key, { signer: { name: 'somebody', vkey: good.key.vkey } })
    expect(messages(await verify())).toEqual([
      'signature manifest.json: names the signer somebody, whose key is of another name',
    ])
  })

  it('is a note that is damaged or missing', async () => {
    appendFileSync(join(folder, 'manifest.sig'), 'x')
    expect(failed(await verify())).toEqual(['signature'])
    unlinkSync(join(folder, 'manifest.sig'))
    expect(failed(await verify())).toEqual(['signature'])
  })
})

describe('what is not a difference but a mistake of the caller', () => {
  it('is a folder that is not there', async () => {
    folder = join(home, 'nowhere')
    await expect(verify()).rejects.toMatchObject({ code: 'NO_FOLDER' })
  })

  it('is a key that is no verifier key', async () => {
    await expect(verify('boats')).rejects.toMatchObject({ code: 'VKEY_BAD' })
  })
})

describe('a release of links', () => {
  it('holds no picture and verifies', async () => {
    const spec = aSpec({ package: { formats: ['parquet'], images: 'links', shard_mib: 1 } })
    const rows = someRows().map((row) => ({ ...row, image: null }))
    const links = await aRelease(join(home, 'links'), { rows, facts: { spec } })
    folder = links.folder
    expect((await verify()).differences).toEqual([])
  })
})
