import type { FetchResponse } from '../../infra/http.ts'
import type { OptOutSignal } from '../../schema/contracts/opt-out.ts'
import { sha256 } from '../digest.ts'
import type { CaptureDraft } from './batch.ts'
import { validatorsOf } from './conditional.ts'

/** Header values longer than this say nothing that a step reads. */
const MAX_HEADER = 200

/** A response as a capture to be committed, with its archive record and no picture or facts yet. */
export function draftCapture(draft: {
  url: string
  urlSha: Buffer
  kind: CaptureDraft['capture']['kind']
  response: FetchResponse
  signals: OptOutSignal[]
  reserved: boolean
}): CaptureDraft {
  const { response } = draft
  const bodySha = sha256(response.body)
  return {
    url: draft.url,
    capture: {
      urlSha: draft.urlSha,
      kind: draft.kind,
      status: response.status,
      bodySha,
      bodyBytes: response.body.length,
      mediaType: header(response, 'content-type')?.slice(0, MAX_HEADER) ?? null,
      contentLanguage: header(response, 'content-language')?.slice(0, MAX_HEADER) ?? null,
      signals: draft.signals,
      reserved: draft.reserved,
      unavailableAfter: null,
      abuse: null,
      redirectSha: null,
      extractInput: null,
      fetchedAt: new Date(response.startedAt),
      ...validatorsOf(response.headers, response.startedAt),
    },
    record: { ...response, url: draft.url, bodySha256: bodySha.toString('hex') },
    picture: null,
    facts: null,
  }
}

/** First value of a response header, null when absent. */
export function header(response: { headers: readonly (readonly [string, string])[] }, name: string): string | null {
  return response.headers.find(([key]) => key.toLowerCase() === name)?.[1] ?? null
}
