import { type Kysely, sql } from 'kysely'
import type { ReleaseFile } from '../contracts/release-row.ts'
import type { Database } from '../tables/database.ts'

export interface NewMember {
  sample_no: number
  split: string
  leaf: Buffer
  row_sha: Buffer
}

/** Commits the rows of a shard with the artifact that holds them. Safe to run twice. */
export async function insertRows(
  db: Kysely<Database>,
  run: string,
  artifact: { shard: number; sha: Buffer; rows: number; first_key: Buffer; last_key: Buffer },
  members: readonly NewMember[],
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await tx
      .insertInto('row_artifact')
      .values({ run, ...artifact })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    await sql`INSERT INTO member (run, sample_no, split, leaf, row_sha)
      SELECT ${run}::bigint, * FROM unnest(${members.map((one) => one.sample_no)}::int[], ${members.map((one) => one.split)}::text[],
        ${members.map((one) => one.leaf)}::bytea[], ${members.map((one) => one.row_sha)}::bytea[]) AS t (sample_no, split, leaf, row_sha)
      ORDER BY 2 ON CONFLICT DO NOTHING`.execute(tx)
  })
}

export interface RowArtifact {
  shard: number
  sha: Buffer
  first_key: Buffer
  last_key: Buffer
}

/** Artifacts whose keys reach into the range (inclusive), in key order. */
export async function artifactsBetween(
  db: Kysely<Database>,
  run: string,
  first: Buffer | null,
  last: Buffer | null,
): Promise<RowArtifact[]> {
  let query = db.selectFrom('row_artifact').select(['shard', 'sha', 'first_key', 'last_key']).where('run', '=', run)
  if (first) query = query.where('last_key', '>=', first)
  if (last) query = query.where('first_key', '<=', last)
  return query.orderBy('shard').execute()
}

/** Samples of a shard of kept ones that the last choice kept. */
export async function selectedOf(db: Kysely<Database>, run: string, samples: readonly number[]): Promise<Set<number>> {
  if (samples.length === 0) return new Set()
  const rows = await db
    .selectFrom('sample_verdict')
    .select('sample_no')
    .where('run', '=', run)
    .where('stage', '=', 'select')
    .where('reason', 'is', null)
    .where('sample_no', 'in', samples as number[])
    .execute()
  return new Set(rows.map((row) => row.sample_no))
}

/** The least digest of each picture's component, for pictures that have near ones; by picture in hex. */
export async function componentsOf(
  db: Kysely<Database>,
  run: string,
  pictures: readonly Buffer[],
): Promise<Map<string, Buffer>> {
  if (pictures.length === 0) return new Map()
  const rows = await sql<{ picture: Buffer; least: Buffer }>`
    SELECT picture, least FROM component WHERE run = ${run} AND picture = ANY(${pictures as Buffer[]}::bytea[])`.execute(
    db,
  )
  return new Map(rows.rows.map((row) => [row.picture.toString('hex'), row.least]))
}

/** Safe to run twice: the same file has the same digest. */
export async function insertReleaseFile(db: Kysely<Database>, run: string, file: ReleaseFile): Promise<void> {
  await db
    .insertInto('release_file')
    .values({ run, path: file.path, sha: Buffer.from(file.sha256, 'hex'), bytes: String(file.bytes), rows: file.rows })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

export async function releaseFiles(db: Kysely<Database>, run: string): Promise<ReleaseFile[]> {
  const rows = await db
    .selectFrom('release_file')
    .select(['path', 'sha', 'bytes', 'rows'])
    .where('run', '=', run)
    .orderBy('path')
    .execute()
  return rows.map((row) => ({
    path: row.path,
    sha256: row.sha.toString('hex'),
    bytes: Number(row.bytes),
    rows: row.rows,
  }))
}

/** A sample to be traced; split and leaf are those of its row in the release, null when it has none. */
export interface TraceSubject {
  sample_no: number
  key: Buffer
  tag: string
  picture: Buffer
  split: string | null
  leaf: Buffer | null
}

/** Samples to be traced, by key. */
export async function membersForLineage(
  db: Kysely<Database>,
  run: string,
  keys: readonly Buffer[],
): Promise<TraceSubject[]> {
  const rows = await sql<TraceSubject>`
    SELECT s.sample_no, s.key, s.tag, s.picture, m.split, m.leaf FROM sample s
    LEFT JOIN member m ON m.run = s.run AND m.sample_no = s.sample_no
    WHERE s.run = ${run} AND s.key = ANY(${keys as Buffer[]}::bytea[]) ORDER BY s.sample_no`.execute(db)
  return rows.rows
}

/** Tables whose rows a recomputation must repeat, compared as sets between two runs of one release. */
export async function compareRuns(
  db: Kysely<Database>,
  first: string,
  second: string,
): Promise<{ table: string; rows: number }[]> {
  const tables: Record<string, string> = {
    candidate: 'page_no, position, image_url_sha, picture, fetch_reason, host, text_shas',
    candidate_verdict: 'page_no, position, tag, script, picture, reason, rules, kept_text, texts',
    sample: 'sample_no, key, tag, picture, page_no, position, alt_sha',
    sample_verdict: 'sample_no, stage, reason, rules',
    sample_generation: 'sample_no, task, requests, reason, outcome',
    member: 'sample_no, split, leaf, row_sha',
    run_survey: 'step, artifact',
    release_file: 'path, sha, bytes, rows',
  }
  const differences: { table: string; rows: number }[] = []
  for (const [table, columns] of Object.entries(tables)) {
    const side = (run: string) => `SELECT ${columns} FROM ${table} WHERE run = ${Number(run)}`
    const counted = await sql
      .raw<{ count: string }>(
        `SELECT count(*) FROM ((${side(first)} EXCEPT ${side(second)}) UNION ALL (${side(second)} EXCEPT ${side(first)})) d`,
      )
      .execute(db)
    const rows = Number(counted.rows[0]?.count ?? 0)
    if (rows > 0) differences.push({ table, rows })
  }
  const recomputed = await sql<{
    count: string
  }>`SELECT count(*) FROM recompute_difference WHERE run = ${second}`.execute(db)
  const facts = Number(recomputed.rows[0]?.count ?? 0)
  if (facts > 0) differences.push({ table: 'fact', rows: facts })
  return differences
}
