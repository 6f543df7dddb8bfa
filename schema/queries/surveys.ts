import { type Kysely, sql } from 'kysely'
import type { Database } from '../tables/database.ts'

export interface NewSurvey {
  defId: number
  input: Buffer
  artifact: Buffer
  entries: number
  run: string
}

/** Stores a survey once under (definition, digest of the list). True when it was not there. */
export async function storeSurvey(db: Kysely<Database>, step: string, survey: NewSurvey): Promise<boolean> {
  const stored = await sql`INSERT INTO survey (def_id, input, artifact, entries, first_run)
    VALUES (${survey.defId}, ${survey.input}, ${survey.artifact}, ${survey.entries}, ${survey.run}) ON CONFLICT DO NOTHING`.execute(
    db,
  )
  await sql`INSERT INTO run_survey (run, step, artifact) VALUES (${survey.run}, ${step}, ${survey.artifact}) ON CONFLICT DO NOTHING`.execute(
    db,
  )
  return Number(stored.numAffectedRows ?? 0n) === 1
}

/** The artifact that a run's later steps read. */
export async function surveyOfRun(db: Kysely<Database>, run: string, step: string): Promise<Buffer> {
  const row = await db
    .selectFrom('run_survey')
    .select('artifact')
    .where('run', '=', run)
    .where('step', '=', step)
    .executeTakeFirstOrThrow()
  return row.artifact
}

export async function findSurvey(
  db: Kysely<Database>,
  defId: number,
  input: Buffer,
): Promise<{ artifact: Buffer; entries: string } | undefined> {
  return db
    .selectFrom('survey')
    .select(['artifact', 'entries'])
    .where('def_id', '=', defId)
    .where('input', '=', input)
    .executeTakeFirst()
}
