import { type Kysely, sql } from 'kysely'
import type { FunnelEntry } from '../contracts/release-manifest.ts'
import type { Database } from '../tables/database.ts'

interface Counted {
  lang: string
  reason: string | null
  count: string
}

/** One step's funnel per language tag: what went in is what was kept and what was dropped, by reason. */
function entries(step: string, unit: string, rows: readonly Counted[]): FunnelEntry[] {
  const byLang = new Map<string, FunnelEntry>()
  for (const row of [...rows].sort((a, b) => (a.lang < b.lang ? -1 : a.lang > b.lang ? 1 : 0))) {
    const entry = byLang.get(row.lang) ?? { step, unit, lang: row.lang, in: 0, kept: 0, reasons: {} }
    entry.in += Number(row.count)
    if (row.reason === null) entry.kept += Number(row.count)
    else entry.reasons[row.reason] = Number(row.count)
    byLang.set(row.lang, entry)
  }
  return [...byLang.values()].map((entry) => ({
    ...entry,
    reasons: Object.fromEntries(Object.entries(entry.reasons).sort(([a], [b]) => (a < b ? -1 : 1))),
  }))
}

/** The funnel of a run, each count a query of committed rows, in the order of the pipeline and then by tag. */
export async function readFunnel(
  db: Kysely<Database>,
  run: string,
  defs: { extract: number; normalise: number },
): Promise<FunnelEntry[]> {
  const pages = await sql<Counted>`
    SELECT '*' AS lang, f.value ->> 'reason' AS reason, count(*) FROM run_page p JOIN capture c USING (capture_id)
    JOIN fact_text f ON f.def_id = ${defs.extract} AND f.input = c.extract_input WHERE p.run = ${run} GROUP BY 2`.execute(
    db,
  )
  const pictures = await sql<Counted>`
    SELECT '*' AS lang, f.value ->> 'reason' AS reason, count(*) FROM run_picture p
    JOIN fact f ON f.def_id = ${defs.normalise} AND f.input = p.picture WHERE p.run = ${run} GROUP BY 2`.execute(db)
  const candidates = await sql<Counted>`
    SELECT tag AS lang, reason, count(*) FROM candidate_verdict WHERE run = ${run} GROUP BY tag, reason`.execute(db)
  const samples = await sql<Counted & { stage: string }>`
    WITH stages AS (SELECT * FROM (VALUES ('judge', 1), ('near', 2), ('preselect', 3)) AS t (stage, place)),
    first_drop AS (
      SELECT DISTINCT ON (v.sample_no) v.sample_no, v.stage, t.place, v.reason FROM sample_verdict v JOIN stages t USING (stage)
      WHERE v.run = ${run} AND v.reason IS NOT NULL ORDER BY v.sample_no, t.place)
    SELECT t.stage, s.tag AS lang, CASE WHEN d.place = t.place THEN d.reason END AS reason, count(*)
    FROM sample s CROSS JOIN stages t LEFT JOIN first_drop d USING (sample_no)
    WHERE s.run = ${run} AND coalesce(d.place, 99) >= t.place GROUP BY 1, 2, 3`.execute(db)
  const generations = await sql<Counted & { task: string }>`
    SELECT g.task, s.tag AS lang, g.reason, count(*) FROM sample_generation g JOIN sample s USING (run, sample_no)
    WHERE g.run = ${run} GROUP BY 1, 2, 3`.execute(db)
  const selected = await sql<Counted>`
    SELECT s.tag AS lang, v.reason, count(*) FROM sample_verdict v JOIN sample s USING (run, sample_no)
    WHERE v.run = ${run} AND v.stage = 'select' GROUP BY 1, 2`.execute(db)
  const stage = (name: string) => samples.rows.filter((row) => row.stage === name)
  const task = (name: string) => generations.rows.filter((row) => row.task === name)
  return [
    ...entries('extract', 'pages', pages.rows),
    ...entries('normalise', 'pictures', pictures.rows),
    ...entries('judge-candidates', 'candidates', candidates.rows),
    ...entries('judge-samples', 'samples', stage('judge')),
    ...entries('near-pictures', 'samples', stage('near')),
    ...entries('preselect', 'samples', stage('preselect')),
    ...entries('caption', 'texts', task('caption')),
    ...entries('translate', 'texts', task('translate')),
    ...entries('thick', 'texts', task('thick')),
    ...entries('select', 'samples', selected.rows),
  ]
}
