import { hash } from 'node:crypto'
import canonicalize from 'canonicalize'
import { InvariantError } from '../schema/contracts/errors.ts'

/** Canonical JSON (RFC 8785). Throws InvariantError `NOT_JSON` for what JSON cannot hold. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value)
  if (text === undefined) throw new InvariantError('NOT_JSON', 'value has no JSON form')
  return text
}

/** sha256 of bytes, or of a text's UTF-8 bytes. */
export function sha256(content: Uint8Array | string): Buffer {
  return hash('sha256', content, 'buffer')
}

/** sha256 of the canonical JSON. */
export function digestJson(value: unknown): Buffer {
  return sha256(canonicalJson(value))
}
