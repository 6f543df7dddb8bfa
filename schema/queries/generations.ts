import { type Kysely, sql } from 'kysely'
import type { Database } from '../tables/database.ts'
import type { GenerationTask, SampleTable } from '../tables/release.table.ts'

export interface KeptSample extends Omit<SampleTable, 'run' | 'host'> {
  kept_no: number
}

export async function keptOfShard(db: Kysely<Database>, run: string, from: number, to: number): Promise<KeptSample[]> {
  const rows = await sql<KeptSample>`
    SELECT k.kept_no, k.sample_no, s.key, s.tag, s.script, s.picture, s.page_no, s.position, s.alt_sha
    FROM kept k JOIN sample s ON s.run = k.run AND s.sample_no = k.sample_no
    WHERE k.run = ${run} AND k.kept_no >= ${from} AND k.kept_no < ${to} ORDER BY k.kept_no`.execute(db)
  return rows.rows
}

/** Sample numbers of a shard that have a result of the task already. */
export async function generatedOf(
  db: Kysely<Database>,
  run: string,
  task: GenerationTask,
  samples: readonly number[],
): Promise<Set<number>> {
  if (samples.length === 0) return new Set()
  const rows = await db
    .selectFrom('sample_generation')
    .select('sample_no')
    .where('run', '=', run)
    .where('task', '=', task)
    .where('sample_no', 'in', samples as number[])
    .execute()
  return new Set(rows.map((row) => row.sample_no))
}

export interface NewGeneration {
  sample_no: number
  task: GenerationTask
  requests: Buffer[]
  reason: string | null
  text: string
  detail: unknown
  outcome: Buffer
}

/** Stores what a task led to for each sample. Safe to run twice: the recorded responses decide, so both say the same. */
export async function insertGenerations(
  db: Kysely<Database>,
  run: string,
  rows: readonly NewGeneration[],
): Promise<void> {
  if (rows.length === 0) return
  await db.transaction().execute(async (tx) => {
    await sql`
      INSERT INTO sample_generation (run, sample_no, task, requests, reason, outcome)
      SELECT ${run}::bigint, sample_no, task,
        ARRAY(SELECT substring(requests FROM 32 * n + 1 FOR 32) FROM generate_series(0, octet_length(requests) / 32 - 1) AS n), reason, outcome
      FROM unnest(${rows.map((row) => row.sample_no)}::int[], ${rows.map((row) => row.task)}::text[], ${rows.map((row) => Buffer.concat(row.requests))}::bytea[],
        ${rows.map((row) => row.reason)}::text[], ${rows.map((row) => row.outcome)}::bytea[]) AS t (sample_no, task, requests, reason, outcome)
      ORDER BY sample_no ON CONFLICT DO NOTHING`.execute(tx)
    await sql`
      INSERT INTO generated_text (run, sample_no, task, text, detail)
      SELECT ${run}::bigint, sample_no, task, text, detail::jsonb
      FROM unnest(${rows.map((row) => row.sample_no)}::int[], ${rows.map((row) => row.task)}::text[], ${rows.map((row) => row.text)}::text[],
        ${rows.map((row) => JSON.stringify(row.detail))}::text[]) AS t (sample_no, task, text, detail)
      ORDER BY sample_no ON CONFLICT DO NOTHING`.execute(tx)
  })
}

export interface GeneratedText {
  sample_no: number
  task: GenerationTask
  text: string
  detail: unknown
  reason: string | null
  requests: Buffer[]
}

export async function generatedTexts(
  db: Kysely<Database>,
  run: string,
  samples: readonly number[],
): Promise<GeneratedText[]> {
  if (samples.length === 0) return []
  return (await db
    .selectFrom('sample_generation as g')
    .innerJoin('generated_text as t', (join) =>
      join.onRef('t.run', '=', 'g.run').onRef('t.sample_no', '=', 'g.sample_no').onRef('t.task', '=', 'g.task'),
    )
    .select(['g.sample_no', 'g.task', 't.text', 't.detail', 'g.reason', 'g.requests'])
    .where('g.run', '=', run)
    .where('g.sample_no', 'in', samples as number[])
    .orderBy('g.sample_no')
    .orderBy('g.task')
    .execute()) as GeneratedText[]
}

export async function findResponse(db: Kysely<Database>, requestSha: Buffer): Promise<Buffer | null> {
  const row = await db
    .selectFrom('generation')
    .select('response_sha')
    .where('request_sha', '=', requestSha)
    .executeTakeFirst()
  return row?.response_sha ?? null
}

/** The first committed response wins; returns the one that counts. */
export async function recordResponse(
  db: Kysely<Database>,
  row: { requestSha: Buffer; defId: number; responseSha: Buffer; tokensIn: number; tokensOut: number; run: string },
): Promise<Buffer> {
  await sql`INSERT INTO generation (request_sha, def_id, response_sha, tokens_in, tokens_out, first_run)
    VALUES (${row.requestSha}, ${row.defId}, ${row.responseSha}, ${row.tokensIn}, ${row.tokensOut}, ${row.run}) ON CONFLICT DO NOTHING`.execute(
    db,
  )
  return (await findResponse(db, row.requestSha)) as Buffer
}

/** Native texts of samples: every kept text of every candidate of the sample, in canonical order. */
export interface NativeMember {
  sample_no: number
  page_no: number
  position: number
  page_url: string
  image_url: string
  image_capture: string | null
  extract_input: Buffer
  texts: { text: string; source: string; type: string; tag: string; reason: string | null }[]
  kept_text: number | null
}

export async function membersOf(
  db: Kysely<Database>,
  run: string,
  samples: readonly number[],
): Promise<NativeMember[]> {
  if (samples.length === 0) return []
  const rows = await sql<NativeMember>`
    SELECT s.sample_no, v.page_no, v.position, pu.url AS page_url, iu.url AS image_url, c.capture_id AS image_capture, pc.extract_input, v.texts, v.kept_text
    FROM sample s
    JOIN candidate_verdict v ON v.run = s.run AND v.tag = s.tag AND v.picture = s.picture AND v.reason IS NULL
    JOIN candidate c ON c.run = v.run AND c.page_no = v.page_no AND c.position = v.position
    JOIN run_page p ON p.run = v.run AND p.page_no = v.page_no JOIN capture pc ON pc.capture_id = p.capture_id
    JOIN url pu ON pu.sha = pc.url_sha JOIN url iu ON iu.sha = c.image_url_sha
    WHERE s.run = ${run} AND s.sample_no = ANY(${samples as number[]}::int[])
    ORDER BY s.sample_no, v.page_no, v.position`.execute(db)
  return rows.rows
}
