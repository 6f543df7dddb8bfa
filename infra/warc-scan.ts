import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import type { ArchiveFault } from '../schema/contracts/archive-fault.ts'
import { base32 } from './warc.ts'
import { type Format, FileWindow, inflateMemberAt, nextRecordAt } from './warc-file.ts'

/** One record of a foreign archive, or what stands in the place of one. `offset` and `length` are bytes of the file. */
export type ScannedRecord =
  | { kind: 'record'; offset: number; length: number; fields: [string, string][]; block: Buffer }
  /** From here on nothing could be read, up to `offset + length`, where the next record is or the file ends. */
  | { kind: 'fault'; offset: number; length: number; fault: ArchiveFault }

export interface ScanLimits {
  /** Bytes of the largest record that is read; a larger one is passed over. */
  maxRecordBytes: number
}

/** Named fields of a record take a few hundred bytes; a URL of some kilobytes is one of them. */
const MAX_HEAD_BYTES = 64 * 1024
const VERSION = /^WARC\/1\.\d+$/

/**
 * The records of a WARC file (1.0, 1.1; plain or one gzip member each) from `offset` on, one in memory at a time. What is
 * broken is a fault with its place, and reading goes on at the next record: garbage between records, a length that is
 * wrong, a member that does not inflate, a digest that differs, a tail that is cut off. Any offset that a scan has ended
 * a record or fault at is one to start from. Never throws for what the file holds.
 */
export async function* scanWarc(file: FileHandle, offset: number, limits: ScanLimits): AsyncGenerator<ScannedRecord> {
  const window = new FileWindow(file, (await file.stat()).size)
  const first = await window.formatAt(0)
  let at = offset
  while (at < window.size) {
    const read = await readAt(window, at, limits)
    if (read.kind === 'skip') {
      at += read.length
      continue
    }
    if (read.kind === 'fault' && read.length === 0) {
      const next = await nextRecordAt(window, at + 1, first)
      // What a wrong length leads beyond the end of the file is no cut tail when records follow.
      const fault = read.fault === 'cut_off' && next < window.size ? 'bad_length' : read.fault
      yield { kind: 'fault', offset: at, length: next - at, fault }
      at = next
      continue
    }
    yield { ...read, offset: at }
    at += read.length
  }
}

type Read =
  | { kind: 'record'; length: number; fields: [string, string][]; block: Buffer }
  /** A length of 0: where the next record begins has to be looked for. */
  | { kind: 'fault'; length: number; fault: ArchiveFault }
  | { kind: 'skip'; length: number }

const fault = (reason: ArchiveFault, length = 0): Read => ({ kind: 'fault', length, fault: reason })

async function readAt(window: FileWindow, at: number, limits: ScanLimits): Promise<Read> {
  const format: Format | null = await window.formatAt(at)
  if (format === 'gzip') return readMember(window, at, limits)
  if (format === 'plain') return readPlain(window, at, limits)
  const blank = await window.lineBreaksAt(at)
  return blank > 0 ? { kind: 'skip', length: blank } : fault('garbage')
}

async function readMember(window: FileWindow, at: number, limits: ScanLimits): Promise<Read> {
  const member = await inflateMemberAt(window, at, limits.maxRecordBytes)
  if (!member.ok) return fault(isShort(member.head, limits) ? 'many_records' : member.fault, member.length)
  const { plain, length } = member
  const head = headOf(plain)
  if (head === null) return fault('bad_head', length)
  const end = head.bytes + head.contentLength
  if (RECORD_AFTER.test(plain.subarray(end, end + 20).toString('latin1'))) return fault('many_records', length)
  // Two line breaks end a record; writers that leave them out or have more of them are read, too.
  if (plain.length < end || !isBlank(plain.subarray(end))) return fault('bad_length', length)
  return record(head.fields, plain.subarray(head.bytes, end), length)
}

/** A record that begins after the blank lines of another. */
const RECORD_AFTER = /^[\r\n]{1,8}WARC\/1\./

/** Whether a member that is too large as a whole begins with a record that is not. */
function isShort(head: Buffer | null, { maxRecordBytes }: ScanLimits): boolean {
  const first = head && headOf(head)
  return first !== null && first.bytes + first.contentLength < maxRecordBytes
}

async function readPlain(window: FileWindow, at: number, limits: ScanLimits): Promise<Read> {
  const head = headOf(await window.read(at, MAX_HEAD_BYTES))
  if (head === null) return fault('bad_head')
  const end = at + head.bytes + head.contentLength
  if (end > window.size) return fault('cut_off')
  const blank = await window.lineBreaksAt(end)
  const after = end + blank
  // Garbage after a whole record, which two line breaks end, is not the record's fault.
  if (after < window.size && blank < 4 && (await window.formatAt(after)) === null) return fault('bad_length')
  if (head.contentLength > limits.maxRecordBytes) return fault('too_large', after - at)
  return record(head.fields, await window.read(at + head.bytes, head.contentLength), after - at)
}

function record(fields: [string, string][], block: Buffer, length: number): Read {
  if (!hasItsDigest(warcField(fields, 'warc-block-digest'), block)) return fault('bad_digest', length)
  return { kind: 'record', length, fields, block }
}

interface Head {
  fields: [string, string][]
  bytes: number
  contentLength: number
}

function headOf(bytes: Buffer): Head | null {
  const end = bytes.subarray(0, MAX_HEAD_BYTES).indexOf('\r\n\r\n')
  if (end < 0) return null
  const [version = '', ...lines] = bytes.subarray(0, end).toString('utf8').split('\r\n')
  const fields = lines.map(splitField)
  const length = warcField(fields, 'content-length') ?? ''
  if (!VERSION.test(version) || !/^\d{1,15}$/.test(length)) return null
  return { fields, bytes: end + 4, contentLength: Number(length) }
}

function splitField(line: string): [string, string] {
  const colon = line.indexOf(':')
  return colon < 0 ? [line, ''] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
}

/** The first value of a named field (given in lower case), null when there is none. */
export function warcField(fields: readonly [string, string][], name: string): string | null {
  return fields.find(([key]) => key.toLowerCase() === name)?.[1] ?? null
}

/** In base32 or hex; padding may be left out. */
function hasItsDigest(written: string | null, bytes: Buffer): boolean {
  const [name = '', value = ''] = (written ?? '').split(':')
  const algorithm = name.toLowerCase().replace('-', '')
  if (algorithm !== 'sha256' && algorithm !== 'sha1') return true
  const digest = createHash(algorithm).update(bytes).digest()
  const plain = value.replaceAll('=', '')
  return plain.toUpperCase() === base32(digest).replaceAll('=', '') || plain.toLowerCase() === digest.toString('hex')
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x0d || byte === 0x0a)
}
