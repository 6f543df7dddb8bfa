import { createHash } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadSigningKey, parseVerifierKey, signNote, verifyNote } from '../../infra/signing.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signing-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const keyAt = (name = 'signer') => loadSigningKey(join(folder, 'keys', name), name)
const error = (code: string) => expect.objectContaining({ code }) as Error

/** Key and note of the Go reference implementation's documentation (golang.org/x/mod/sumdb/note). */
const REFERENCE_KEY = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz\n'
const REFERENCE_VKEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
const REFERENCE_TEXT =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
const REFERENCE_NOTE = `${REFERENCE_TEXT}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`

describe('the signing key', () => {
  it('is made once, readable by its owner alone', () => {
    const first = keyAt()
    expect(keyAt().vkey).toBe(first.vkey)
    expect(statSync(join(folder, 'keys/signer')).mode & 0o777).toBe(0o600)
    expect(statSync(join(folder, 'keys')).mode & 0o777).toBe(0o700)
    expect(readdirSync(join(folder, 'keys'))).toEqual(['signer'])
  })

  it('is refused when others can read it', () => {
    keyAt()
    chmodSync(join(folder, 'keys/signer'), 0o640)
    expect(() => keyAt()).toThrow(error('SIGNING_KEY_BAD'))
  })

  it('is refused when it is damaged', () => {
    const path = join(folder, 'bad')
    writeFileSync(path, REFERENCE_KEY.replace('c74f20a3', 'c74f20a4'), { mode: 0o600 })
    expect(() => loadSigningKey(path, 'x')).toThrow(error('SIGNING_KEY_BAD'))
  })

  it('has a name without white space and plus', () => {
    expect(() => loadSigningKey(join(folder, 'k'), 'a b')).toThrow(error('SIGNER_NAME_BAD'))
  })
})

describe('a signed note', () => {
  it('is that of the reference implementation, byte for byte', () => {
    const path = join(folder, 'reference')
    writeFileSync(path, REFERENCE_KEY, { mode: 0o600 })
    const key = loadSigningKey(path, 'unused')
    expect([key.vkey, signNote(key, REFERENCE_TEXT)]).toEqual([REFERENCE_VKEY, REFERENCE_NOTE])
    expect(verifyNote(REFERENCE_NOTE, REFERENCE_VKEY)).toEqual({ ok: true, text: REFERENCE_TEXT })
  })

  it('of another text is a bad signature', () => {
    expect(verifyNote(REFERENCE_NOTE.replace('answer', 'Answer'), REFERENCE_VKEY)).toEqual({
      ok: false,
      why: 'bad_signature',
      signers: ['PeterNeumann'],
    })
  })

  it('by another key of the same name is another signer', () => {
    const other = loadSigningKey(join(folder, 'other'), 'PeterNeumann')
    expect(verifyNote(signNote(other, REFERENCE_TEXT), REFERENCE_VKEY)).toEqual({
      ok: false,
      why: 'other_signer',
      signers: ['PeterNeumann'],
    })
  })

  it('may carry signatures of others beside the one asked for', () => {
    const line = signNote(keyAt('witness'), REFERENCE_TEXT).slice(REFERENCE_TEXT.length + 1)
    expect(verifyNote(REFERENCE_NOTE + line, REFERENCE_VKEY)).toEqual({ ok: true, text: REFERENCE_TEXT })
  })

  it.each([
    '',
    'text',
    'text\n',
    'text\n\n',
    'text\n\n- PeterNeumann x08go/ZJ\n',
    REFERENCE_NOTE.slice(0, -1),
    `${REFERENCE_NOTE}junk\n`,
    REFERENCE_NOTE.replace('x08go/', 'x08go./'),
    'text\n\n— PeterNeumann x08goA==\n',
    'text\n\n—  x08go/ZJkg==\n',
  ])('that reads %j is malformed', (note) => {
    expect(verifyNote(note, REFERENCE_VKEY)).toMatchObject({ ok: false, why: 'malformed' })
  })
})

describe('a verifier key', () => {
  it('that was mistyped is refused', () => {
    for (const vkey of [
      '',
      'PeterNeumann',
      REFERENCE_VKEY.replace('ARpc', 'ARpd'),
      REFERENCE_VKEY.replace('c7', 'd7'),
      'a+00000000+AAAA',
    ]) {
      expect(() => parseVerifierKey(vkey)).toThrow(error('VKEY_BAD'))
    }
  })

  it('of another algorithm or another length is refused', () => {
    const ofKey = (bytes: Buffer) => {
      const hash = createHash('sha256').update('signer\n').update(bytes).digest('hex').slice(0, 8)
      return `signer+${hash}+${bytes.toString('base64')}`
    }
    const key = Buffer.from(REFERENCE_VKEY.split('+').slice(2).join('+'), 'base64')
    expect(parseVerifierKey(ofKey(key)).name).toBe('signer')
    for (const bytes of [
      Buffer.concat([Buffer.of(2), key.subarray(1)]),
      key.subarray(0, 32),
      Buffer.concat([key, key]),
    ])
      expect(() => parseVerifierKey(ofKey(bytes))).toThrow(error('VKEY_BAD'))
  })

  it('never holds the secret', () => {
    const secret = (keyAt(), readFileSync(join(folder, 'keys/signer'), 'utf8')).split('+').slice(4).join('+')
    expect(keyAt().vkey).not.toContain(secret.slice(2, 20))
  })
})
