import { type Kysely, sql } from 'kysely'
import type { Database } from '../tables/database.ts'
import type { VerdictStage } from '../tables/release.table.ts'

/** One text of a candidate as it was judged. */
export interface JudgedText {
  text: string
  source: string
  type: string
  tag: string
  reason: string | null
}

/** One candidate of a run with what became of it; the sample's part is null when it formed none. */
export interface ListedCandidate {
  page_no: number
  position: number
  page_url: string | null
  image_url: string | null
  host: string
  extract_input: Buffer
  /** Null before the candidate is judged. */
  tag: string | null
  script: string | null
  reason: string | null
  rules: string[] | null
  texts: JudgedText[] | null
  /** sha256 of each text as the page has it, in the order of `texts`. */
  text_shas: Buffer[]
  picture: Buffer | null
  key: Buffer | null
  sample_stage: VerdictStage | null
  sample_reason: string | null
  split: string | null
  has_native: boolean
  has_ling: boolean
  has_thick: boolean
  /** The sample's first native text. */
  alt_text: string | null
}

/** Which candidates: all of a run, or some of them. */
export interface CandidateFilter {
  /** Decided tag. */
  tag?: string | undefined
  imageUrl?: Buffer | undefined
  picture?: Buffer | undefined
  page?: number | undefined
}

/** Rows in memory at a time. */
const PAGE = 1_000

/** Candidates in the order of (page, position), `page` of them in memory at a time. */
export async function* listCandidates(
  db: Kysely<Database>,
  run: string,
  filter: CandidateFilter = {},
  page = PAGE,
): AsyncGenerator<ListedCandidate[]> {
  let after = { page: -1, position: -1 }
  for (;;) {
    const rows = await sql<ListedCandidate>`
      WITH listed AS (
        SELECT c.page_no, c.position, c.image_url_sha, c.picture, c.host, c.text_shas, v.tag, v.script, v.reason, v.rules, v.texts
        FROM candidate c LEFT JOIN candidate_verdict v ON v.run = c.run AND v.page_no = c.page_no AND v.position = c.position
        WHERE c.run = ${run} AND (c.page_no, c.position) > (${after.page}, ${after.position}) ${conditions(filter)}
        ORDER BY c.page_no, c.position LIMIT ${page})
      SELECT l.page_no, l.position, pu.url AS page_url, iu.url AS image_url, l.host, pc.extract_input, l.tag, l.script, l.reason,
        l.rules, l.texts, l.text_shas, l.picture, s.key, d.stage AS sample_stage, d.reason AS sample_reason, m.split,
        s.alt_sha IS NOT NULL AS has_native, coalesce(g.ling, false) AS has_ling, coalesce(g.thick, false) AS has_thick,
        f.texts -> f.kept_text ->> 'text' AS alt_text
      FROM listed l
      JOIN run_page p ON p.run = ${run} AND p.page_no = l.page_no
      JOIN capture pc ON pc.capture_id = p.capture_id
      LEFT JOIN url pu ON pu.sha = pc.url_sha
      LEFT JOIN url iu ON iu.sha = l.image_url_sha
      LEFT JOIN sample s ON s.run = ${run} AND s.picture = l.picture AND s.tag = l.tag AND l.reason IS NULL
      LEFT JOIN member m ON m.run = s.run AND m.sample_no = s.sample_no
      LEFT JOIN candidate_verdict f ON f.run = s.run AND f.page_no = s.page_no AND f.position = s.position
      LEFT JOIN LATERAL (
        SELECT stage, reason FROM sample_verdict v WHERE v.run = s.run AND v.sample_no = s.sample_no AND v.reason IS NOT NULL
        ORDER BY array_position(ARRAY['judge', 'near', 'preselect', 'select'], v.stage) LIMIT 1) d ON true
      LEFT JOIN LATERAL (
        SELECT bool_or(task = 'translate' AND reason IS NULL) AS ling, bool_or(task = 'thick' AND reason IS NULL) AS thick
        FROM sample_generation g WHERE g.run = s.run AND g.sample_no = s.sample_no) g ON true
      ORDER BY l.page_no, l.position`.execute(db)
    const last = rows.rows.at(-1)
    if (!last) return
    yield rows.rows
    if (rows.rows.length < page) return
    after = { page: last.page_no, position: last.position }
  }
}

function conditions({ tag, imageUrl, picture, page }: CandidateFilter) {
  const parts = [
    tag === undefined ? null : sql`AND v.tag = ${tag}`,
    imageUrl === undefined ? null : sql`AND c.image_url_sha = ${imageUrl}`,
    picture === undefined ? null : sql`AND c.picture = ${picture}`,
    page === undefined ? null : sql`AND c.page_no = ${page}`,
  ].filter((part) => part !== null)
  return parts.length === 0 ? sql`` : sql.join(parts, sql` `)
}
