import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { releaseColumns } from '../../activities/package/columns.ts'
import type { BoundRow } from '../../activities/package/leaf.ts'
import type { FileJob, PicturedRow } from '../../activities/package/file-job.ts'
import { writeParquet } from '../../activities/package/parquet-file.ts'
import type { ReleaseRow } from '../../schema/contracts/release-row.ts'
import { withPictures, withoutPictures, writeReleaseFile } from '../../workers/package-client.ts'
import { rows, sha256 } from '../activities/package/a-row.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'package-'))
})
afterEach(() => rm(folder, { recursive: true }))

const SCORES = ['align', 'porn', 'sharpness']
const DATA: Extract<FileJob, { kind: 'data' }> = {
  kind: 'data',
  extension: 'png',
  lang: 'sr-Latn',
  split: 'train',
  scoreNames: SCORES,
  images: 'bytes',
}
function bound(whole: ReleaseRow): BoundRow {
  const { image: _image, leaf: _leaf, ...row } = whole
  return row
}
const pictured = (row: ReleaseRow): PicturedRow => ({ row: bound(row), picture: row.image!.bytes })

describe('writing a release file in a thread', () => {
  it('gives the bytes that writing it here gives', async () => {
    const given = rows(230)
    const path = join(folder, 'data/x.parquet')
    const result = await writeReleaseFile({ path, job: DATA, rows: given.map(pictured) })
    const parts: Buffer[] = []
    await writeParquet(
      { write: (bytes) => parts.push(Buffer.from(bytes)) },
      { columns: releaseColumns(SCORES), rows: given },
    )
    const expected = Buffer.concat(parts)
    expect(result).toEqual({ sha256: sha256(expected), bytes: expected.length, rows: 230 })
    expect((await readFile(path)).equals(expected)).toBe(true)
  })

  it('writes a negative zero as zero', async () => {
    const change = { scores: { align: null, porn: -0, sharpness: 1 } }
    const given = rows(1, () => change).map(pictured)
    const minus = await writeReleaseFile({ path: join(folder, 'a'), job: DATA, rows: given })
    change.scores.porn = 0
    const zero = await writeReleaseFile({
      path: join(folder, 'b'),
      job: DATA,
      rows: rows(1, () => change).map(pictured),
    })
    expect(minus.sha256).toBe(zero.sha256)
  })

  it('reads pictures from the store by their digest, in order', async () => {
    const given = rows(30)
    const store = new Map(given.map((row) => [row.image_sha256, row.image!.bytes!]))
    let reading = 0
    let most = 0
    const readObject = async (sha: string) => {
      most = Math.max(most, ++reading)
      await new Promise((resolve) => setTimeout(resolve, sha.charCodeAt(0) % 5))
      reading--
      return store.get(sha)!
    }
    expect(await Array.fromAsync(withPictures(given.map(bound), readObject))).toEqual(given.map(pictured))
    expect(most).toBe(8)
  })

  it('reads no picture for a release of links', async () => {
    const given = rows(2)
    const all = await Array.fromAsync(withoutPictures(given.map(bound)))
    expect(all).toEqual(given.map((row) => ({ row: bound(row), picture: null })))
    const result = await writeReleaseFile({ path: join(folder, 'x'), job: { ...DATA, images: 'links' }, rows: all })
    expect(result.rows).toBe(2)
  })

  it('refuses a row that breaks its contract and leaves nothing behind', async () => {
    const bad = pictured(rows(1)[0]!)
    const given = [{ ...bad, row: { ...bad.row, image_sha256: sha256('other') } }]
    const writing = writeReleaseFile({ path: join(folder, 'x'), job: DATA, rows: given })
    await expect(writing).rejects.toMatchObject({
      name: 'InvariantError',
      code: 'ROW_INVALID',
      details: { problems: ['image is not image_sha256'] },
    })
    expect(await readdir(folder)).toEqual([])
  })

  it('refuses rows that are out of order', async () => {
    const given = rows(2).reverse().map(pictured)
    await expect(writeReleaseFile({ path: join(folder, 'x'), job: DATA, rows: given })).rejects.toMatchObject({
      code: 'ROWS_UNSORTED',
    })
  })

  it('says when the disk refuses, which may pass', async () => {
    await writeFile(join(folder, 'file'), '')
    const writing = writeReleaseFile({ path: join(folder, 'file/x'), job: { kind: 'removals' }, rows: [] })
    await expect(writing).rejects.toMatchObject({ name: 'TransientError', code: 'DISK_FAILED' })
  })

  it('passes on what the source of rows throws, and leaves nothing behind', async () => {
    async function* broken() {
      yield* rows(150).map(pictured)
      throw await Promise.resolve(new Error('database away'))
    }
    await expect(writeReleaseFile({ path: join(folder, 'x'), job: DATA, rows: broken() })).rejects.toThrow(
      'database away',
    )
  })

  it('lets go of the rows when it is cancelled', async () => {
    const stop = new AbortController()
    let released = false
    async function* endless() {
      try {
        for (let n = 0; ; n++) yield { key: String(n).padStart(9, '0'), removed_in: '1', reason: 'x' }
      } finally {
        released = true
      }
    }
    const writing = writeReleaseFile({
      path: join(folder, 'x'),
      job: { kind: 'removals' },
      rows: endless(),
      signal: stop.signal,
    })
    setTimeout(() => stop.abort(new Error('cancelled')), 300)
    await expect(writing).rejects.toThrow('cancelled')
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(released).toBe(true)
  })
})
