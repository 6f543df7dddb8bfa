import { describe, expect, test } from 'vitest'
import { dataFiles } from '../../../activities/verify/check-rows.ts'
import { mergeByKey } from '../../../activities/verify/merge-keys.ts'

function read(paths: string[]) {
  const reports: [string | null, string][] = []
  const files = dataFiles(
    paths.map((path) => ({ path, sha256: '', bytes: 0, rows: 1 })),
    (path, message) => reports.push([path, message]),
  )
  return { found: files.map(({ path, lang, split }) => [path, lang, split]), reports }
}
const part = (number: string, of: string) => `data/sr-Latn/train-${number}-of-${of}.parquet`

describe('data files', () => {
  test('are those below data/, by language and split', () => {
    const test = 'data/ru/test-00000-of-00001.parquet'
    const all = [part('00000', '00002'), part('00001', '00002'), test, 'lineage/ru/part-00000.parquet', 'README.md']
    expect(read(all)).toEqual({
      found: [
        [all[0], 'sr-Latn', 'train'],
        [all[1], 'sr-Latn', 'train'],
        [test, 'ru', 'test'],
      ],
      reports: [],
    })
  })

  test.each([
    'data/train-00000-of-00001.parquet',
    'data/ru/train.parquet',
    'data/ru/train-0-of-1.parquet',
    'data/ru/more/train-00000-of-00001.parquet',
    'data/ru/train-00000-of-00001.parquet.txt',
  ])('have no other name: %s', (path) => {
    expect(read([path])).toEqual({
      found: [],
      reports: [[path, 'is not named data/<lang>/<split>-NNNNN-of-NNNNN.parquet']],
    })
  })

  test.each([
    ['one missing', [['00001', '00002']], '1 of 2'],
    [
      'one too many',
      [
        ['00000', '00001'],
        ['00001', '00001'],
      ],
      '0, 1 of 1',
    ],
    [
      'another total',
      [
        ['00000', '00002'],
        ['00001', '00003'],
      ],
      '0, 1 of 2, 3',
    ],
    [
      'a number twice',
      [
        ['00000', '00002'],
        ['00000', '00002'],
      ],
      '0, 0 of 2',
    ],
    [
      'another order',
      [
        ['00001', '00002'],
        ['00000', '00002'],
      ],
      '1, 0 of 2',
    ],
  ])('of a split are a whole set, with %s they are none', (_, numbers, set) => {
    const paths = numbers.map(([number = '', of = '']) => part(number, of))
    expect(read(paths).reports).toEqual([[paths[0], `is one of a set with numbers ${set}`]])
  })
})

describe('streams that are in key order', () => {
  async function* stream(closed: string[], name: string, ...keys: string[]) {
    try {
      for (const key of keys) yield await Promise.resolve({ key, from: name })
    } finally {
      closed.push(name)
    }
  }

  test('become one, by code units, the first of equal ones first, and are closed', async () => {
    const closed: string[] = []
    const merged = mergeByKey([
      stream(closed, 'a', 'B', 'c', 'f'),
      stream(closed, 'b'),
      stream(closed, 'c', 'a', 'c', '\u{10000}'),
      stream(closed, 'd', '\uffff'),
    ])
    const found = []
    for await (const { key, from } of merged) found.push(key + from)
    expect(found).toEqual(['Ba', 'ac', 'ca', 'cc', 'fa', '\u{10000}c', '\uffffd'])
    expect(closed.toSorted()).toEqual(['a', 'b', 'c', 'd'])
  })

  test('are closed when nobody reads on', async () => {
    const closed: string[] = []
    for await (const { key } of mergeByKey([stream(closed, 'a', 'x', 'y'), stream(closed, 'b', 'z', 'zz')]))
      if (key === 'x') break
    expect(closed.toSorted()).toEqual(['a', 'b'])
  })
})
