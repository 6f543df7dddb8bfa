import { statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { releaseColumns } from '../../../activities/package/columns.ts'
import { MerkleTree } from '../../../activities/package/merkle.ts'
import { writeParquet } from '../../../activities/package/parquet-file.ts'
import {
  conversationFiles,
  ReleasePlan,
  rowBytes,
  webdatasetFiles,
  type PlanOptions,
} from '../../../activities/package/release-plan.ts'
import { AtomicFile } from '../../../infra/atomic-file.ts'
import type { ReleaseRow } from '../../../schema/contracts/release-row.ts'
import { aRow, rows } from './a-row.ts'

const MIB = 1024 * 1024

function planOf(given: ReleaseRow[], options: PlanOptions, pictureBytes = 0) {
  const plan = new ReleasePlan(options)
  for (const row of given) plan.add(row, pictureBytes)
  return plan.finish()
}

describe('the plan of a release', () => {
  it('names files by language and split, with first and last key of each', () => {
    const given = rows(6, (n) => ({ lang: n < 4 ? 'ru' : 'sr', split: n % 2 ? 'test' : 'train' }))
    const { data } = planOf(given, { shardMib: 1 })
    const keys = (lang: string, split: string) =>
      given.filter((row) => row.lang === lang && row.split === split).map((row) => row.key)
    const file = (lang: string, split: string) => {
      const of = keys(lang, split)
      return {
        path: `data/${lang}/${split}-00000-of-00001.parquet`,
        lang,
        split,
        rows: of.length,
        firstKey: of[0],
        lastKey: of.at(-1),
      }
    }
    expect(data).toEqual([file('ru', 'test'), file('ru', 'train'), file('sr', 'test'), file('sr', 'train')])
  })

  it('opens the next file before a row would pass the limit', () => {
    const given = rows(5)
    const { data } = planOf(given, { shardMib: 1 }, 0.4 * MIB)
    expect(data.map(({ path, rows: count }) => [path, count])).toEqual([
      ['data/sr-Latn/train-00000-of-00003.parquet', 2],
      ['data/sr-Latn/train-00001-of-00003.parquet', 2],
      ['data/sr-Latn/train-00002-of-00003.parquet', 1],
    ])
    expect(data.map(({ firstKey }) => firstKey)).toEqual([given[0]!.key, given[2]!.key, given[4]!.key])
  })

  it('gives a row larger than the limit a file of its own', () => {
    expect(planOf(rows(2), { shardMib: 1 }, 3 * MIB).data.map((file) => file.rows)).toEqual([1, 1])
  })

  it('cuts lineage by rows of a language', () => {
    const given = rows(5)
    const { lineage } = planOf(given, { shardMib: 1, lineageRows: 3 })
    expect(lineage).toEqual([
      {
        path: 'lineage/sr-Latn/part-00000.parquet',
        lang: 'sr-Latn',
        split: null,
        rows: 3,
        firstKey: given[0]!.key,
        lastKey: given[2]!.key,
      },
      {
        path: 'lineage/sr-Latn/part-00001.parquet',
        lang: 'sr-Latn',
        split: null,
        rows: 2,
        firstKey: given[3]!.key,
        lastKey: given[4]!.key,
      },
    ])
  })

  it('counts rows, subsets and splits per language', () => {
    const given = rows(3, (n) => ({
      split: n === 0 ? 'test' : 'train',
      ...(n === 1 && { caption_ling: null, in_ling: false, caption_thick: 'x', in_thick: true }),
    }))
    expect(planOf(given, { shardMib: 1 }).counts).toEqual({
      'sr-Latn': { rows: 3, know: 3, ling: 2, thick: 1, splits: { test: 1, train: 2 } },
    })
  })

  it('gives WebDataset shards the rows of the data files, and conversations one file a split', () => {
    const given = rows(5)
    const { data } = planOf(given, { shardMib: 1 }, 0.4 * MIB)
    expect(webdatasetFiles(data).map(({ path, rows: count, firstKey }) => [path, count, firstKey])).toEqual([
      ['webdataset/sr-Latn/train-00000.tar', 2, given[0]!.key],
      ['webdataset/sr-Latn/train-00001.tar', 2, given[2]!.key],
      ['webdataset/sr-Latn/train-00002.tar', 1, given[4]!.key],
    ])
    expect(conversationFiles(data)).toEqual([
      {
        path: 'sft/sr-Latn/train.jsonl',
        lang: 'sr-Latn',
        split: 'train',
        rows: 5,
        firstKey: given[0]!.key,
        lastKey: given[4]!.key,
      },
    ])
  })

  it('has the Merkle root over all rows in key order, whatever their language', () => {
    const given = rows(5, (n) => ({ lang: n % 2 ? 'ru' : 'th' }))
    const tree = new MerkleTree()
    for (const row of given) tree.add(Buffer.from(row.leaf, 'hex'))
    expect(planOf(given, { shardMib: 1 }).tree).toEqual({
      alg: 'rfc6962-sha256',
      size: 5,
      root: tree.root().toString('hex'),
    })
  })

  it('refuses rows out of key order and rows given twice', () => {
    const plan = new ReleasePlan({ shardMib: 1 })
    const [first, second] = rows(2) as [ReleaseRow, ReleaseRow]
    plan.add(second, 0)
    expect(() => plan.add(first, 0)).toThrow(expect.objectContaining({ code: 'ROWS_UNSORTED' }))
    expect(() => plan.add(second, 0)).toThrow(expect.objectContaining({ code: 'ROWS_UNSORTED' }))
  })

  it.each([{ lang: '../x' }, { split: 'a-b' }, { split: '' }])('refuses %j as part of a path', (change) => {
    const plan = new ReleasePlan({ shardMib: 1 })
    expect(() => plan.add(aRow(change), 0)).toThrow(expect.objectContaining({ code: 'UNSAFE_NAME' }))
  })

  it.each([
    ['rows of little text', 0, 3_000],
    ['rows of much text', 0, 40],
    ['large pictures', 5 * MIB, 6],
  ])('never makes a file larger than planned: %s', async (_, pictureBytes, count) => {
    const folder = await mkdtemp(join(tmpdir(), 'plan-'))
    const text = count === 40 ? 'ř"\u0001'.repeat(20_000) : 'x'
    const image = { bytes: Buffer.alloc(pictureBytes, 9), path: 'p' }
    const given = Array.from({ length: count }, (__, n) => ({
      ...aRow({ alt_text: `${n}${text}`, leaf: '0'.repeat(64) }),
      image,
    }))
    using file = new AtomicFile(join(folder, 'f.parquet'))
    await writeParquet(file, {
      columns: releaseColumns(['align', 'porn', 'sharpness']),
      rows: given,
      rowBytes: (row) => row.image.bytes.length,
    })
    file.commit()
    const planned = given.reduce((sum, row) => sum + rowBytes(row, pictureBytes), 32 * 1024)
    expect(statSync(join(folder, 'f.parquet')).size).toBeLessThan(planned)
    await rm(folder, { recursive: true })
  })
})
