import { expect, test } from 'vitest'
import { encodeRows, readRows, type StoredRow } from '../../../activities/package/row-artifact.ts'
import { sha256 } from '../../../activities/digest.ts'
import type { ObjectStore } from '../../../infra/objects.ts'
import { aRow } from './a-row.ts'

function aStoredRow(n: number, pictureBytes: number): StoredRow {
  const { leaf: _leaf, image: _image, ...row } = aRow({ alt_text: `a line\nand a space ${n}` }, n)
  return { row, pictureBytes }
}

/** A store of these objects that counts what is read. */
function aStore(objects: readonly Buffer[]) {
  const read: string[] = []
  const get = (sha: Uint8Array) => {
    read.push(Buffer.from(sha).toString('hex'))
    return Promise.resolve(objects.find((bytes) => sha256(bytes).equals(Buffer.from(sha))) as Buffer)
  }
  return { read, store: { get } as unknown as ObjectStore }
}

test('rows come back whole and in order from the artifacts of their shards, one artifact at a time', async () => {
  const rows = [aStoredRow(1, 100), aStoredRow(2, 0), aStoredRow(3, 12_345)]
  const objects = [encodeRows(rows.slice(0, 2)), encodeRows(rows.slice(2))]
  const { store, read } = aStore(objects)
  const artifacts = objects.map((bytes, shard) => ({
    shard,
    sha: sha256(bytes),
    rows: 0,
    first_key: Buffer.alloc(32),
    last_key: Buffer.alloc(32),
  }))
  const found = []
  for await (const row of readRows(store, artifacts)) found.push([row, read.length])
  expect(found).toEqual([
    [rows[0], 1],
    [rows[1], 1],
    [rows[2], 2],
  ])
})

test('the bytes of an artifact do not depend on the order in which a row names its columns', () => {
  const stored = aStoredRow(1, 5)
  const turned = Object.fromEntries(Object.entries(stored.row).toReversed()) as StoredRow['row']
  expect(encodeRows([{ row: turned, pictureBytes: 5 }])).toEqual(encodeRows([stored]))
  expect(encodeRows([])).toEqual(Buffer.alloc(0))
})
