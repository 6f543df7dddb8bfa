import type { ColumnType, Generated } from 'kysely'

/** Timestamps come as Date and go in as Date or ISO text. */
type Timestamp = ColumnType<Date, Date | string | undefined, Date | string>
type Json<T> = ColumnType<T, string, string>

export interface CrawlTable {
  crawl_no: Generated<number>
  id: string
  dataset: string
  section_sha: Buffer
  seq: number
  section: Json<unknown>
  shards: number
  created_at: Timestamp
}

export type CrawlState = 'running' | 'paused' | 'partial' | 'done' | 'frozen' | 'cancelled' | 'failed'

export interface CrawlStateTable {
  crawl_no: number
  state: CrawlState
  paused: boolean
  note: string | null
  /** Code of the fault that `note` is the words of. */
  note_code: string | null
  updated_at: Timestamp
}

export interface CaptureTable {
  capture_id: Generated<string>
  crawl_no: number
  url_sha: Buffer
  kind: 'page' | 'picture' | 'sitemap' | 'robots' | 'tdmrep' | 'other'
  status: number
  body_sha: Buffer | null
  body_bytes: string
  media_type: string | null
  content_language: string | null
  signals: Json<unknown>
  reserved: boolean
  unavailable_after: Timestamp | null
  abuse: string | null
  redirect_sha: Buffer | null
  extract_input: Buffer | null
  warc_sha: Buffer | null
  warc_offset: string | null
  warc_length: number | null
  fetched_at: Timestamp
  etag: string | null
  last_modified: string | null
  /** The capture that a 304 confirmed. */
  confirms: string | null
  /** What the headers of 304s said otherwise than the record in `warc_sha`. */
  renewed: Json<unknown>
  revisit_sha: Buffer | null
  revisit_offset: string | null
  revisit_length: number | null
  /** The archive that it was taken from, and the record there; null of what was fetched. */
  source_sha: Buffer | null
  source_offset: string | null
  source_length: string | null
}

/** An archive that a crawl takes captures from, as a site. */
export interface CrawlArchiveTable {
  crawl_no: number
  site_no: number
  sha: Buffer
  file: string
  /** Known once its digest was checked. */
  bytes: string | null
  /** Everything before it is committed. */
  next_offset: Generated<string>
  done: Generated<boolean>
  records: Generated<string>
  /** Records that became captures. */
  used: Generated<string>
  faults: Generated<string>
  /** As `next_offset` and `done`, of the pass over the files that say what may be used. */
  files_offset: Generated<string>
  files_done: Generated<boolean>
}

/** A stretch of an archive that could not be used. */
export interface ArchiveFaultTable {
  crawl_no: number
  site_no: number
  at: string
  length: string
  reason: string
  url: string | null
}

export interface CrawlFreezeTable {
  crawl_no: number
  digest: Buffer
  entries: string
  pages: string
  pictures: string
  frozen_at: Timestamp
}

export interface FrozenCaptureTable {
  crawl_no: number
  url_sha: Buffer
  capture_id: string
}

export interface SiteTable {
  crawl_no: number
  site_no: number
  scope_key: string
  shard: number
  declared: string
  depth: Generated<number>
  closed: Generated<boolean>
}

export interface ShardLeaseTable {
  crawl_no: number
  shard: number
  owner: string
  fence: string
  until: Timestamp
}

export interface CrawlHostTable {
  crawl_no: number
  host: string
  shard: number
  suspended_until: Timestamp | null
  /** Failures of the connection since the last answer. */
  failures: Generated<number>
  /** It has answered at least once. */
  answered: Generated<boolean>
  failing_since: Timestamp | null
  suspensions: Generated<number>
  /** What the last failure was, for people. */
  fault: string | null
  /** Its class, as the retry policy names it. */
  fault_class: string | null
  given_up_at: Timestamp | null
  /** Where it was last found; null before its name was resolved. */
  address: string | null
}

export interface RobotsTable {
  crawl_no: number
  origin: string
  rules: Json<unknown>
  verdict: 'rules' | 'allow_all' | 'disallow_all'
  fetched_at: Timestamp
  capture_id: string | null
}

/** What an origin's TDM file says. */
export interface TdmFileTable {
  crawl_no: number
  origin: string
  rules: Json<unknown>
  fetched_at: Timestamp
  capture_id: string | null
}

export type FrontierState = 'found' | 'pending' | 'leased' | 'retry' | 'done' | 'failed' | 'excluded'

export interface FrontierTable {
  crawl_no: number
  url_sha: Buffer
  shard: number
  site_no: number | null
  host: string
  page: boolean
  picture: boolean
  sitemap: boolean
  depth: number
  admitted: boolean
  redirects: number
  state: FrontierState
  reason: string | null
  detail: string | null
  /** Class of the error that it waits for or was given up with, as the retry policy names it. */
  class: string | null
  attempts: number
  first_tried: Timestamp | null
  next_at: Timestamp
  seed: boolean
  declared: string | null
  from_sha: Buffer | null
  capture_id: string | null
  /** The part of its host that a page counts to; `!` and the reason for what a trap made. */
  branch: Generated<string | null>
}

/** How many pages a part of a host, or a host (`''`), has earned. */
export interface PageBranchTable {
  crawl_no: number
  site_no: number
  host: string
  branch: string
  allowed: number
}

export interface CrawlAttemptTable {
  attempt_no: Generated<string>
  crawl_no: number
  url_sha: Buffer
  attempts: number
  outcome: 'retry' | 'failed' | 'excluded' | 'given_up' | 'put_back'
  reason: string | null
  class: string | null
  detail: string | null
  next_at: Timestamp | null
  capture_id: string | null
  at: Timestamp
}

/** What a statement changed of the numbers of `frontier`; leased counts as pending. */
export interface FrontierTallyTable {
  crawl_no: number
  state: FrontierState
  reason: string | null
  class: string | null
  urls: string
  at: Timestamp
}

export interface CaptureTallyTable {
  crawl_no: number
  kind: CaptureTable['kind']
  captures: string
  bytes: string
  at: Timestamp
}

export interface UrlTable {
  sha: Buffer
  url: string
}

/** Requests a second that a server let pass when it last refused some. */
/** A process that crawls: taken for dead after `until`. */
export interface CrawlProcessTable {
  process: string
  until: Timestamp
}

/** Which process may ask an address, null when none does. */
export interface AddressLeaseTable {
  address: string
  holder: string | null
  /** When the next request may start there. */
  next_at: Timestamp
  /** The longest gap between two starts that was kept there, milliseconds. */
  gap_ms: Generated<number>
  /** The pace that refusals taught, as in `server_pace`; null without one. */
  base: number | null
  window_ms: number | null
  refused_at: Timestamp | null
}

/** The queue of those that wait for an address. */
export interface AddressWantTable {
  address: string
  process: string
  since: Timestamp
}

export interface ServerPaceTable {
  crawl_no: number
  address: string
  base: number
  window_ms: number
  refused_at: Timestamp
}
