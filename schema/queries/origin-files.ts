import { type Kysely, sql, type Transaction } from 'kysely'
import type { Database } from '../tables/database.ts'

/** Files in which an origin says what may be used of it. */
export type OriginFileKind = 'robots' | 'tdmrep'

export interface OriginFileSaid {
  origin: string
  kind: OriginFileKind
  /** As the crawl stores what it fetches. */
  rules: unknown
  verdict: 'rules' | 'allow_all'
  captureId: string
}

/**
 * Remembers what an origin's files in archives say. The newest one counts, of equally old ones that of the lesser body and
 * place, whatever the order in which archives are read.
 */
export async function enterOriginFiles(
  tx: Transaction<Database>,
  crawlNo: number,
  files: readonly OriginFileSaid[],
): Promise<void> {
  for (const { origin, kind, rules, verdict, captureId } of files) {
    const isNewer = sql`(SELECT (n.fetched_at, o.body_sha, o.source_sha, o.source_offset) > (o.fetched_at, n.body_sha, n.source_sha, n.source_offset)
      FROM capture o, capture n WHERE o.capture_id = f.capture_id AND n.capture_id = excluded.capture_id)`
    const at = sql`(SELECT fetched_at FROM capture WHERE capture_id = ${captureId})`
    await (kind === 'robots'
      ? sql`INSERT INTO robots AS f (crawl_no, origin, rules, verdict, fetched_at, capture_id)
          VALUES (${crawlNo}, ${origin}, ${JSON.stringify(rules)}::jsonb, ${verdict}, ${at}, ${captureId})
          ON CONFLICT (crawl_no, origin) DO UPDATE SET rules = excluded.rules, verdict = excluded.verdict,
            fetched_at = excluded.fetched_at, capture_id = excluded.capture_id WHERE ${isNewer}`.execute(tx)
      : sql`INSERT INTO tdm_file AS f (crawl_no, origin, rules, fetched_at, capture_id)
          VALUES (${crawlNo}, ${origin}, ${JSON.stringify(rules)}::jsonb, ${at}, ${captureId})
          ON CONFLICT (crawl_no, origin) DO UPDATE SET rules = excluded.rules, fetched_at = excluded.fetched_at,
            capture_id = excluded.capture_id WHERE ${isNewer}`.execute(tx))
  }
}

/** Whether any archive of a crawl has such a file. */
export async function hasOriginFiles(db: Kysely<Database>, crawlNo: number): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    SELECT EXISTS (SELECT 1 FROM robots WHERE crawl_no = ${crawlNo}) OR EXISTS (SELECT 1 FROM tdm_file WHERE crawl_no = ${crawlNo}) AS found`.execute(
    db,
  )
  return rows[0]?.found ?? false
}

/**
 * The newest record of a file that says something: a file, that there is none (4xx), or where it is. An overloaded or
 * broken server (429, 5xx) says nothing. Null when the archives have none.
 */
export async function newestOriginFile(
  db: Kysely<Database>,
  crawlNo: number,
  kind: OriginFileKind,
  urlSha: Buffer,
): Promise<{ url: string; redirect_sha: Buffer | null } | null> {
  const { rows } = await sql<{ url: string; redirect_sha: Buffer | null }>`
    SELECT u.url, c.redirect_sha FROM capture c JOIN url u ON u.sha = c.url_sha
    WHERE c.crawl_no = ${crawlNo} AND c.url_sha = ${urlSha} AND c.kind = ${kind}
      AND (c.redirect_sha IS NOT NULL OR c.status BETWEEN 200 AND 299 OR c.status BETWEEN 400 AND 499 AND c.status <> 429)
    ORDER BY c.fetched_at DESC, c.body_sha, c.source_sha, c.source_offset LIMIT 1`.execute(db)
  return rows[0] ?? null
}

/** The rules that an origin's TDM file has, null when none is known. */
export async function tdmFileOf(db: Kysely<Database>, crawlNo: number, origin: string): Promise<unknown> {
  const row = await db
    .selectFrom('tdm_file')
    .select('rules')
    .where('crawl_no', '=', crawlNo)
    .where('origin', '=', origin)
    .executeTakeFirst()
  return row?.rules ?? null
}
