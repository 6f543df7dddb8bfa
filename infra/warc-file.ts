import type { FileHandle } from 'node:fs/promises'
import zlib from 'node:zlib'
import type { ArchiveFault } from '../schema/contracts/archive-fault.ts'

export type Format = 'gzip' | 'plain'

const CHUNK_BYTES = 256 * 1024
const PLAIN_START = Buffer.from('WARC/1.')
const GZIP_START = Buffer.from([0x1f, 0x8b, 0x08])
/** Flag bits of a gzip head that RFC 1952 reserves: set, it is none. */
const RESERVED_FLAGS = 0xe0
/** Places in one stretch of garbage that look like a record and are none, after which the rest of the file is given up. */
const MAX_CANDIDATES = 10_000
/** A record's bytes out at which a member is taken for a bomb, in multiples of the largest record that is read. */
const MAX_TIMES = 16
const FIRST_LINES = /^WARC\/1\.\d\r\nWARC-/i
/** Of a member that is too large: enough to see how long its first record is. */
const HEAD_BYTES = 64 * 1024
/** Enough to see whether a member begins as a record does. */
const PEEK_BYTES = 512

/** Random reads of one file through one buffer, so that a scan reads it once and in large pieces. */
export class FileWindow {
  readonly size: number
  private readonly file: FileHandle
  private start = 0
  private bytes = Buffer.alloc(0)

  constructor(file: FileHandle, size: number) {
    this.file = file
    this.size = size
  }

  /** Up to `length` bytes at `at`, fewer at the end of the file. The result may not be kept: it is a view. */
  async read(at: number, length: number): Promise<Buffer> {
    const want = Math.max(0, Math.min(length, this.size - at))
    if (at < this.start || at + want > this.start + this.bytes.length) {
      const bytes = Buffer.alloc(Math.min(Math.max(want, CHUNK_BYTES), this.size - at))
      let filled = 0
      while (filled < bytes.length) {
        const { bytesRead } = await this.file.read(bytes, filled, bytes.length - filled, at + filled)
        if (bytesRead === 0) break
        filled += bytesRead
      }
      this.start = at
      this.bytes = bytes.subarray(0, filled)
    }
    return this.bytes.subarray(at - this.start, at - this.start + want)
  }

  /** How a record would begin here, null when none does. */
  async formatAt(at: number): Promise<Format | null> {
    const head = await this.read(at, PLAIN_START.length)
    if (head.equals(PLAIN_START)) return 'plain'
    return head.subarray(0, 3).equals(GZIP_START) && ((head[3] ?? 0) & RESERVED_FLAGS) === 0 ? 'gzip' : null
  }

  /** Bytes of line breaks from here on. */
  async lineBreaksAt(at: number): Promise<number> {
    let length = 0
    for (;;) {
      const bytes = await this.read(at + length, 4096)
      const end = bytes.findIndex((byte) => byte !== 0x0d && byte !== 0x0a)
      length += end < 0 ? bytes.length : end
      if (end >= 0 || bytes.length === 0) return length
    }
  }
}

export type Member =
  | { ok: true; plain: Buffer; length: number }
  /** A length of 0: where the member ends is not known. `head`: what a member that is too large begins with. */
  | { ok: false; fault: ArchiveFault; length: number; head: Buffer | null }

/** The gzip member (RFC 1952) at `at`, its content up to `maxBytes`. Of a larger one only the end is looked for. */
export async function inflateMemberAt(window: FileWindow, at: number, maxBytes: number): Promise<Member> {
  const bad = (fault: ArchiveFault, length = 0): Member => ({ ok: false, fault, length, head: state.head })
  const head = gzipHeadLength(await window.read(at, 64 * 1024))
  const { inflater, state } = startInflating(maxBytes)
  try {
    if (head === null) return bad(window.size - at < 18 ? 'cut_off' : 'bad_gzip')
    const isOver = () => state.bytes > maxBytes * MAX_TIMES
    for (let from = at + head; !state.ended && !state.failed && from < window.size && !isOver();) {
      const chunk = Buffer.from(await window.read(from, CHUNK_BYTES))
      from += chunk.length
      await feed(inflater, chunk)
    }
    if (state.failed) return bad('bad_gzip')
    if (!state.ended) return bad(isOver() ? 'too_large' : 'cut_off')
    const end = head + inflater.bytesWritten
    const trailer = await window.read(at + end, 8)
    if (trailer.length < 8) return bad('cut_off')
    // A member that was cut off may seem to go on, and to end, in the one after it.
    if (trailer.readUInt32LE(0) !== state.crc) return bad('bad_gzip')
    if (state.bytes > maxBytes) return bad('too_large', end + 8)
    return { ok: true, plain: Buffer.concat(state.parts, state.bytes), length: end + 8 }
  } finally {
    inflater.destroy()
  }
}

/** What leaves the inflater is kept while it is no more than `maxBytes`, and counted beyond that. */
function startInflating(maxBytes: number) {
  const inflater = zlib.createInflateRaw()
  const state = { parts: [] as Buffer[], head: null as Buffer | null, bytes: 0, crc: 0, failed: false, ended: false }
  inflater.on('data', (part: Buffer) => {
    state.bytes += part.length
    state.crc = zlib.crc32(part, state.crc)
    if (state.bytes <= maxBytes) state.parts.push(part)
    else if (state.head === null) {
      state.head = Buffer.concat([...state.parts, part]).subarray(0, HEAD_BYTES)
      state.parts = []
    }
  })
  inflater.on('error', () => {
    state.failed = true
  })
  inflater.on('end', () => {
    state.ended = true
  })
  return { inflater, state }
}

/** Returns when the chunk is used up, or the stream has ended or failed. */
function feed(inflater: zlib.InflateRaw, chunk: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      inflater.off('end', done)
      inflater.off('error', done)
      resolve()
    }
    inflater.once('end', done)
    inflater.once('error', done)
    inflater.write(chunk, done)
  })
}

/** Where the next record begins, at or after `from`; the file's size when none does. */
export async function nextRecordAt(window: FileWindow, from: number, format: Format | null): Promise<number> {
  let candidates = 0
  let at = from
  while (at < window.size) {
    const bytes = Buffer.from(await window.read(at, CHUNK_BYTES))
    for (let index = nextStart(bytes, 0, format); index >= 0; index = nextStart(bytes, index + 1, format)) {
      if (await isRecordAt(window, at + index)) return at + index
      candidates += 1
      if (candidates > MAX_CANDIDATES) return window.size
    }
    if (bytes.length < CHUNK_BYTES) return window.size
    // A start may lie across two chunks.
    at += bytes.length - PLAIN_START.length
  }
  return window.size
}

function nextStart(bytes: Buffer, from: number, format: Format | null): number {
  const gzip = format === 'plain' ? -1 : bytes.indexOf(GZIP_START, from)
  const plain = format === 'gzip' ? -1 : bytes.indexOf(PLAIN_START, from)
  return gzip < 0 ? plain : plain < 0 ? gzip : Math.min(gzip, plain)
}

/** A plain record stands at the beginning of a line, or where another was cut off and has a field next; a member inflates to the beginning of a record. */
async function isRecordAt(window: FileWindow, at: number): Promise<boolean> {
  const format = await window.formatAt(at)
  if (format === 'plain') {
    const isLineStart = at === 0 || (await window.read(at - 1, 1))[0] === 0x0a
    return isLineStart || FIRST_LINES.test((await window.read(at, 20)).toString('latin1'))
  }
  if (format === null) return false
  const bytes = await window.read(at, PEEK_BYTES)
  const head = gzipHeadLength(bytes)
  if (head === null) return false
  try {
    const options = { finishFlush: zlib.constants.Z_SYNC_FLUSH, maxOutputLength: PEEK_BYTES * 1100 }
    return zlib.inflateRawSync(bytes.subarray(head), options).subarray(0, PLAIN_START.length).equals(PLAIN_START)
  } catch {
    // It does not inflate: bytes that look like a member's head.
    return false
  }
}

/** Null when the bytes hold no whole head of a member. */
function gzipHeadLength(bytes: Buffer): number | null {
  if (bytes.length < 18 || !bytes.subarray(0, 3).equals(GZIP_START)) return null
  const flags = bytes[3] ?? 0
  let at = 10
  if ((flags & 4) !== 0) {
    if (bytes.length < at + 2) return null
    at += 2 + bytes.readUInt16LE(at)
  }
  for (const flag of [8, 16]) {
    if ((flags & flag) === 0) continue
    const end = bytes.indexOf(0, at)
    if (end < 0) return null
    at = end + 1
  }
  return (flags & 2) !== 0 ? at + 2 : at
}
