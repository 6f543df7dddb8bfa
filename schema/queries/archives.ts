import { type Kysely, sql, type Transaction } from 'kysely'
import type { ArchiveFault } from '../contracts/archive-fault.ts'
import type { Database } from '../tables/database.ts'

export interface ArchiveWork {
  site_no: number
  sha: Buffer
  file: string
  /** Null until its digest was checked. */
  bytes: number | null
  next_offset: number
  done: boolean
  /** How far it was searched for files of origins. */
  files_offset: number
  files_done: boolean
  /** Other archives of the crawl that are still searched: until then nobody knows what may be used. */
  others_searched: boolean
}

/** The archive that a shard is for; undefined for a shard of hosts. */
export async function archiveOfShard(
  db: Kysely<Database>,
  crawlNo: number,
  shard: number,
): Promise<ArchiveWork | undefined> {
  const found = await sql<ArchiveWork>`
    SELECT a.site_no, a.sha, a.file, a.bytes::float8 AS bytes, a.next_offset::float8 AS next_offset, a.done,
      a.files_offset::float8 AS files_offset, a.files_done,
      EXISTS (SELECT 1 FROM crawl_archive o WHERE o.crawl_no = a.crawl_no AND o.site_no <> a.site_no AND NOT o.files_done) AS others_searched
    FROM site s JOIN crawl_archive a USING (crawl_no, site_no) WHERE s.crawl_no = ${crawlNo} AND s.shard = ${shard}`.execute(
    db,
  )
  return found.rows[0]
}

/** Remembers that the file was found to have its digest, and how long it is. */
export async function recordArchiveSize(
  db: Kysely<Database>,
  crawlNo: number,
  siteNo: number,
  bytes: number,
): Promise<void> {
  await sql`UPDATE crawl_archive SET bytes = ${bytes} WHERE crawl_no = ${crawlNo} AND site_no = ${siteNo}`.execute(db)
}

export interface ArchiveProgress {
  nextOffset: number
  done: boolean
  records: number
  used: number
  faults: { at: number; length: number; reason: ArchiveFault; url: string | null }[]
}

/** Goes on from `from` to where a batch ended. False when another run was there before: nothing is changed then. */
export async function advanceArchive(
  tx: Transaction<Database>,
  crawlNo: number,
  siteNo: number,
  from: number,
  progress: ArchiveProgress,
): Promise<boolean> {
  const { faults } = progress
  const moved = await sql`
    UPDATE crawl_archive SET next_offset = ${progress.nextOffset}, done = ${progress.done}, records = records + ${progress.records},
      used = used + ${progress.used}, faults = faults + ${faults.length}
    WHERE crawl_no = ${crawlNo} AND site_no = ${siteNo} AND next_offset = ${from} AND NOT done`.execute(tx)
  if (Number(moved.numAffectedRows ?? 0n) !== 1) return false
  await sql`INSERT INTO archive_fault (crawl_no, site_no, at, length, reason, url)
    SELECT ${crawlNo}::int, ${siteNo}::int, * FROM unnest(${faults.map((one) => one.at)}::bigint[], ${faults.map((one) => one.length)}::bigint[],
      ${faults.map((one) => one.reason)}::text[], ${faults.map((one) => one.url)}::text[]) AS t (at, length, reason, url)
    ON CONFLICT DO NOTHING`.execute(tx)
  return true
}

export interface ImportedUrl {
  sha: Buffer
  url: string
  host: string
  shard: number
  /** `file`: of an origin, wanted for itself by nobody. */
  kind: 'page' | 'picture' | 'other' | 'file'
  reason: string | null
  detail: string | null
  captureId: string
}

/** A URL whose records are left where they are, by a rule of its origin. */
export type ExcludedUrl = Pick<ImportedUrl, 'sha' | 'url' | 'host' | 'shard' | 'reason' | 'detail'> & {
  kind: 'page' | 'picture' | 'other'
}

/** Enters what a rule keeps out as excluded URLs. Rules hold for every record of a URL, so the first one stands. */
export async function enterExcluded(
  tx: Transaction<Database>,
  crawlNo: number,
  siteNo: number,
  excluded: readonly ExcludedUrl[],
): Promise<void> {
  if (excluded.length === 0) return
  await enterUrls(tx, crawlNo, excluded)
  await sql`
    INSERT INTO frontier (crawl_no, url_sha, shard, site_no, host, page, picture, depth, admitted, state, reason, detail)
    SELECT DISTINCT ON (t.sha) ${crawlNo}::int, t.sha, t.shard, ${siteNo}::int, t.host, t.kind <> 'picture', t.kind = 'picture', 0, true,
      'excluded', t.reason, t.detail
    FROM unnest(${excluded.map((one) => one.sha)}::bytea[], ${excluded.map((one) => one.shard)}::smallint[],
      ${excluded.map((one) => one.host)}::text[], ${excluded.map((one) => one.kind)}::text[], ${excluded.map((one) => one.reason)}::text[],
      ${excluded.map((one) => one.detail)}::text[]) AS t (sha, shard, host, kind, reason, detail)
    ORDER BY t.sha ON CONFLICT DO NOTHING`.execute(tx)
}

async function enterUrls(
  tx: Transaction<Database>,
  crawlNo: number,
  urls: readonly Pick<ImportedUrl, 'sha' | 'url' | 'host' | 'shard'>[],
): Promise<void> {
  await sql`INSERT INTO url (sha, url) SELECT DISTINCT * FROM unnest(${urls.map((one) => one.sha)}::bytea[], ${urls.map((one) => one.url)}::text[]) AS t (sha, url)
    ORDER BY sha ON CONFLICT DO NOTHING`.execute(tx)
  await sql`INSERT INTO crawl_host (crawl_no, host, shard)
    SELECT DISTINCT ON (host) ${crawlNo}::int, host, shard
    FROM unnest(${urls.map((one) => one.host)}::text[], ${urls.map((one) => one.shard)}::int[]) AS t (host, shard)
    ORDER BY host ON CONFLICT DO NOTHING`.execute(tx)
}

/**
 * Enters what was taken from an archive as done URLs. Of several records of one URL the newest stands, of equally old
 * ones that of the lesser body and place, whatever the order in which archives are read.
 */
export async function enterImported(
  tx: Transaction<Database>,
  crawlNo: number,
  siteNo: number,
  imported: readonly ImportedUrl[],
): Promise<void> {
  if (imported.length === 0) return
  const shas = imported.map((one) => one.sha)
  await enterUrls(tx, crawlNo, imported)
  await sql`
    INSERT INTO frontier AS f (crawl_no, url_sha, shard, site_no, host, page, picture, depth, admitted, state, reason, detail, attempts, capture_id)
    SELECT DISTINCT ON (t.sha) ${crawlNo}::int, t.sha, t.shard, ${siteNo}::int, t.host, t.kind IN ('page', 'other'), t.kind = 'picture', 0, true, 'done',
      t.reason, t.detail, 1, t.capture_id
    FROM unnest(${shas}::bytea[], ${imported.map((one) => one.shard)}::smallint[], ${imported.map((one) => one.host)}::text[],
      ${imported.map((one) => one.kind)}::text[], ${imported.map((one) => one.reason)}::text[],
      ${imported.map((one) => one.detail)}::text[], ${imported.map((one) => one.captureId)}::bigint[])
      AS t (sha, shard, host, kind, reason, detail, capture_id)
    JOIN capture c ON c.capture_id = t.capture_id
    ORDER BY t.sha, c.fetched_at DESC, c.body_sha, c.source_sha, c.source_offset
    ON CONFLICT (crawl_no, url_sha) DO UPDATE SET site_no = excluded.site_no, page = excluded.page, picture = excluded.picture,
      reason = excluded.reason, detail = excluded.detail, capture_id = excluded.capture_id
    WHERE EXISTS (SELECT 1 FROM capture o, capture n WHERE o.capture_id = f.capture_id AND n.capture_id = excluded.capture_id
      AND (n.fetched_at > o.fetched_at OR (n.fetched_at = o.fetched_at
        AND (n.body_sha, n.source_sha, n.source_offset) < (o.body_sha, o.source_sha, o.source_offset))))`.execute(tx)
}

export interface ArchiveCounts {
  file: string
  sha256: string
  declared: string
  bytes: number | null
  read_bytes: number
  done: boolean
  /** As the two before, of the search for robots.txt and TDM files, which comes before. */
  searched_bytes: number
  searched: boolean
  /** Bytes that neither of the two has come to, each counted; null before the file was opened. */
  left_bytes: number | null
  records: number
  used: number
  faults: number
}

export interface ListedFault {
  file: string
  at: number
  length: number
  reason: string
  url: string | null
}

/** Goes on with the search for files of origins; as `advanceArchive`. */
export async function advanceSearch(
  tx: Transaction<Database>,
  crawlNo: number,
  siteNo: number,
  from: number,
  progress: { nextOffset: number; done: boolean; used: number },
): Promise<boolean> {
  const moved = await sql`
    UPDATE crawl_archive SET files_offset = ${progress.nextOffset}, files_done = ${progress.done}, used = used + ${progress.used}
    WHERE crawl_no = ${crawlNo} AND site_no = ${siteNo} AND files_offset = ${from} AND NOT files_done`.execute(tx)
  return Number(moved.numAffectedRows ?? 0n) === 1
}

/** A crawl's archives, and how far each is read. */
export async function listArchives(db: Kysely<Database>, crawlNo: number): Promise<ArchiveCounts[]> {
  const { rows } = await sql<ArchiveCounts>`
    SELECT a.file, encode(a.sha, 'hex') AS sha256, s.declared, a.bytes::float8 AS bytes, a.next_offset::float8 AS read_bytes, a.done,
      a.files_offset::float8 AS searched_bytes, a.files_done AS searched,
      (CASE WHEN a.done THEN 0 ELSE a.bytes - a.next_offset + CASE WHEN a.files_done THEN 0 ELSE a.bytes - a.files_offset END END)::float8 AS left_bytes,
      a.records::float8 AS records, a.used::float8 AS used, a.faults::float8 AS faults
    FROM crawl_archive a JOIN site s USING (crawl_no, site_no) WHERE a.crawl_no = ${crawlNo} ORDER BY a.site_no`.execute(
    db,
  )
  return rows
}

/** A crawl's archives, how far each is read, and the first `limit` places where one could not be. */
export async function countArchives(
  db: Kysely<Database>,
  crawlNo: number,
  limit: number,
): Promise<{ archives: ArchiveCounts[]; reasons: { reason: string; count: number }[]; faults: ListedFault[] }> {
  const archives = await listArchives(db, crawlNo)
  if (archives.length === 0) return { archives: [], reasons: [], faults: [] }
  const reasons = await sql<{ reason: string; count: number }>`
    SELECT reason, count(*)::float8 AS count FROM archive_fault WHERE crawl_no = ${crawlNo} GROUP BY 1 ORDER BY 1`.execute(
    db,
  )
  const faults = await sql<ListedFault>`
    SELECT a.file, f.at::float8 AS at, f.length::float8 AS length, f.reason, f.url
    FROM archive_fault f JOIN crawl_archive a USING (crawl_no, site_no) WHERE f.crawl_no = ${crawlNo}
    ORDER BY f.site_no, f.at LIMIT ${limit}`.execute(db)
  return { archives, reasons: reasons.rows, faults: faults.rows }
}
