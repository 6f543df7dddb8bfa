import { type Kysely, sql } from 'kysely'
import type { Database } from '../tables/database.ts'
import type { CandidateVerdictTable } from '../tables/release.table.ts'

export interface CandidateRow {
  page_no: number
  position: number
  image_url: string
  image_url_sha: Buffer
  picture: Buffer | null
  fetch_reason: string | null
  host: string
  text_shas: Buffer[]
}

export async function candidatesOfShard(
  db: Kysely<Database>,
  run: string,
  from: number,
  to: number,
): Promise<CandidateRow[]> {
  const rows = await sql<CandidateRow>`
    SELECT c.page_no, c.position, u.url AS image_url, c.image_url_sha, c.picture, c.fetch_reason, c.host, c.text_shas
    FROM candidate c JOIN url u ON u.sha = c.image_url_sha
    WHERE c.run = ${run} AND c.page_no >= ${from} AND c.page_no < ${to} ORDER BY c.page_no, c.position`.execute(db)
  return rows.rows
}

export interface NewCandidateVerdict extends Omit<CandidateVerdictTable, 'run' | 'kept_text' | 'texts'> {
  kept: number | null
  texts: unknown
}

const ROWS = 500

/** Safe to run twice. */
export async function insertCandidateVerdicts(
  db: Kysely<Database>,
  run: string,
  verdicts: readonly NewCandidateVerdict[],
): Promise<void> {
  for (let start = 0; start < verdicts.length; start += ROWS) {
    const rows = verdicts.slice(start, start + ROWS)
    await sql`
      INSERT INTO candidate_verdict (run, page_no, position, tag, script, picture, reason, rules, kept_text, texts)
      SELECT ${run}::bigint, page_no, position, tag, script, picture, reason,
        coalesce(string_to_array(nullif(rules, ''), ','), '{}'), kept, texts::jsonb
      FROM unnest(${rows.map((row) => row.page_no)}::int[], ${rows.map((row) => row.position)}::int[], ${rows.map((row) => row.tag)}::text[],
        ${rows.map((row) => row.script)}::text[], ${rows.map((row) => row.picture)}::bytea[], ${rows.map((row) => row.reason)}::text[],
        ${rows.map((row) => row.rules.join(','))}::text[], ${rows.map((row) => row.kept)}::smallint[], ${rows.map((row) => JSON.stringify(row.texts))}::text[])
        AS t (page_no, position, tag, script, picture, reason, rules, kept, texts)
      ORDER BY page_no, position ON CONFLICT DO NOTHING`.execute(db)
  }
}

/** Remembers a judgement under (definition, digest of what it read). True when it was not there; its output must then agree. */
export async function storeJudgement(
  db: Kysely<Database>,
  judgement: { defId: number; input: Buffer; output: Buffer; run: string },
): Promise<{ isNew: boolean; agrees: boolean }> {
  await sql`INSERT INTO judgement (def_id, input, output, first_run)
    VALUES (${judgement.defId}, ${judgement.input}, ${judgement.output}, ${judgement.run}) ON CONFLICT DO NOTHING`.execute(
    db,
  )
  const row = await db
    .selectFrom('judgement')
    .select(['output', 'first_run'])
    .where('def_id', '=', judgement.defId)
    .where('input', '=', judgement.input)
    .executeTakeFirstOrThrow()
  return { isNew: row.first_run === judgement.run, agrees: row.output.equals(judgement.output) }
}
