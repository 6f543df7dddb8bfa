import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import zlib from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { scanArchive } from '../../infra/archive-file.ts'
import { encodeRecord } from '../../infra/warc.ts'
import { warcField } from '../../infra/warc-scan.ts'
import { aMember, anAnswer, aRecord } from '../support/foreign-archive.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'scan-'))
})
afterAll(() => rm(folder, { recursive: true }))

const LIMITS = { maxRecordBytes: 1024 * 1024 }

/** What a scan yields: URL of a record, reason of a fault, with its place. */
async function scan(parts: readonly Buffer[], offset = 0): Promise<(string | number)[][]> {
  const file = path.join(folder, 'a.warc')
  await writeFile(file, Buffer.concat(parts))
  const found: (string | number)[][] = []
  for await (const one of scanArchive(file, offset, LIMITS)) {
    const what = one.kind === 'fault' ? one.fault : (warcField(one.fields, 'warc-target-uri') ?? '')
    found.push([what, one.offset, one.length])
  }
  return found
}

const [A, B, C] = ['http://a.example/', 'http://b.example/', 'http://c.example/'] as const

test('records of plain files and of gzip members are found where they lie, WARC 1.0 and 1.1, and our own', async () => {
  const own = await encodeRecord({
    type: 'response',
    targetUri: C,
    date: 0,
    contentType: 'application/http',
    fields: [],
    block: anAnswer('x'),
  })
  for (const make of [aRecord, aMember]) {
    const [a, b] = [make({ url: A }), make({ url: B, version: 'WARC/1.1' })]
    expect(await scan([a, b, own])).toEqual([
      [A, 0, a.length],
      [B, a.length, b.length],
      [C, a.length + b.length, own.length],
    ])
  }
})

test('a scan goes on from where another one ended', async () => {
  const [a, b] = [aMember({ url: A }), aMember({ url: B })]
  expect(await scan([a, b], a.length)).toEqual([[B, a.length, b.length]])
})

const LONG = Buffer.alloc(2 * LIMITS.maxRecordBytes, 'ab')
const brokenInside = (bytes: Buffer) => Buffer.from(bytes).fill(0xff, 100, 120)

test.each([
  ['garbage', [Buffer.from('no record at all WARC/1.0 x')]],
  ['bad_length', [aRecord({ url: A, length: 3 })]],
  ['bad_length', [aRecord({ url: A, length: 1_000_000, digest: 'none' })]],
  ['bad_digest', [aRecord({ url: A, digest: 'wrong' })]],
  ['bad_head', [Buffer.from('WARC/1.0\r\nno: length\r\n\r\n')]],
  ['too_large', [aRecord({ url: A, block: LONG })]],
])('in a plain file %s is a fault with its place, and the records around it are read', async (reason, broken) => {
  const [before, after] = [aRecord({ url: B }), aRecord({ url: C })]
  const bad = Buffer.concat([...broken, Buffer.from('\r\n')])
  expect(await scan([before, bad, after])).toEqual([
    [B, 0, before.length],
    [reason, before.length, expect.any(Number)],
    [C, before.length + bad.length, after.length],
  ])
})

test.each([
  ['garbage', Buffer.from('no member')],
  ['bad_gzip', Buffer.from('\u001f\u008b\u0008\u0000 looks like one', 'latin1')],
  ['bad_gzip', brokenInside(aMember({ url: A, block: anAnswer(Buffer.from(LONG.subarray(0, 90_000))) }))],
  ['bad_length', aMember({ url: A, length: 3 })],
  ['bad_length', aMember({ url: A, length: 1_000_000 })],
  ['bad_digest', aMember({ url: A, digest: 'wrong' })],
  ['bad_head', zlib.gzipSync('no record')],
  ['too_large', aMember({ url: A, block: LONG })],
  ['bad_gzip', aMember({ url: A }).subarray(0, 200)],
  ['many_records', zlib.gzipSync(Buffer.concat([aRecord({ url: A }), aRecord({ url: A })]))],
  ['many_records', zlib.gzipSync(Buffer.concat([aRecord({ url: A }), aRecord({ url: A, block: LONG })]))],
])('between gzip members %s is a fault with its place, and the members around it are read', async (reason, bad) => {
  const [before, after] = [aMember({ url: B }), aMember({ url: C })]
  expect(await scan([before, bad, after])).toEqual([
    [B, 0, before.length],
    [reason, before.length, bad.length],
    [C, before.length + bad.length, after.length],
  ])
})

test.each([
  ['plain', aRecord],
  ['gzip', aMember],
])('the cut tail of a %s file is a fault', async (_format, make) => {
  const [whole, last] = [make({ url: A }), make({ url: B })]
  expect(await scan([whole, last.subarray(0, -20)])).toEqual([
    [A, 0, whole.length],
    ['cut_off', whole.length, last.length - 20],
  ])
})

test('a plain record that was cut off does not hide the one after it', async () => {
  const [cut, after] = [aRecord({ url: A }).subarray(0, -30), aRecord({ url: B })]
  expect(await scan([cut, after])).toEqual([
    ['bad_length', 0, cut.length],
    [B, cut.length, after.length],
  ])
})

test('a checksum that differs is a fault of its member alone', async () => {
  const bad = aMember({ url: A })
  bad.writeUInt32LE(1, bad.length - 8)
  const after = aMember({ url: B })
  expect(await scan([bad, after])).toEqual([
    ['bad_gzip', 0, bad.length],
    [B, bad.length, after.length],
  ])
})

test('a record inside the body of a whole record is no record of the file', async () => {
  const inner = aRecord({ url: 'http://forged.example/' })
  const outer = aRecord({ url: A, block: anAnswer(Buffer.concat([Buffer.from('\r\n\r\n'), inner])) })
  expect(await scan([outer])).toEqual([[A, 0, outer.length]])
})
