import { type Kysely, sql } from 'kysely'
import type { Database } from '../tables/database.ts'

export interface LanguageCount {
  lang: string
  samples: number
  know: number
  ling: number
  thick: number
}

/** Samples of a run's release per language tag, and how many have each text. */
export async function countsByLanguage(db: Kysely<Database>, run: string): Promise<LanguageCount[]> {
  const rows = await sql<{ lang: string; samples: string; know: string; ling: string; thick: string }>`
    SELECT s.tag AS lang, count(*) AS samples, count(s.alt_sha) AS know, count(t.sample_no) AS ling, count(k.sample_no) AS thick
    FROM member m JOIN sample s USING (run, sample_no)
    LEFT JOIN sample_generation t ON t.run = m.run AND t.sample_no = m.sample_no AND t.task = 'translate' AND t.reason IS NULL
    LEFT JOIN sample_generation k ON k.run = m.run AND k.sample_no = m.sample_no AND k.task = 'thick' AND k.reason IS NULL
    WHERE m.run = ${run} GROUP BY s.tag ORDER BY s.tag`.execute(db)
  return rows.rows.map((row) => ({
    lang: row.lang,
    samples: Number(row.samples),
    know: Number(row.know),
    ling: Number(row.ling),
    thick: Number(row.thick),
  }))
}
