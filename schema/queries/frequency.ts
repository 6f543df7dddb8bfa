import { type Kysely, sql } from 'kysely'
import type { PageLanguageFact } from '../contracts/facts.ts'
import type { Database } from '../tables/database.ts'

/** No boilerplate limit may be lower; rarer texts need no row. */
export const FREQUENCY_FLOOR = 5

/** Counts texts per host over all candidates of a run. Safe to run twice. */
export async function countFrequencies(db: Kysely<Database>, run: string): Promise<void> {
  await sql`
    INSERT INTO text_frequency (run, host, text_sha, uses, pages, pictures)
    SELECT ${run}::bigint, host, text_sha, count(*), count(DISTINCT page_no), count(DISTINCT image_url_sha)
    FROM candidate, LATERAL (SELECT DISTINCT unnest(text_shas) AS text_sha) t
    WHERE run = ${run} GROUP BY host, text_sha HAVING count(*) >= ${FREQUENCY_FLOOR}
    ON CONFLICT DO NOTHING`.execute(db)
  await sql`
    INSERT INTO host_frequency (run, host, pages)
    SELECT ${run}::bigint, host, count(DISTINCT page_no) FROM candidate WHERE run = ${run} GROUP BY host
    ON CONFLICT DO NOTHING`.execute(db)
}

export interface FrequencyRow {
  host: string
  text: string
  uses: number
  pages: number
  pictures: number
}

const BATCH = 2_000

/** The survey's content in the order of (host, text digest). */
export async function* frequencyRows(db: Kysely<Database>, run: string): AsyncGenerator<FrequencyRow> {
  let after: { host: string; text: Buffer } = { host: '', text: Buffer.alloc(0) }
  for (;;) {
    const rows = await sql<{ host: string; text_sha: Buffer; uses: number; pages: number; pictures: number }>`
      SELECT host, text_sha, uses, pages, pictures FROM text_frequency
      WHERE run = ${run} AND (host, text_sha) > (${after.host}, ${after.text}::bytea) ORDER BY host, text_sha LIMIT ${BATCH}`.execute(
      db,
    )
    for (const { text_sha, ...row } of rows.rows) yield { ...row, text: text_sha.toString('hex') }
    const last = rows.rows.at(-1)
    if (!last) return
    after = { host: last.host, text: last.text_sha }
  }
}

/** Frequencies of these texts on one host, by text digest in hex; absent means below the floor. */
export async function frequenciesOf(
  db: Kysely<Database>,
  run: string,
  host: string,
  texts: readonly Buffer[],
): Promise<Map<string, { uses: number; pages: number; pictures: number }>> {
  if (texts.length === 0) return new Map()
  const rows = await sql<{ text_sha: Buffer; uses: number; pages: number; pictures: number }>`
    SELECT text_sha, uses, pages, pictures FROM text_frequency
    WHERE run = ${run} AND host = ${host} AND text_sha = ANY(${texts as Buffer[]}::bytea[])`.execute(db)
  return new Map(rows.rows.map(({ text_sha, ...row }) => [text_sha.toString('hex'), row]))
}

/** Pages with pictures of each host. */
export async function pagesOfHosts(
  db: Kysely<Database>,
  run: string,
  hosts: readonly string[],
): Promise<Map<string, number>> {
  if (hosts.length === 0) return new Map()
  const rows = await db
    .selectFrom('host_frequency')
    .select(['host', 'pages'])
    .where('run', '=', run)
    .where('host', 'in', hosts as string[])
    .execute()
  return new Map(rows.map((row) => [row.host, row.pages]))
}

/** Page-language facts of a run with their hosts, in the order of pages. */
export async function* pageLanguages(
  db: Kysely<Database>,
  run: string,
  defId: number,
): AsyncGenerator<{ url: string; value: PageLanguageFact }[]> {
  let after = -1
  for (;;) {
    const rows = await sql<{ page_no: number; url: string; value: PageLanguageFact }>`
      SELECT p.page_no, u.url, f.value FROM run_page p JOIN capture c USING (capture_id) JOIN url u ON u.sha = c.url_sha
      JOIN fact f ON f.def_id = ${defId} AND f.input = c.extract_input
      WHERE p.run = ${run} AND p.page_no > ${after} ORDER BY p.page_no LIMIT ${BATCH}`.execute(db)
    const last = rows.rows.at(-1)
    if (!last) return
    yield rows.rows
    after = last.page_no
  }
}

export interface HostLanguage {
  host: string
  lang: string
  letters: number
}

/** Safe to run twice. */
export async function insertHostLanguages(
  db: Kysely<Database>,
  run: string,
  rows: readonly HostLanguage[],
): Promise<void> {
  for (let start = 0; start < rows.length; start += BATCH) {
    const part = rows.slice(start, start + BATCH)
    await sql`INSERT INTO host_language (run, host, lang, letters)
      SELECT ${run}::bigint, * FROM unnest(${part.map((row) => row.host)}::text[], ${part.map((row) => row.lang)}::text[], ${part.map((row) => row.letters)}::bigint[]) AS t (host, lang, letters)
      ON CONFLICT DO NOTHING`.execute(db)
  }
}

/** Languages of these hosts' pages by letters, most first. */
export async function languagesOfHosts(
  db: Kysely<Database>,
  run: string,
  hosts: readonly string[],
): Promise<Map<string, { group: string; letters: number }[]>> {
  if (hosts.length === 0) return new Map()
  const rows = await sql<{ host: string; lang: string; letters: number }>`
    SELECT host, lang, letters::float8 AS letters FROM host_language WHERE run = ${run} AND host = ANY(${hosts as string[]}::text[]) ORDER BY letters DESC, lang`.execute(
    db,
  )
  const byHost = new Map<string, { group: string; letters: number }[]>(hosts.map((host) => [host, []]))
  for (const row of rows.rows) byHost.get(row.host)?.push({ group: row.lang, letters: row.letters })
  return byHost
}
