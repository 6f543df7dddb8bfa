import { createHash } from 'node:crypto'
import zlib from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { base32 } from '../../infra/warc.ts'
import { readWarcRecord, readWarcResponse } from '../../infra/warc-read.ts'

const error = (code: string, message: string) => expect.objectContaining({ code, message }) as Error

/** A member with this record head and block, and its content length unless the head gives one. */
function aMember(head: string[], block = 'hello', length = `Content-Length: ${Buffer.byteLength(block)}`): Buffer {
  return zlib.gzipSync(['WARC/1.1', ...head, length].join('\r\n') + `\r\n\r\n${block}\r\n\r\n`)
}

/** A member whose gzip head has these flags and this between head and data. */
const flagged = (flags: number, extra: Buffer) => {
  const packed = aMember(['WARC-Type: resource'])
  return Buffer.concat([packed.subarray(0, 3), Buffer.of(flags), packed.subarray(4, 10), extra, packed.subarray(10)])
}

describe('the digest of a block', () => {
  const digests = ['sha1', 'sha256'].map((name) => [name, createHash(name).update('hello').digest()] as const)
  const forms = digests.flatMap(([name, digest]) => [
    `${name}:${base32(digest)}`,
    `${name}:${base32(digest).toLowerCase()}`,
    `${name}:${digest.toString('hex')}`,
    `${name}:${digest.toString('hex').toUpperCase()}`,
  ])

  it.each(forms)('is known as %s', (written) => {
    expect(readWarcRecord(aMember([`WARC-Block-Digest: ${written}`])).block.toString()).toBe('hello')
    expect(() => readWarcRecord(aMember([`WARC-Block-Digest: ${written}`], 'jello'))).toThrow(
      expect.objectContaining({
        code: 'WARC_DIGEST_MISMATCH',
        message: 'block differs from its digest',
        details: { written },
      }),
    )
  })
})

describe('a gzip member', () => {
  it.each<[string, number, Buffer]>([
    ['a comment', 16, Buffer.from('a comment\0')],
    ['a name and a comment', 8 + 16, Buffer.from('name\0comment\0')],
    ['a checksum of its head', 2, Buffer.of(1, 2)],
    ['everything', 2 + 4 + 8 + 16, Buffer.from([2, 0, 7, 7, ...Buffer.from('n\0c\0'), 1, 2])],
  ])('may have %s', (_, flags, extra) => {
    expect(readWarcRecord(flagged(flags, extra)).block.toString()).toBe('hello')
  })

  it('that ends in its head is cut off, wherever', () => {
    const named = flagged(8, Buffer.from('a name that goes on'))
    for (const length of [1, 3, 10, 17, 25]) {
      expect(() => readWarcRecord(named.subarray(0, length))).toThrow(error('WARC_CORRUPT', 'gzip member is cut off'))
    }
  })

  it('of another method, or with another mark, is none', () => {
    for (const [at, byte] of [
      [0, 0],
      [1, 0],
      [2, 7],
    ] as const) {
      const bytes = Buffer.from(aMember([]))
      bytes[at] = byte
      expect(() => readWarcRecord(bytes)).toThrow(error('WARC_CORRUPT', 'record is no gzip member'))
    }
  })
})

describe('a record', () => {
  it.each(['abc', '-1', '1e3', '5 5', ''])('with the content length %j is broken', (length) => {
    expect(() => readWarcRecord(aMember([], 'hello', `Content-Length: ${length}`))).toThrow(
      error('WARC_CORRUPT', 'record has no content length'),
    )
  })

  it('has its fields as written, without the blanks around them', () => {
    const { fields, type, date } = readWarcRecord(
      aMember(['warc-TYPE :  resource ', 'WARC-Date:2026-01-01T00:00:00Z', 'no colon', 'X-A: b: c']),
    )
    expect([fields, type, date]).toEqual([
      [
        ['warc-TYPE', 'resource'],
        ['WARC-Date', '2026-01-01T00:00:00Z'],
        ['no colon', ''],
        ['X-A', 'b: c'],
        ['Content-Length', '5'],
      ],
      'resource',
      '2026-01-01T00:00:00Z',
    ])
  })
})

describe('an HTTP response', () => {
  const HTTP = 'HTTP/1.1 404 Not Found\r\nX-A: b\r\n\r\nbody'
  const read = (head: string[], block: string) => readWarcResponse(readWarcRecord(aMember(head, block)), 1000)

  it('is read from a response record, also without URL', async () => {
    expect(await read(['WARC-Type: response'], HTTP)).toEqual({
      url: '',
      date: '',
      status: 404,
      statusText: 'Not Found',
      headers: [['X-A', 'b']],
      rawBody: Buffer.from('body'),
      body: Buffer.from('body'),
    })
  })

  it.each([
    ['a request', 'WARC-Type: request', HTTP],
    ['a response without end of its head', 'WARC-Type: response', 'HTTP/1.1 200 OK\r\nX-A: b\r\n'],
  ])('is not taken from %s', async (_, type, block) => {
    await expect(read([type], block)).rejects.toMatchObject({
      code: 'WARC_CORRUPT',
      message: 'record holds no http response',
    })
  })
})
