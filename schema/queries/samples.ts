import { type Kysely, sql } from 'kysely'
import type { Database } from '../tables/database.ts'
import type { SampleTable, VerdictStage } from '../tables/release.table.ts'

export interface SampleGroup {
  tag: string
  picture: Buffer
  script: string
  page_no: number
  position: number
  /** The kept native text, null when the sample has none. */
  text: string | null
  host: string
}

const GROUPS = 2_000

/** One row a (tag, picture): its first candidate with a kept text, else its first, by (source rank, page digest, URL, position). */
export async function* sampleGroups(db: Kysely<Database>, run: string): AsyncGenerator<SampleGroup[]> {
  let after: { tag: string; picture: Buffer } = { tag: '', picture: Buffer.alloc(0) }
  for (;;) {
    const rows = await sql<SampleGroup>`
      SELECT DISTINCT ON (v.tag, v.picture) v.tag, v.picture, v.script, v.page_no, v.position,
        v.texts -> v.kept_text ->> 'text' AS text, c.host
      FROM candidate_verdict v JOIN candidate c USING (run, page_no, position)
      WHERE v.run = ${run} AND v.reason IS NULL AND v.picture IS NOT NULL AND (v.tag, v.picture) > (${after.tag}, ${after.picture}::bytea)
      ORDER BY v.tag, v.picture, (v.kept_text IS NULL), v.page_no, v.position LIMIT ${GROUPS}`.execute(db)
    const last = rows.rows.at(-1)
    if (!last) return
    yield rows.rows
    after = { tag: last.tag, picture: last.picture }
  }
}

export interface KeyedSample extends SampleGroup {
  key: Buffer
  alt_sha: Buffer | null
}

/** Collects keyed samples aside, then numbers them by key: the order of shards, files and the Merkle tree. Safe to run twice. */
export async function insertSamples(
  db: Kysely<Database>,
  run: string,
  batches: AsyncIterable<KeyedSample[]>,
): Promise<number> {
  return db.connection().execute(async (connection) => {
    await sql`CREATE TEMP TABLE IF NOT EXISTS keyed_sample (key bytea, tag text, script text, picture bytea, page_no int, position int, alt_sha bytea, host text)`.execute(
      connection,
    )
    await sql`TRUNCATE keyed_sample`.execute(connection)
    for await (const batch of batches) {
      await sql`INSERT INTO keyed_sample SELECT * FROM unnest(${batch.map((one) => one.key)}::bytea[], ${batch.map((one) => one.tag)}::text[],
        ${batch.map((one) => one.script)}::text[], ${batch.map((one) => one.picture)}::bytea[], ${batch.map((one) => one.page_no)}::int[],
        ${batch.map((one) => one.position)}::int[], ${batch.map((one) => one.alt_sha)}::bytea[], ${batch.map((one) => one.host)}::text[])`.execute(
        connection,
      )
    }
    await sql`
      INSERT INTO sample (run, sample_no, key, tag, script, picture, page_no, position, alt_sha, host)
      SELECT ${run}::bigint, row_number() OVER (ORDER BY key) - 1, key, tag, script, picture, page_no, position, alt_sha, host
      FROM keyed_sample ON CONFLICT DO NOTHING`.execute(connection)
    await sql`DROP TABLE keyed_sample`.execute(connection)
    const counted = await sql<{ count: string }>`SELECT count(*) FROM sample WHERE run = ${run}`.execute(connection)
    return Number(counted.rows[0]?.count ?? 0)
  })
}

export interface SampleRow extends Omit<SampleTable, 'run'> {
  reserved: boolean
}

/** A picture is reserved when any capture of it is, or any page of the run that shows it reserves itself. */
export async function samplesOfShard(
  db: Kysely<Database>,
  run: string,
  from: number,
  to: number,
): Promise<SampleRow[]> {
  const rows = await sql<SampleRow>`
    SELECT s.sample_no, s.key, s.tag, s.script, s.picture, s.page_no, s.position, s.alt_sha, s.host,
      coalesce(p.reserved, true) OR EXISTS (
        SELECT 1 FROM candidate_verdict v WHERE v.run = s.run AND v.picture = s.picture AND 'opted_out' = ANY(v.rules)) AS reserved
    FROM sample s LEFT JOIN run_picture p ON p.run = s.run AND p.picture = s.picture
    WHERE s.run = ${run} AND s.sample_no >= ${from} AND s.sample_no < ${to} ORDER BY s.sample_no`.execute(db)
  return rows.rows
}

export interface NewSampleVerdict {
  sample_no: number
  stage: VerdictStage
  reason: string | null
  rules: unknown
}

const ROWS = 1_000

/** Safe to run twice. */
export async function insertSampleVerdicts(
  db: Kysely<Database>,
  run: string,
  verdicts: readonly NewSampleVerdict[],
): Promise<void> {
  for (let start = 0; start < verdicts.length; start += ROWS) {
    const rows = verdicts.slice(start, start + ROWS)
    await sql`
      INSERT INTO sample_verdict (run, sample_no, stage, reason, rules)
      SELECT ${run}::bigint, sample_no, stage, reason, rules::jsonb
      FROM unnest(${rows.map((row) => row.sample_no)}::int[], ${rows.map((row) => row.stage)}::text[], ${rows.map((row) => row.reason)}::text[],
        ${rows.map((row) => JSON.stringify(row.rules))}::text[]) AS t (sample_no, stage, reason, rules)
      ORDER BY sample_no ON CONFLICT DO NOTHING`.execute(db)
  }
}
