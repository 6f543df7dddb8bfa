import type { Message } from '../../infra/warc-message.ts'
import type { ScannedRecord } from '../../infra/warc-scan.ts'
import type { ArchiveFault } from '../../schema/contracts/archive-fault.ts'
import type { OriginFileKind } from '../../schema/queries/origin-files.ts'
import type { FetchResponse } from '../../infra/http.ts'
import type { InterpretDeps } from './interpret.ts'
import { ROBOTS_LIMITS } from './robots-text.ts'
import { TDM_FILE } from './tdm-file.ts'

/** A record of an archive as far as a crawl has use for it. */
export type ArchiveRecord =
  | { kind: 'response'; target: Target; file: OriginFileKind | null; response: FetchResponse }
  /** Of the response only the head: the body stands in another record. */
  | { kind: 'revisit'; target: Target; response: FetchResponse }
  | { kind: 'skip' }
  | { kind: 'fault'; fault: ArchiveFault; url: string | null }

export type Target = NonNullable<ReturnType<InterpretDeps['place']>>

export interface RecordReader {
  interpret: Pick<InterpretDeps, 'place'>
  files: {
    readMessage(
      record: { fields: [string, string][]; block: Buffer },
      maxBodyBytes: number,
      cut?: boolean,
    ): Promise<Message>
  }
  maxBodyBytes: number
}

/** The URL that a record is of, null when it has none that a crawl takes. */
export function targetOf(
  { interpret }: Pick<RecordReader, 'interpret'>,
  record: Extract<ScannedRecord, { kind: 'record' }>,
): Target | null {
  const written = record.fields.find(([name]) => name.toLowerCase() === 'warc-target-uri')?.[1] ?? ''
  return interpret.place(written.replace(/^<|>$/g, ''))
}

/** Which file of its origin a URL is, null for all others. */
export function originFileOf(url: string): OriginFileKind | null {
  const { pathname, search } = new URL(url)
  if (search !== '') return null
  return pathname === '/robots.txt' ? 'robots' : pathname === TDM_FILE ? 'tdmrep' : null
}

/** Reads a whole record; of a robots.txt as much as of one that is fetched. */
export async function readRecord(reader: RecordReader, scanned: ScannedRecord): Promise<ArchiveRecord> {
  if (scanned.kind === 'fault') return { kind: 'fault', fault: scanned.fault, url: null }
  const target = targetOf(reader, scanned)
  const file = target && originFileOf(target.url)
  const { maxBodyBytes, cut } = file === 'robots' ? ROBOTS_LIMITS : { maxBodyBytes: reader.maxBodyBytes, cut: false }
  const message = await reader.files.readMessage(scanned, maxBodyBytes, cut)
  if (message.kind === 'skip') return { kind: 'skip' }
  if (message.kind === 'fault') return { kind: 'fault', fault: message.fault, url: target?.url ?? null }
  if (!target) return { kind: 'fault', fault: 'bad_url', url: null }
  const response = { ...message.response, url: target.url }
  return message.kind === 'revisit'
    ? { kind: 'revisit', target, response }
    : { kind: 'response', target, file, response }
}
