import type { FetchResponse } from '../../infra/http.ts'
import type { ArchivedRevisit } from '../../infra/warc.ts'
import { AppError } from '../../schema/contracts/errors.ts'
import type { BaseCapture } from '../../schema/queries/base-captures.ts'
import { sha256 } from '../digest.ts'
import type { CaptureDraft } from './batch.ts'
import { confirmedResponse, confirms, differingHeaders, renewHeaders, type Validators } from './conditional.ts'

/** A response as the archive has it. */
export interface ArchivedRecord {
  recordId: string
  date: string
  payloadDigest: string | null
  status: number
  statusText: string
  headers: [string, string][]
  body: Buffer
}

/** A 304 with what it confirms. */
export interface Confirmed {
  base: BaseCapture
  /** What the 304 stands for, to be read like any other response. */
  response: FetchResponse
  /** Headers by which it differs from the archived record. */
  renewed: [string, string][]
  record: ArchivedRevisit
}

export interface Revisits {
  /** What an earlier crawl of the section has of the URL, null when it must be asked for without condition. */
  baseOf(urlSha: Buffer): Promise<BaseCapture | null>
  /** Null when the answer confirms nothing that can be read: then the URL is asked for again without condition. */
  confirm(base: BaseCapture, response: FetchResponse): Promise<Confirmed | null>
}

export interface RevisitDeps {
  /** By hex digest of the URL. */
  find(urls: readonly Buffer[]): Promise<Map<string, BaseCapture>>
  read(place: { sha: Buffer; offset: number; length: number }): Promise<ArchivedRecord>
}

export const validatorsOfBase = ({ etag, last_modified }: BaseCapture): Validators => ({
  etag,
  lastModified: last_modified,
})

/** Of a crawl that has none before it. */
export const NO_REVISITS: Revisits = { baseOf: () => Promise.resolve(null), confirm: () => Promise.resolve(null) }

/** Conditional requests against an earlier crawl. URLs that are asked about in one turn of the loop are one query. */
export function createRevisits(deps: RevisitDeps): Revisits {
  let waiting: { urlSha: Buffer; found: (base: BaseCapture | null) => void; failed: (error: unknown) => void }[] = []

  function flush(): void {
    const asked = waiting
    waiting = []
    deps.find(asked.map(({ urlSha }) => urlSha)).then(
      (bases) => {
        for (const { urlSha, found } of asked) found(bases.get(urlSha.toString('hex')) ?? null)
      },
      (error: unknown) => {
        for (const { failed } of asked) failed(error)
      },
    )
  }

  function baseOf(urlSha: Buffer): Promise<BaseCapture | null> {
    return new Promise((found, failed) => {
      if (waiting.length === 0) setImmediate(flush)
      waiting.push({ urlSha, found, failed })
    })
  }

  async function confirm(base: BaseCapture, response: FetchResponse): Promise<Confirmed | null> {
    if (!confirms(validatorsOfBase(base), response)) return null
    const place = { sha: base.warc_sha, offset: base.warc_offset, length: base.warc_length }
    const archived = await deps.read(place).catch((error: unknown) => {
      if (isLost(error)) return null
      throw error
    })
    if (archived === null || !sha256(archived.body).equals(base.body_sha)) return null
    const { recordId, date, payloadDigest } = archived
    const known = { ...archived, headers: renewHeaders(archived.headers, base.renewed) }
    const confirmed = confirmedResponse(known, response)
    return {
      base,
      response: confirmed,
      renewed: differingHeaders(archived.headers, confirmed.headers),
      record: { ...response, refersTo: { recordId, date, url: response.url }, payloadDigest },
    }
  }

  return { baseOf, confirm }
}

/** The draft of a confirmed capture: its bytes lie where they lay, the archive gets a `revisit` record. */
export function asRevisit(draft: CaptureDraft, { base, renewed, record }: Confirmed): CaptureDraft {
  const place = { sha: base.warc_sha, offset: base.warc_offset, length: base.warc_length }
  return {
    ...draft,
    capture: { ...draft.capture, confirms: base.capture_id, renewed },
    record: null,
    // What may not be archived (a picture that is reserved by now) has no place there either.
    revisit: draft.record === null ? null : { record, body: place },
  }
}

const LOST = new Set(['OBJECT_MISSING', 'OBJECT_CORRUPT', 'WARC_CORRUPT', 'WARC_DIGEST_MISMATCH'])
const isLost = (error: unknown) => error instanceof AppError && LOST.has(error.code)
