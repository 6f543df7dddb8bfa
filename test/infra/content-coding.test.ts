import zlib from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { noise } from '../support/noise.ts'
import { decodeBody, decodeStart, parseCodings } from '../../infra/content-coding.ts'

const limits = { maxBytes: 4_000_000, maxRatio: 200 }
const text = Buffer.from('žluťoučký kůň '.repeat(500))
const faultOf = async (bytes: Buffer, codings: string[], changes: Partial<typeof limits> = {}) => {
  const decoded = await decodeBody(bytes, codings, { ...limits, ...changes })
  return decoded.ok ? 'ok' : `${decoded.fault.reason} ${decoded.fault.errorCode}`
}

describe('content coding', () => {
  it('reads the codings of several headers in order, without identity', () => {
    expect(parseCodings(['GZIP , identity', ' br', ''])).toEqual(['gzip', 'br'])
  })

  it.each([
    ['gzip', zlib.gzipSync(text), ['gzip']],
    ['x-gzip', zlib.gzipSync(text), ['x-gzip']],
    ['deflate with zlib header', zlib.deflateSync(text), ['deflate']],
    ['deflate without', zlib.deflateRawSync(text), ['deflate']],
    ['br', zlib.brotliCompressSync(text), ['br']],
    ['two layers, the last undone first', zlib.gzipSync(zlib.brotliCompressSync(text)), ['br', 'gzip']],
    [
      'two gzip members',
      Buffer.concat([zlib.gzipSync(text.subarray(0, 99)), zlib.gzipSync(text.subarray(99))]),
      ['gzip'],
    ],
  ])('undoes %s', async (_name, bytes, codings) => {
    expect(await decodeBody(bytes, codings, limits)).toEqual({ ok: true, body: text })
  })

  it.each([
    ['gzip', zlib.gzipSync],
    ['br', zlib.brotliCompressSync],
    ['deflate', zlib.deflateRawSync],
  ] as const)('gives the beginning of a cut or large %s body, and stops a bomb there', async (coding, pack) => {
    const bytes = noise(300_000)
    const cut = await decodeStart(pack(bytes).subarray(0, 200_000), [coding], { maxBytes: 250_000, isCut: true })
    const body = cut.ok ? cut.body : Buffer.alloc(0)
    expect([cut.ok && cut.cut, body.length > 100_000, bytes.subarray(0, body.length).equals(body)]).toEqual([
      true,
      true,
      true,
    ])
    const limits = { maxBytes: 1000, isCut: false }
    expect(await decodeStart(pack(bytes), [coding], limits)).toEqual({
      ok: true,
      body: bytes.subarray(0, 1000),
      cut: true,
    })
    expect(await decodeStart(pack(text.subarray(0, 900)), [coding], limits)).toEqual({
      ok: true,
      body: text.subarray(0, 900),
      cut: false,
    })
    expect(await decodeStart(pack(Buffer.alloc(50_000_000)), [coding], limits)).toMatchObject({ ok: true, cut: true })
  })

  it('has no beginning of what is broken or unknown', async () => {
    const limits = { maxBytes: 1000, isCut: true }
    expect(await decodeStart(text, ['gzip'], limits)).toMatchObject({ fault: { errorCode: 'Z_DATA_ERROR' } })
    expect(await decodeStart(text, ['zstd'], limits)).toMatchObject({ fault: { errorCode: 'CODING_UNKNOWN' } })
    expect(await decodeStart(text, ['br', 'br', 'br'], limits)).toMatchObject({
      fault: { errorCode: 'CODINGS_TOO_MANY' },
    })
  })

  it('takes an empty body for empty in every coding, as answers without a body have it', async () => {
    expect(await decodeBody(Buffer.alloc(0), ['gzip', 'br', 'zstd'], limits)).toEqual({
      ok: true,
      body: Buffer.alloc(0),
    })
  })

  it('hands large bodies to a thread and gives the same bytes', async () => {
    const bytes = noise(300_000)
    const codings = { gzip: zlib.gzipSync, deflate: zlib.deflateSync, br: zlib.brotliCompressSync }
    for (const [coding, pack] of Object.entries(codings)) {
      expect(await decodeBody(pack(bytes), [coding], limits)).toEqual({ ok: true, body: bytes })
    }
    expect(await decodeBody(zlib.deflateRawSync(bytes), ['deflate'], limits)).toEqual({ ok: true, body: bytes })
  })

  it('refuses three layers, unknown codings, broken and cut bytes', async () => {
    const gzip = zlib.gzipSync(text)
    expect(await faultOf(gzip, ['gzip', 'gzip', 'gzip'])).toBe('decode_failed CODINGS_TOO_MANY')
    expect(await faultOf(gzip, ['zstd'])).toBe('decode_failed CODING_UNKNOWN')
    expect(await faultOf(text, ['gzip'])).toBe('decode_failed Z_DATA_ERROR')
    expect(await faultOf(gzip.subarray(0, -20), ['gzip'])).toBe('decode_failed Z_BUF_ERROR')
  })

  it('stops a bomb at the size limit and at the ratio limit', async () => {
    const zeros = Buffer.alloc(20_000_000)
    expect(await faultOf(zlib.gzipSync(zeros), ['gzip'], { maxRatio: 5000 })).toBe('too_large BODY_TOO_LARGE')
    expect(await faultOf(zlib.gzipSync(zeros), ['gzip'], { maxBytes: 100_000_000 })).toBe('too_large BODY_RATIO')
    expect(await faultOf(zlib.brotliCompressSync(zeros), ['br'], { maxBytes: 100_000_000 })).toBe(
      'too_large BODY_RATIO',
    )
    expect(await faultOf(zlib.gzipSync(zlib.gzipSync(zeros)), ['gzip', 'gzip'])).toBe('too_large BODY_RATIO')
  })

  it('stops a bomb that is handed to a thread too', async () => {
    const bytes = Buffer.concat([noise(300_000), Buffer.alloc(20_000_000)])
    const br = (all: Buffer) => zlib.brotliCompressSync(all, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 3 } })
    const packs = { gzip: zlib.gzipSync, deflate: zlib.deflateSync, br }
    for (const [coding, pack] of Object.entries(packs))
      expect([coding, await faultOf(pack(bytes), [coding])]).toEqual([coding, 'too_large BODY_TOO_LARGE'])
  })

  it('tells the header of zlib by both its bytes, and takes a single byte for broken', async () => {
    const stored = (first: number, body: string) =>
      Buffer.concat([Buffer.of(first, body.length, 0, 255 - body.length, 255), Buffer.from(body)])
    const end = Buffer.of(1, 0, 0, 255, 255)
    // A first byte of method 8 with a second that is no check, and a check with another method.
    const raw = [
      [Buffer.concat([stored(8, 'hello'), end]), 'hello'],
      [stored(1, 'x'.repeat(23)), 'x'.repeat(23)],
    ] as const
    for (const [bytes, body] of raw)
      expect(await decodeBody(bytes, ['deflate'], limits)).toEqual({ ok: true, body: Buffer.from(body) })
    expect(await faultOf(Buffer.of(0x78), ['deflate'])).toBe('decode_failed Z_BUF_ERROR')
  })

  it('does not ask the ratio of a body under 1 MiB', async () => {
    expect(await faultOf(zlib.gzipSync(Buffer.alloc(1_000_000)), ['gzip'], { maxRatio: 2 })).toBe('ok')
  })
})
