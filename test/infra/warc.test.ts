import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import zlib from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { noise } from '../support/noise.ts'
import { base32, createSegment, encodeMetadata, encodeRecord, encodeResponse, encodeRevisit } from '../../infra/warc.ts'
import type { ArchivedResponse, RecordPlace } from '../../infra/warc.ts'
import { readWarcFile, readWarcRecord, readWarcResponse } from '../../infra/warc-read.ts'

const hexOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const digestOf = (bytes: Buffer) => `sha256:${base32(createHash('sha256').update(bytes).digest())}`

function aResponse(changes: Partial<ArchivedResponse> = {}): ArchivedResponse {
  const body = changes.body ?? Buffer.from('<p>žluťoučký kůň</p>')
  return {
    url: 'https://site.example/a',
    startedAt: Date.parse('2026-01-20T10:00:00.123Z'),
    remoteAddress: '93.184.216.34',
    status: 200,
    statusText: 'OK',
    headers: [['Content-Type', 'text/html']],
    rawBody: body,
    contentCodings: [],
    body,
    bodySha256: hexOf(body),
    ...changes,
  }
}

async function inFile<T>(bytes: Buffer, use: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'warc-'))
  try {
    const file = path.join(folder, 'segment.warc.gz')
    await writeFile(file, bytes)
    return await use(file)
  } finally {
    await rm(folder, { recursive: true })
  }
}

describe('WARC response record', () => {
  it('is written as the format asks', async () => {
    const { rawBody, bodySha256, ...rest } = aResponse()
    const member = await encodeResponse({ rawBody, bodySha256, ...rest })
    const block = Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n'), rawBody])
    const text = zlib.gunzipSync(member).toString()
    const id = /WARC-Record-ID: (<urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}>)/.exec(
      text,
    )?.[1]
    expect(text).toBe(
      [
        'WARC/1.1',
        'WARC-Type: response',
        'WARC-Target-URI: https://site.example/a',
        'WARC-Date: 2026-01-20T10:00:00.123Z',
        `WARC-Record-ID: ${id}`,
        'WARC-IP-Address: 93.184.216.34',
        `WARC-Payload-Digest: ${digestOf(rawBody)}`,
        `X-Body-SHA256: ${bodySha256}`,
        `WARC-Block-Digest: ${digestOf(block)}`,
        'Content-Type: application/http;msgtype=response',
        `Content-Length: ${block.length}`,
        '',
        `${block.toString()}\r\n\r\n`,
      ].join('\r\n'),
    )
  })

  it('is the same bytes for the same response, in a gzip member that tells no time and no system', async () => {
    const [one, two] = await Promise.all([encodeResponse(aResponse()), encodeResponse(aResponse())])
    expect(one).toEqual(two)
    expect(one.subarray(0, 10).toString('hex')).toBe('1f8b08000000000000ff')
  })

  it('has an id of its own for another time, URL or body', async () => {
    const others = Array.from({ length: 20 }, (_, no) => aResponse({ url: `https://site.example/${no}` }))
    const members = await Promise.all(
      [aResponse(), aResponse({ startedAt: 1 }), aResponse({ rawBody: Buffer.from('x') }), ...others].map(
        encodeResponse,
      ),
    )
    const ids = members.map((member) => readWarcRecord(member).fields.find(([name]) => name === 'WARC-Record-ID')?.[1])
    expect(new Set(ids).size).toBe(23)
    // A name-based UUID of version 8 (RFC 9562).
    const form = /^<urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}>$/
    expect(ids.filter((id) => !form.test(id ?? ''))).toEqual([])
  })

  it('of another type has another id', async () => {
    const record = { targetUri: null, date: 0, contentType: 'text/plain', fields: [], block: Buffer.from('x') }
    const members = await Promise.all(
      (['resource', 'metadata'] as const).map((type) => encodeRecord({ ...record, type })),
    )
    const ids = members.map((member) => readWarcRecord(member).fields.find(([name]) => name === 'WARC-Record-ID')?.[1])
    expect(new Set(ids).size).toBe(2)
  })

  const body = Buffer.from('hello hello hello '.repeat(200))
  it.each([
    ['no coding', [], body, 'received'],
    ['gzip', ['gzip'], zlib.gzipSync(body), 'received'],
    ['deflate', ['deflate'], zlib.deflateSync(body), 'received'],
    ['br', ['br'], zlib.brotliCompressSync(body), 'decoded'],
    ['two codings', ['gzip', 'gzip'], zlib.gzipSync(zlib.gzipSync(body)), 'decoded'],
  ])('of a body under %s gives the served body back', async (_name, contentCodings, rawBody, kept) => {
    const headers: [string, string][] = [['Content-Length', String(rawBody.length)]]
    if (contentCodings.length > 0) headers.push(['Content-Encoding', contentCodings.join(', ')])
    const response = aResponse({ headers, rawBody, contentCodings, body, bodySha256: hexOf(body) })
    const record = readWarcRecord(await encodeResponse(response))
    const read = await readWarcResponse(record, 1_000_000)
    const payload = kept === 'received' ? rawBody : body
    expect(read.body).toEqual(body)
    expect(read.rawBody).toEqual(payload)
    expect(record.fields).toContainEqual(['WARC-Payload-Digest', digestOf(payload)])
    expect(record.fields).toContainEqual(['X-Body-SHA256', hexOf(body)])
    expect(read.headers).toContainEqual(['Content-Length', String(payload.length)])
  })

  it('keeps what no longer describes the body under another name', async () => {
    const rawBody = zlib.brotliCompressSync(body)
    const headers: [string, string][] = [
      ['transfer-encoding', 'chunked'],
      ['Content-Encoding', 'br'],
      ['Set-Cookie', 'a=\u00e9'],
    ]
    const member = await encodeResponse(
      aResponse({ headers, rawBody, contentCodings: ['br'], body, bodySha256: hexOf(body) }),
    )
    expect((await readWarcResponse(readWarcRecord(member), 1_000_000)).headers).toEqual([
      ['X-Archive-Orig-transfer-encoding', 'chunked'],
      ['X-Archive-Orig-Content-Encoding', 'br'],
      ['Set-Cookie', 'a=\u00e9'],
      ['Content-Length', String(body.length)],
    ])
  })

  it('names no length and no transfer coding but those of the body that it holds', async () => {
    const headersOf = async (changes: Partial<ArchivedResponse>) =>
      (await readWarcResponse(readWarcRecord(await encodeResponse(aResponse(changes))), 1_000_000)).headers
    const headers: [string, string][] = [
      ['Content-Length', '7'],
      ['Transfer-Encoding', 'chunked'],
    ]
    const rawBody = zlib.brotliCompressSync(body)
    expect(await headersOf({ headers, rawBody, contentCodings: ['br'], body, bodySha256: hexOf(body) })).toEqual([
      ['X-Archive-Orig-Content-Length', '7'],
      ['X-Archive-Orig-Transfer-Encoding', 'chunked'],
      ['Content-Length', String(body.length)],
    ])
    expect(await headersOf({ headers })).toEqual([
      ['Content-Length', '7'],
      ['X-Archive-Orig-Transfer-Encoding', 'chunked'],
    ])
  })

  it('lets no value start a line of its own', async () => {
    const member = await encodeResponse(
      aResponse({
        url: 'https://site.example/\r\nWARC-Type: warcinfo',
        statusText: 'OK\r\nX-A: 1',
        headers: [['X-B\r\nX-C', 'a\r\n\r\nb\0']],
      }),
    )
    const record = readWarcRecord(member)
    expect(record).toMatchObject({ type: 'response', targetUri: 'https://site.example/ WARC-Type: warcinfo' })
    expect(await readWarcResponse(record, 1000)).toMatchObject({
      statusText: 'OK X-A: 1',
      headers: [['X-B X-C', 'a  b'.replace('  ', ' ')]],
    })
  })

  it.each([
    ['', ''],
    ['f', 'MY======'],
    ['fo', 'MZXQ===='],
    ['foo', 'MZXW6==='],
    ['foob', 'MZXW6YQ='],
    ['fooba', 'MZXW6YTB'],
    ['foobar', 'MZXW6YTBOI======'],
  ])('writes %s in base 32 as %s', (text, encoded) => {
    expect(base32(Buffer.from(text))).toBe(encoded)
  })

  it.each([
    ['a JPEG', 'ffd8ffe0', true],
    ['a PNG', '89504e470d0a1a0a', true],
    ['a GIF', '474946383961', true],
    ['a WebP', '52494646ffffffff57454250', true],
    ['an AVIF', '0000001c6674797061766966', true],
    ['gzip', '1f8b0800', true],
    ['text', '3c703e', false],
  ])('of %s is stored as it is: %s %s', async (_name, magic, isStored) => {
    const body = Buffer.concat([Buffer.from(magic, 'hex'), Buffer.alloc(5000)])
    const member = await encodeResponse(aResponse({ rawBody: body, body, bodySha256: hexOf(body) }))
    expect(member.length > 5000).toBe(isStored)
    expect((await readWarcResponse(readWarcRecord(member), 10_000)).body).toEqual(body)
  })

  it.each([65_535, 65_536, 200_000])('stores a picture of %i bytes as whole blocks of deflate', async (length) => {
    const body = Buffer.concat([Buffer.from('ffd8ffe0', 'hex'), noise(length - 4)])
    const member = await encodeResponse(aResponse({ rawBody: body, body, bodySha256: hexOf(body) }))
    expect(hexOf(zlib.gunzipSync(member).subarray(-4 - length, -4))).toBe(hexOf(body))
    expect((await readWarcResponse(readWarcRecord(member), 1_000_000)).body.equals(body)).toBe(true)
  })
})

describe('WARC metadata record', () => {
  it('tells of a fetch without response, a line for each fact', async () => {
    const record = readWarcRecord(
      await encodeMetadata('https://site.example/', 0, [
        ['fault', 'dns\r\nfailed'],
        ['code', 'X'],
      ]),
    )
    expect(record).toMatchObject({
      type: 'metadata',
      targetUri: 'https://site.example/',
      date: '1970-01-01T00:00:00.000Z',
    })
    expect(record.block.toString()).toBe('fault: dns failed\r\ncode: X\r\n')
  })
})

describe('WARC segment', () => {
  it('says where each record lies', async () => {
    const big = noise(2_500_000)
    const bodies = [Buffer.from('one'), big, Buffer.alloc(0), Buffer.from('four')]
    const segment = createSegment()
    const places: RecordPlace[] = []
    for (const body of bodies)
      places.push(segment.add(await encodeResponse(aResponse({ rawBody: body, body, bodySha256: hexOf(body) }))))
    const { bytes } = segment.seal()
    expect({ length: bytes.length, records: segment.records }).toEqual({
      length: segment.bytes,
      records: 4,
    })
    for (const [i, { offset, length }] of places.entries()) {
      const record = readWarcRecord(bytes.subarray(offset, offset + length))
      expect(hexOf((await readWarcResponse(record, 5_000_000)).body)).toBe(hexOf(bodies[i] ?? Buffer.alloc(1)))
    }
    await inFile(bytes, async (file) => {
      const found = []
      for await (const { offset, length } of readWarcFile(file)) found.push({ offset, length })
      expect(found).toEqual(places)
    })
  })
})

describe('a response that was cut', () => {
  it.each([
    ['plain', []],
    ['coded', ['gzip']],
  ])('is archived as what was kept of it, %s or not, and says so', async (_name, contentCodings) => {
    const body = Buffer.from('User-agent: *')
    const headers: [string, string][] = [
      ['Content-Encoding', 'gzip'],
      ['Content-Length', '99'],
    ]
    const rawBody = contentCodings.length === 0 ? body : zlib.gzipSync(Buffer.alloc(100))
    const member = await encodeResponse(aResponse({ body, rawBody, contentCodings, headers, truncated: true }))
    const record = readWarcRecord(member)
    expect(record.fields).toContainEqual(['WARC-Truncated', 'length'])
    expect(record.fields).toContainEqual(['WARC-Payload-Digest', digestOf(body)])
    const read = await readWarcResponse(record, 1000)
    expect([read.body, read.headers]).toEqual([
      body,
      [
        ['X-Archive-Orig-Content-Encoding', 'gzip'],
        ['X-Archive-Orig-Content-Length', '99'],
        ['Content-Length', '13'],
      ],
    ])
  })
})

describe('WARC reader', () => {
  const read = (bytes: Buffer) =>
    inFile(bytes, async (file) => {
      const types = []
      for await (const { record } of readWarcFile(file)) types.push(record.type)
      return types
    })

  it('reads what other tools write: named gzip members, brackets around the URL, SHA-1', async () => {
    const digest = base32(createHash('sha1').update('hello').digest())
    const plain = `WARC/1.0\r\nwarc-type: resource\r\nWARC-Target-URI: <http://x.example/>\r\nWARC-Block-Digest: sha1:${digest}\r\nContent-Length: 5\r\n\r\nhello\r\n\r\n`
    const packed = zlib.gzipSync(plain)
    const named = Buffer.concat([
      packed.subarray(0, 3),
      Buffer.from([8]),
      packed.subarray(4, 10),
      Buffer.from('file.warc\0'),
      packed.subarray(10),
    ])
    expect(readWarcRecord(named)).toMatchObject({
      type: 'resource',
      targetUri: 'http://x.example/',
      block: Buffer.from('hello'),
    })
    expect(await read(Buffer.concat([named, packed]))).toEqual(['resource', 'resource'])
  })

  it('finds a changed block', async () => {
    const plain = zlib.gunzipSync(await encodeResponse(aResponse())).toString('latin1')
    const changed = zlib.gzipSync(Buffer.from(plain.replace('<p>', '<q>'), 'latin1'))
    expect(() => readWarcRecord(changed)).toThrow(expect.objectContaining({ code: 'WARC_DIGEST_MISMATCH' }))
  })

  it('finds a cut file, a flipped bit and what is no record', async () => {
    const member = await encodeResponse(aResponse())
    const flipped = Buffer.from(member)
    flipped[flipped.length - 6] = (flipped[flipped.length - 6] ?? 0) ^ 1
    const corrupt = (message: string) => ({ code: 'WARC_CORRUPT', message })
    const cut = corrupt('gzip member is cut off')
    for (const length of [-3, -30, 15, 3]) {
      await expect(read(Buffer.concat([member, member.subarray(0, length)]))).rejects.toMatchObject(cut)
    }
    await expect(read(flipped)).rejects.toMatchObject(corrupt('checksum of gzip member differs'))
    const broken = Buffer.concat([member.subarray(0, 10), Buffer.alloc(40, 0xff)])
    await expect(read(broken)).rejects.toMatchObject(corrupt('gzip member is broken'))
    const plain = Buffer.from('WARC/1.1\r\nWARC-Type: response\r\n\r\n')
    await expect(read(plain)).rejects.toMatchObject(corrupt('record is no gzip member'))
    const packed: [string, string][] = [
      ['WARC/1.1\r\nContent-Length: 9\r\n\r\nshort', 'block is shorter than its length'],
      ['WARC/1.1\r\n\r\n', 'record has no content length'],
      ['WARC/1.1\r\nContent-Length: 0', 'record has no end of head'],
      ['HTTP/1.1\r\nContent-Length: 0\r\n\r\n', 'record does not start with WARC/1.'],
    ]
    for (const [text, message] of packed)
      await expect(read(zlib.gzipSync(text))).rejects.toMatchObject(corrupt(message))
  })

  it('passes over extra fields of a member and digests that it does not know', async () => {
    const text = 'WARC/1.1\r\nWARC-Type: resource\r\nWARC-Block-Digest: md5:abc\r\nContent-Length: 0\r\n\r\n\r\n\r\n'
    const packed = zlib.gzipSync(text)
    const extra = Buffer.from([4, 0, 1, 2, 3, 4])
    const withExtra = Buffer.concat([
      packed.subarray(0, 3),
      Buffer.from([4]),
      packed.subarray(4, 10),
      extra,
      packed.subarray(10),
    ])
    expect(await read(Buffer.concat([withExtra, packed]))).toEqual(['resource', 'resource'])
  })

  it('does not give a body that it cannot decode', async () => {
    const body = Buffer.alloc(5000)
    const response = aResponse({
      headers: [['Content-Encoding', 'gzip']],
      contentCodings: ['gzip'],
      rawBody: zlib.gzipSync(body),
      body,
    })
    const record = readWarcRecord(await encodeResponse(response))
    const message = 'body is over the size limit when decoded'
    await expect(readWarcResponse(record, 100)).rejects.toMatchObject({ code: 'WARC_CORRUPT', message })
  })

  it('does not take other records for responses', async () => {
    const contentType = 'text/plain'
    const member = await encodeRecord({
      type: 'resource',
      targetUri: null,
      date: 0,
      contentType,
      fields: [],
      block: Buffer.from('x'),
    })
    await expect(readWarcResponse(readWarcRecord(member), 10)).rejects.toMatchObject({ code: 'WARC_CORRUPT' })
  })
})

describe('WARC revisit record', () => {
  it('names the record that a 304 confirms, and has the head of the 304 alone', async () => {
    const refersTo = { recordId: '<urn:uuid:1>', url: 'https://site.example/a', date: '2026-01-19T10:00:00.000Z' }
    const { rawBody: _raw, body: _body, contentCodings: _codings, bodySha256: _sha, ...head } = aResponse()
    const member = await encodeRevisit({
      ...head,
      status: 304,
      statusText: 'Not Modified',
      headers: [['ETag', '"a"']],
      refersTo,
      payloadDigest: 'sha256:ABC',
    })
    const { fields, block, type } = readWarcRecord(member)
    const { 'WARC-Record-ID': _id, 'WARC-Block-Digest': _digest, ...named } = Object.fromEntries(fields)
    expect({ type, named, block: block.toString() }).toEqual({
      type: 'revisit',
      named: {
        'WARC-Type': 'revisit',
        'WARC-Target-URI': 'https://site.example/a',
        'WARC-Date': '2026-01-20T10:00:00.123Z',
        'WARC-IP-Address': '93.184.216.34',
        'WARC-Profile': 'http://netpreserve.org/warc/1.1/revisit/server-not-modified',
        'WARC-Refers-To': '<urn:uuid:1>',
        'WARC-Refers-To-Target-URI': 'https://site.example/a',
        'WARC-Refers-To-Date': '2026-01-19T10:00:00.000Z',
        'WARC-Payload-Digest': 'sha256:ABC',
        'Content-Type': 'application/http;msgtype=response',
        'Content-Length': String(block.length),
      },
      block: 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n',
    })
  })
})
