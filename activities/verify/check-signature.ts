import type { NoteVerdict } from '../../infra/signing.ts'
import type { ReleaseManifest } from '../../schema/contracts/release-manifest.ts'
import { checkpointText, originOf } from '../package/manifest.ts'
import type { Report } from './findings.ts'

export interface Signed {
  manifest: ReleaseManifest
  /** Bytes of `manifest.json`. */
  json: string
  /** Content of `manifest.sig`. */
  note: string
}

const WHY = {
  malformed: 'is not a signed note',
  other_signer: 'has no signature by',
  bad_signature: 'has a signature that is not good by',
} as const

/**
 * The note is signed by `vkey`, or by the signer that the manifest names when no key is given, and its text is the
 * checkpoint of this manifest and root.
 */
export function checkSignature(
  { manifest, json, note }: Signed,
  vkey: string | undefined,
  verifyNote: (note: string, vkey: string) => NoteVerdict,
  report: Report,
): string {
  const { signer } = manifest
  const verdict = verifyNote(note, vkey ?? signer.vkey)
  if (!verdict.ok) {
    const signers = verdict.signers.length > 0 ? `; it is signed by ${verdict.signers.join(', ')}` : ''
    report('manifest.sig', `${WHY[verdict.why]} ${vkey ?? signer.vkey}${signers}`)
  } else if (verdict.text !== checkpointText(originOf(manifest), manifest.tree, json)) {
    report('manifest.sig', 'does not sign this manifest: origin, size, root or digest differ')
  }
  if (vkey !== undefined && signer.vkey !== vkey) report('manifest.json', `names ${signer.vkey} as signer, not ${vkey}`)
  if (!signer.vkey.startsWith(`${signer.name}+`))
    report('manifest.json', `names the signer ${signer.name}, whose key is of another name`)
  return vkey === undefined
    ? `signed by ${signer.name}; the signer is not pinned, give --key to be sure who it is`
    : `signed by ${signer.name}, as given`
}
