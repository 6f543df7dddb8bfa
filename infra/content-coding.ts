import type { Duplex } from 'node:stream'
import { promisify } from 'node:util'
import zlib from 'node:zlib'
import type { FetchFault } from '../schema/contracts/reasons.ts'

/** Codings that a body may be wrapped in. More are refused: layers multiply a bomb and no honest server needs them. */
const MAX_CODINGS = 2

/** Under this size the pool of threads costs more than it saves. */
const INLINE_BYTES = 64 * 1024

/** A body under this decoded size is no bomb, whatever its ratio: tables of zeros shrink a thousandfold. */
const RATIO_FREE_BYTES = 1024 * 1024

/** `cut`: the body is the beginning of a larger one. */
export type Decoded = { ok: true; body: Buffer; cut?: boolean } | { ok: false; fault: FetchFault }

interface Coder {
  inline(bytes: Buffer, options: zlib.ZlibOptions): Buffer
  threaded(bytes: Buffer, options: zlib.ZlibOptions): Promise<Buffer>
  /** Gives what it has where the bytes end too early. */
  stream(): Duplex
}

const FLUSHED = { finishFlush: zlib.constants.Z_SYNC_FLUSH }

const GZIP: Coder = {
  inline: zlib.gunzipSync,
  threaded: promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip),
  stream: () => zlib.createGunzip(FLUSHED),
}
const ZLIB: Coder = {
  inline: zlib.inflateSync,
  threaded: promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.inflate),
  stream: () => zlib.createInflate(FLUSHED),
}
const RAW: Coder = {
  inline: zlib.inflateRawSync,
  threaded: promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.inflateRaw),
  stream: () => zlib.createInflateRaw(FLUSHED),
}
const BROTLI: Coder = {
  inline: zlib.brotliDecompressSync,
  threaded: promisify<Buffer, zlib.BrotliOptions, Buffer>(zlib.brotliDecompress),
  stream: () => zlib.createBrotliDecompress({ finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH }),
}

/** The codings of `Content-Encoding` header values in the order they were applied, lower case, without `identity`. */
export function parseCodings(values: readonly string[]): string[] {
  return values
    .join(',')
    .split(',')
    .map((token) => token.trim().toLowerCase())
    .filter((token) => token !== '' && token !== 'identity')
}

/**
 * Undoes gzip, deflate (with and without zlib header) and br. At most `maxBytes` bytes leave any layer, and at most
 * `maxRatio` times the bytes received once past 1 MiB; decoding stops there and memory stays bounded. An empty body is
 * empty in every coding. What is wrong with the bytes is a value, never an exception.
 */
export async function decodeBody(
  bytes: Buffer,
  codings: readonly string[],
  limits: { maxBytes: number; maxRatio: number },
): Promise<Decoded> {
  if (bytes.length === 0 || codings.length === 0) return { ok: true, body: bytes }
  if (codings.length > MAX_CODINGS) return failed('CODINGS_TOO_MANY', `${codings.length} content codings`)
  const maxOutputLength = mostDecodedBytes(bytes, limits)
  let body = bytes
  for (const coding of codings.toReversed()) {
    const coder = coderFor(coding, body)
    if (coder === null) return failed('CODING_UNKNOWN', `content coding ${coding.slice(0, 40)}`)
    try {
      body = await (body.length <= INLINE_BYTES
        ? coder.inline(body, { maxOutputLength })
        : coder.threaded(body, { maxOutputLength }))
    } catch (error) {
      return refusal(error, maxOutputLength < limits.maxBytes)
    }
  }
  return { ok: true, body }
}

/**
 * As `decodeBody`, of a body that may be cut (`isCut`): what it begins with, up to `maxBytes`, which decoding stops at
 * whatever the bytes would grow to.
 */
export async function decodeStart(
  bytes: Buffer,
  codings: readonly string[],
  { maxBytes, isCut }: { maxBytes: number; isCut: boolean },
): Promise<Decoded> {
  if (codings.length > MAX_CODINGS) return failed('CODINGS_TOO_MANY', `${codings.length} content codings`)
  let [body, cut] = [bytes, isCut]
  for (const coding of codings.toReversed()) {
    const coder = coderFor(coding, body)
    if (coder === null) return failed('CODING_UNKNOWN', `content coding ${coding.slice(0, 40)}`)
    const parts: Buffer[] = []
    let length = 0
    try {
      for await (const part of coder.stream().end(body)) {
        parts.push(part as Buffer)
        length += (part as Buffer).length
        if (length > maxBytes) break
      }
    } catch (error) {
      return refusal(error, false)
    }
    cut ||= length > maxBytes
    body = Buffer.concat(parts).subarray(0, maxBytes)
  }
  return { ok: true, body: body.subarray(0, maxBytes), cut: cut || body.length > maxBytes }
}

/** How many bytes `decodeBody` may make of these. */
export function mostDecodedBytes(bytes: Buffer, limits: { maxBytes: number; maxRatio: number }): number {
  const ratioBytes = Math.max(RATIO_FREE_BYTES, Math.floor(bytes.length * limits.maxRatio))
  return Math.max(1, Math.min(limits.maxBytes, ratioBytes))
}

/** How many they most likely are: gzip says it in its last four bytes (RFC 1952, ISIZE), text shrinks to a fifth or so. */
export function likelyDecodedBytes(bytes: Buffer, codings: readonly string[]): number {
  const isGzip = codings.length === 1 && (codings[0] === 'gzip' || codings[0] === 'x-gzip')
  return isGzip && bytes.length >= 18 ? bytes.readUInt32LE(bytes.length - 4) : bytes.length * 8
}

function coderFor(coding: string, bytes: Buffer): Coder | null {
  if (coding === 'gzip' || coding === 'x-gzip') return GZIP
  if (coding === 'br') return BROTLI
  if (coding !== 'deflate') return null
  return hasZlibHeader(bytes) ? ZLIB : RAW
}

/** RFC 1950 2.2: method 8, and the first two bytes a multiple of 31. */
function hasZlibHeader(bytes: Buffer): boolean {
  return bytes.length >= 2 && ((bytes[0] ?? 0) & 0x0f) === 8 && bytes.readUInt16BE(0) % 31 === 0
}

function refusal(error: unknown, byRatio: boolean): Decoded {
  const code = error instanceof Object && 'code' in error ? String(error.code) : 'UNKNOWN'
  if (code !== 'ERR_BUFFER_TOO_LARGE') return failed(code, 'content coding is broken')
  return byRatio
    ? tooLarge('BODY_RATIO', 'body grows past the ratio limit when decoded')
    : tooLarge('BODY_TOO_LARGE', 'body is over the size limit when decoded')
}

function tooLarge(errorCode: string, message: string): Decoded {
  return { ok: false, fault: { reason: 'too_large', errorCode, message } }
}

function failed(errorCode: string, message: string): Decoded {
  return { ok: false, fault: { reason: 'decode_failed', errorCode, message } }
}
