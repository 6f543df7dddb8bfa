import { type Kysely, sql } from 'kysely'
import type { Database } from '../tables/database.ts'

export interface NewDefinition {
  step: string
  rev: number
  /** Lowercase hex. */
  sha: string
  body: unknown
}

/** The id of a definition, made when it is new. Safe to run twice and at the same time. */
export async function ensureDefinition(
  db: Kysely<Database>,
  definition: NewDefinition,
  commitId: string | null,
): Promise<number> {
  const sha = Buffer.from(definition.sha, 'hex')
  await sql`INSERT INTO definition (sha, step, rev, body, commit_id)
    VALUES (${sha}, ${definition.step}, ${definition.rev}, ${JSON.stringify(definition.body)}::jsonb, ${commitId}) ON CONFLICT DO NOTHING`.execute(
    db,
  )
  const row = await db.selectFrom('definition').select('def_id').where('sha', '=', sha).executeTakeFirstOrThrow()
  return row.def_id
}

/** Bodies of definitions by the name of their step. */
export async function definitionBodies<Body>(
  db: Kysely<Database>,
  defIds: readonly number[],
): Promise<Map<string, Body>> {
  if (defIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('definition')
    .select(['step', 'body'])
    .where('def_id', 'in', defIds as number[])
    .execute()
  return new Map(rows.map((row) => [row.step, row.body as Body]))
}
