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
