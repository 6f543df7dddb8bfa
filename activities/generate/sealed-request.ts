import { createHash } from 'node:crypto'
import { canonicalJson } from '../digest.ts'
import type { BuiltRequest, GenerationRequest } from '../../schema/contracts/generation.ts'

/** sha256 of a text's UTF-8 bytes, lowercase hex. */
export function sha256Of(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex')
}

/** Identity of a model call: sha256 of the canonical JSON of its request. Addresses and keys are not in it. */
export function requestDigest(request: GenerationRequest): string {
  return sha256Of(canonicalJson(request))
}

/** Puts a request into its canonical form, with the texts that it names by digest. */
export function sealRequest(
  request: GenerationRequest,
  schema: Record<string, unknown> | null,
  objects: BuiltRequest['objects'],
): BuiltRequest {
  const body = canonicalJson(request)
  return { digest: sha256Of(body), body, request, schema, objects }
}
