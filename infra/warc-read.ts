import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import zlib from 'node:zlib'
import { PermanentError } from '../schema/contracts/errors.ts'
import { base32 } from './warc.ts'
import { decodeBody, parseCodings } from './content-coding.ts'

export interface ReadRecord {
  /** Named fields in order, names as written. */
  fields: [string, string][]
  type: string
  targetUri: string | null
  /** As written, say `2026-01-31T08:00:00.000Z`. */
  date: string
  block: Buffer
}

export interface ReadResponse {
  url: string
  date: string
  status: number
  statusText: string
  headers: [string, string][]
  rawBody: Buffer
  /** Content coding undone. */
  body: Buffer
}

/** Compressed bytes of the largest record that is read. */
const MAX_RECORD_BYTES = 256 * 1024 * 1024
const FIRST_WINDOW_BYTES = 1024 * 1024

/**
 * The record in one gzip member; what follows the member is ignored. Checks the block digest where there is one.
 * Throws PermanentError `WARC_CORRUPT` or `WARC_DIGEST_MISMATCH`.
 */
export function readWarcRecord(member: Buffer): ReadRecord {
  const { plain } = inflateMember(member)
  const end = plain.indexOf('\r\n\r\n')
  if (end < 0) throw corrupt('record has no end of head')
  const [version = '', ...lines] = plain.subarray(0, end).toString('utf8').split('\r\n')
  if (!version.startsWith('WARC/1.')) throw corrupt('record does not start with WARC/1.')
  const fields = lines.map(splitField)
  const length = lengthOf(fieldOf(fields, 'content-length'))
  const block = plain.subarray(end + 4, end + 4 + length)
  if (block.length !== length) throw corrupt('block is shorter than its length')
  verifyDigest(fieldOf(fields, 'warc-block-digest'), block)
  const uri = fieldOf(fields, 'warc-target-uri')
  return {
    fields,
    type: fieldOf(fields, 'warc-type') ?? '',
    targetUri: uri === null ? null : uri.replace(/^<|>$/g, ''),
    date: fieldOf(fields, 'warc-date') ?? '',
    block,
  }
}

/**
 * The HTTP response in a `response` record, its body decoded to at most `maxBytes`. Throws PermanentError
 * `WARC_CORRUPT` when the record is none or its body does not decode.
 */
export async function readWarcResponse(record: ReadRecord, maxBytes: number): Promise<ReadResponse> {
  const end = record.block.indexOf('\r\n\r\n')
  if (record.type !== 'response' || end < 0) throw corrupt('record holds no http response')
  const [statusLine = '', ...lines] = record.block.subarray(0, end).toString('latin1').split('\r\n')
  const [, status = '', statusText = ''] = /^HTTP\/[\d.]+ (\d{3}) ?(.*)$/.exec(statusLine) ?? []
  const headers = lines.map(splitField)
  const rawBody = record.block.subarray(end + 4)
  const codings = headers.filter(([name]) => name.toLowerCase() === 'content-encoding').map(([, value]) => value)
  const decoded = await decodeBody(rawBody, parseCodings(codings), { maxBytes, maxRatio: Number.POSITIVE_INFINITY })
  if (!decoded.ok) throw corrupt(decoded.fault.message)
  const url = record.targetUri ?? ''
  return { url, date: record.date, status: Number(status), statusText, headers, rawBody, body: decoded.body }
}

/** A `response` record with what a later record refers to it by. Throws as `readWarcResponse` does. */
export async function readArchived(member: Buffer, maxBytes: number) {
  const record = readWarcRecord(member)
  const response = await readWarcResponse(record, maxBytes)
  const recordId = fieldOf(record.fields, 'warc-record-id') ?? ''
  return { ...response, recordId, payloadDigest: fieldOf(record.fields, 'warc-payload-digest') }
}

/** All records of a file of gzip members with their places, one member in memory at a time. */
export async function* readWarcFile(
  path: string,
): AsyncGenerator<{ offset: number; length: number; record: ReadRecord }> {
  await using file = await open(path)
  const { size } = await file.stat()
  let offset = 0
  while (offset < size) {
    const { length, member } = await nextMember(file, offset, size)
    yield { offset, length, record: readWarcRecord(member) }
    offset += length
  }
}

type File = Awaited<ReturnType<typeof open>>

/** Reads twice as much until a whole member is there. */
async function nextMember(file: File, offset: number, size: number): Promise<{ length: number; member: Buffer }> {
  for (let want = FIRST_WINDOW_BYTES; ; want *= 2) {
    const window = Buffer.alloc(Math.min(want, size - offset))
    const { bytesRead } = await file.read(window, 0, window.length, offset)
    try {
      const { length } = inflateMember(window.subarray(0, bytesRead))
      return { length, member: window.subarray(0, length) }
    } catch (error) {
      const isCut = error instanceof PermanentError && error.code === 'WARC_CORRUPT' && error.details['cut'] === true
      if (!isCut || window.length === size - offset || want > MAX_RECORD_BYTES) throw error
    }
  }
}

/** One gzip member (RFC 1952): its content, and its length with head and trailer. */
function inflateMember(bytes: Buffer): { plain: Buffer; length: number } {
  const start = gzipHeadLength(bytes)
  const { buffer, engine } = inflateRaw(bytes.subarray(start))
  const length = start + engine.bytesWritten + 8
  if (length > bytes.length) throw cut()
  if (bytes.readUInt32LE(length - 8) !== zlib.crc32(buffer)) throw corrupt('checksum of gzip member differs')
  return { plain: buffer, length }
}

function inflateRaw(bytes: Buffer): { buffer: Buffer; engine: { bytesWritten: number } } {
  try {
    const result: unknown = zlib.inflateRawSync(bytes, { info: true, maxOutputLength: MAX_RECORD_BYTES * 4 })
    return result as { buffer: Buffer; engine: { bytesWritten: number } }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'Z_BUF_ERROR') throw cut()
    throw corrupt('gzip member is broken')
  }
}

function gzipHeadLength(bytes: Buffer): number {
  if (bytes.length < 18) throw cut()
  if (bytes.readUInt16BE(0) !== 0x1f8b || bytes[2] !== 8) throw corrupt('record is no gzip member')
  const flags = bytes[3] ?? 0
  let at = 10
  if ((flags & 4) !== 0) at += 2 + (bytes.length >= at + 2 ? bytes.readUInt16LE(at) : 0)
  for (const flag of [8, 16]) {
    if ((flags & flag) === 0) continue
    const end = bytes.indexOf(0, at)
    if (end < 0) throw cut()
    at = end + 1
  }
  return (flags & 2) !== 0 ? at + 2 : at
}

function verifyDigest(written: string | null, bytes: Buffer): void {
  const [algorithm = '', value = ''] = (written ?? '').split(':')
  if (algorithm !== 'sha256' && algorithm !== 'sha1') return
  const digest = createHash(algorithm).update(bytes).digest()
  if (value.toUpperCase() === base32(digest) || value.toLowerCase() === digest.toString('hex')) return
  throw new PermanentError('WARC_DIGEST_MISMATCH', 'block differs from its digest', { written })
}

function lengthOf(value: string | null): number {
  if (value === null || !/^\d{1,15}$/.test(value)) throw corrupt('record has no content length')
  return Number(value)
}

function splitField(line: string): [string, string] {
  const colon = line.indexOf(':')
  return colon < 0 ? [line, ''] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
}

function fieldOf(fields: [string, string][], name: string): string | null {
  return fields.find(([key]) => key.toLowerCase() === name)?.[1] ?? null
}

const corrupt = (message: string) => new PermanentError('WARC_CORRUPT', message)
const cut = () => new PermanentError('WARC_CORRUPT', 'gzip member is cut off', { cut: true })
