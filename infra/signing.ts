import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto'
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { randomUUID } from 'node:crypto'
import { dirname } from 'node:path'
import { PermanentError } from '../schema/contracts/errors.ts'

/**
 * Signed notes and note keys as C2SP signed-note defines them, with Ed25519 (algorithm byte 1). Signing is
 * deterministic: the same key and text give the same note.
 */
export interface SigningKey {
  name: string
  /** Verifier key: `name+hash+base64`, the text that goes to people who verify. */
  vkey: string
  privateKey: KeyObject
}

const ED25519 = 1
/** DER around a raw Ed25519 key (RFC 8410). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')
const SEED_BYTES = 32

/**
 * The signing key in the file at `path`; made there, with mode 0600, when there is none. Two processes that make it at
 * once end with the same key. PermanentError: SIGNING_KEY_BAD when the file is not a key or other people can read it.
 */
export function loadSigningKey(path: string, name: string): SigningKey {
  try {
    return readSigningKey(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  makeSigningKey(path, name)
  return readSigningKey(path)
}

function makeSigningKey(path: string, name: string): void {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const seed = privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(-SEED_BYTES)
  const { hash } = verifierKey(name, publicKey)
  const text = `PRIVATE+KEY+${name}+${hash}+${Buffer.concat([Buffer.of(ED25519), seed]).toString('base64')}\n`
  const temporary = `${path}.${randomUUID()}`
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  writeFileSync(temporary, text, { mode: 0o600, flag: 'wx', flush: true })
  try {
    chmodSync(temporary, 0o600)
    linkSync(temporary, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error // another process made it first
  } finally {
    rmSync(temporary)
  }
}

function readSigningKey(path: string): SigningKey {
  const text = readFileSync(path, 'utf8')
  const bad = (why: string) => new PermanentError('SIGNING_KEY_BAD', `signing key ${path} ${why}`, { path })
  if ((statSync(path).mode & 0o077) !== 0) throw bad('can be read by others; run chmod 600 on it')
  const match = /^PRIVATE\+KEY\+([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})\n$/.exec(text)
  const secret = Buffer.from(match?.[3] ?? '', 'base64')
  if (!match || secret.length !== SEED_BYTES + 1 || secret[0] !== ED25519) throw bad('is not an Ed25519 note key')
  const privateKey = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, secret.subarray(1)]),
    format: 'der',
    type: 'pkcs8',
  })
  const { hash, vkey } = verifierKey(match[1]!, createPublicKey(privateKey))
  if (hash !== match[2]) throw bad('does not match its own hash')
  return { name: match[1]!, vkey, privateKey }
}

function verifierKey(name: string, publicKey: KeyObject): { hash: string; vkey: string } {
  if (!/^[^\s+]+$/u.test(name))
    throw new PermanentError('SIGNER_NAME_BAD', `signer name "${name}" is empty or has white space or a plus`)
  const key = Buffer.concat([
    Buffer.of(ED25519),
    publicKey.export({ type: 'spki', format: 'der' }).subarray(-SEED_BYTES),
  ])
  const hash = keyHash(name, key).toString('hex')
  return { hash, vkey: `${name}+${hash}+${key.toString('base64')}` }
}

/** First 4 bytes of SHA-256(name ‖ newline ‖ algorithm ‖ public key). */
function keyHash(name: string, key: Uint8Array): Buffer {
  return createHash('sha256').update(`${name}\n`).update(key).digest().subarray(0, 4)
}

interface Verifier {
  name: string
  hash: Buffer
  publicKey: KeyObject
}

/** PermanentError VKEY_BAD when the text is not a verifier key for Ed25519. */
export function parseVerifierKey(vkey: string): Verifier {
  const match = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/u.exec(vkey)
  const key = Buffer.from(match?.[3] ?? '', 'base64')
  const bad = (why: string) =>
    new PermanentError('VKEY_BAD', `verifier key "${vkey}" ${why}; expected name+hash+base64`, { vkey })
  if (!match || key.length !== SEED_BYTES + 1 || key[0] !== ED25519) throw bad('is not an Ed25519 note key')
  const hash = keyHash(match[1]!, key)
  if (hash.toString('hex') !== match[2]) throw bad('does not match its own hash')
  const publicKey = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, key.subarray(1)]), format: 'der', type: 'spki' })
  return { name: match[1]!, hash, publicKey }
}

/** The note: text, blank line, one signature line. The text must end with a newline. */
export function signNote(key: SigningKey, text: string): string {
  const { hash } = parseVerifierKey(key.vkey)
  const signature = sign(null, Buffer.from(text), key.privateKey)
  return `${text}\n— ${key.name} ${Buffer.concat([hash, signature]).toString('base64')}\n`
}

export type NoteVerdict =
  | { ok: true; text: string }
  /** `signers`: who signed, as far as the note says. */
  | { ok: false; why: 'malformed' | 'other_signer' | 'bad_signature'; signers: string[] }

/**
 * Whether the note carries a good signature by `vkey`. Other signatures beside it are passed over, as the form asks;
 * any bad one in the verifier's own name is refused.
 */
export function verifyNote(note: string, vkey: string): NoteVerdict {
  const { name, hash, publicKey } = parseVerifierKey(vkey)
  const parsed = parseNote(note)
  if (!parsed) return { ok: false, why: 'malformed', signers: [] }
  const signers = parsed.signatures.map((signature) => signature.name)
  const own = parsed.signatures.filter(
    (signature) => signature.name === name && signature.bytes.subarray(0, 4).equals(hash),
  )
  if (own.length === 0) return { ok: false, why: 'other_signer', signers }
  const good = own.every(({ bytes }) => verify(null, Buffer.from(parsed.text), publicKey, bytes.subarray(4)))
  return good ? { ok: true, text: parsed.text } : { ok: false, why: 'bad_signature', signers }
}

function parseNote(note: string): { text: string; signatures: { name: string; bytes: Buffer }[] } | undefined {
  const split = note.lastIndexOf('\n\n')
  if (split < 0 || !note.endsWith('\n')) return undefined
  const lines = note.slice(split + 2, -1).split('\n')
  const signatures = lines.map((line) => {
    const [dash, name, base64, ...rest] = line.split(' ')
    const bytes = Buffer.from(base64 ?? '', 'base64')
    return dash === '—' && name && rest.length === 0 && bytes.length > 4 && bytes.toString('base64') === base64
      ? { name, bytes }
      : undefined
  })
  return signatures.every((each) => each !== undefined) ? { text: note.slice(0, split + 1), signatures } : undefined
}
