import { type Kysely, sql } from 'kysely'
import type { Database } from '../tables/database.ts'

/** Numbers per language tag that the choice before the models needs. */
export interface ChoiceLimits {
  tag: string
  max_same_text: number
  /** Samples to caption: the target and its reserve; null for all. */
  wanted: number | null
}

/** Samples that no rule dropped so far. */
const OPEN = sql`
  SELECT s.sample_no, s.tag, s.key, s.host, s.alt_sha FROM sample s
  WHERE s.run = run_in.run AND NOT EXISTS (
    SELECT 1 FROM sample_verdict v WHERE v.run = s.run AND v.sample_no = s.sample_no AND v.reason IS NOT NULL AND v.stage IN ('judge', 'near'))`

/** The places of all open samples of the languages that have limits: under one text, on their host, towards the target. */
const choice = (run: string, limits: readonly ChoiceLimits[], maxPerHost: number) => sql`
  run_in AS (SELECT ${run}::bigint AS run),
    limits AS (SELECT * FROM unnest(${limits.map((one) => one.tag)}::text[], ${limits.map((one) => one.max_same_text)}::int[], ${limits.map((one) => one.wanted)}::int[]) AS t (tag, max_same_text, wanted)),
    open AS (SELECT o.* FROM run_in, LATERAL (${OPEN}) o JOIN limits USING (tag)),
    by_text AS (SELECT o.*, CASE WHEN alt_sha IS NULL THEN 1 ELSE row_number() OVER (PARTITION BY tag, alt_sha ORDER BY key) END AS text_place FROM open o),
    left_text AS (SELECT b.* FROM by_text b JOIN limits l USING (tag) WHERE b.text_place <= l.max_same_text),
    by_host AS (
      SELECT t.*, row_number() OVER (PARTITION BY tag, host ORDER BY key) AS host_place,
        greatest(1, floor(${maxPerHost}::float8 * count(*) OVER (PARTITION BY tag))) AS host_cap
      FROM left_text t),
    by_target AS (
      SELECT h.*, row_number() OVER (PARTITION BY tag ORDER BY key) AS target_place FROM by_host h WHERE host_place <= host_cap)`

/**
 * The choice before money is spent, in set-based passes over what earlier rules left: at most so many samples under one
 * text, then a host's share of its language, then the target with its reserve. Every order is by key. Then the kept are
 * numbered. Safe to run twice.
 */
export async function choosePreselected(
  db: Kysely<Database>,
  run: string,
  limits: readonly ChoiceLimits[],
  maxPerHost: number,
): Promise<number> {
  await db.transaction().execute(async (tx) => {
    await sql`
      WITH ${choice(run, limits, maxPerHost)},
      dropped AS (
        SELECT b.sample_no, 'same_text' AS reason, jsonb_build_array(jsonb_build_object('rule', 'same_text', 'what', 'max_same_text', 'value', b.text_place, 'limit', l.max_same_text, 'fired', true)) AS rules
        FROM by_text b JOIN limits l USING (tag) WHERE b.text_place > l.max_same_text
        UNION ALL
        SELECT sample_no, 'host_quota', jsonb_build_array(jsonb_build_object('rule', 'host_quota', 'what', 'max_per_host', 'value', host_place, 'limit', host_cap, 'fired', true)) FROM by_host WHERE host_place > host_cap
        UNION ALL
        SELECT t.sample_no, 'over_target', jsonb_build_array(jsonb_build_object('rule', 'over_target', 'what', 'target', 'value', t.target_place, 'limit', l.wanted, 'fired', true))
        FROM by_target t JOIN limits l USING (tag) WHERE t.target_place > l.wanted)
      INSERT INTO sample_verdict (run, sample_no, stage, reason, rules)
      SELECT ${run}::bigint, sample_no, 'preselect', reason, rules FROM dropped ON CONFLICT DO NOTHING`.execute(tx)
    await sql`
      INSERT INTO kept (run, kept_no, sample_no)
      SELECT ${run}::bigint, row_number() OVER (ORDER BY s.sample_no) - 1, s.sample_no FROM sample s
      WHERE s.run = ${run} AND NOT EXISTS (
        SELECT 1 FROM sample_verdict v WHERE v.run = s.run AND v.sample_no = s.sample_no AND v.reason IS NOT NULL AND v.stage <> 'select')
      ON CONFLICT DO NOTHING`.execute(tx)
  })
  const counted = await sql<{ count: string }>`SELECT count(*) FROM kept WHERE run = ${run}`.execute(db)
  return Number(counted.rows[0]?.count ?? 0)
}

/** The places of kept samples that have a text, in their language; of all languages or of one. */
const finalChoice = (run: string, targets: readonly { tag: string; target: number }[], only: string | null) => sql`
  targets AS (SELECT * FROM unnest(${targets.map((one) => one.tag)}::text[], ${targets.map((one) => one.target)}::int[]) AS t (tag, target)),
    texts AS (
      SELECT k.sample_no, s.tag, s.key, s.alt_sha IS NOT NULL OR EXISTS (
        SELECT 1 FROM sample_generation g WHERE g.run = k.run AND g.sample_no = k.sample_no AND g.task IN ('translate', 'thick') AND g.reason IS NULL) AS has_text
      FROM kept k JOIN sample s ON s.run = k.run AND s.sample_no = k.sample_no
      WHERE k.run = ${run} ${only === null ? sql`` : sql`AND s.tag = ${only}`}),
    placed AS (SELECT t.*, CASE WHEN has_text THEN row_number() OVER (PARTITION BY tag, has_text ORDER BY key) END AS place FROM texts t)`

/**
 * The last choice, when texts are there: a sample with none of the three is dropped, then each language's target is met
 * from what is left, in key order. Safe to run twice.
 */
export async function chooseFinal(
  db: Kysely<Database>,
  run: string,
  targets: readonly { tag: string; target: number }[],
): Promise<{ kept: number; dropped: number }> {
  await sql`
    WITH ${finalChoice(run, targets, null)}
    INSERT INTO sample_verdict (run, sample_no, stage, reason, rules)
    SELECT ${run}::bigint, p.sample_no, 'select',
      CASE WHEN NOT has_text THEN 'no_text' WHEN place > target THEN 'not_reached' END,
      CASE WHEN NOT has_text THEN jsonb_build_array(jsonb_build_object('rule', 'no_text', 'what', 'texts', 'value', 0, 'limit', 1, 'fired', true))
        WHEN place > target THEN jsonb_build_array(jsonb_build_object('rule', 'not_reached', 'what', 'target', 'value', place, 'limit', target, 'fired', true))
        ELSE '[]'::jsonb END
    FROM placed p LEFT JOIN targets USING (tag) ON CONFLICT DO NOTHING`.execute(db)
  const counted = await sql<{ kept: string; dropped: string }>`
    SELECT count(*) FILTER (WHERE reason IS NULL) AS kept, count(*) FILTER (WHERE reason IS NOT NULL) AS dropped
    FROM sample_verdict WHERE run = ${run} AND stage = 'select'`.execute(db)
  return { kept: Number(counted.rows[0]?.kept ?? 0), dropped: Number(counted.rows[0]?.dropped ?? 0) }
}

/** Where one sample stands in the choices of its language; null where it was not asked. */
export interface ChoicePlaces {
  text_place: number | null
  host_place: number | null
  host_cap: number | null
  target_place: number | null
  final_place: number | null
}

/** Of a sample that took part in no choice. */
export const NO_PLACES: ChoicePlaces = {
  text_place: null,
  host_place: null,
  host_cap: null,
  target_place: null,
  final_place: null,
}

/** The places of one sample, by the same passes that chose; reads the samples of its language. */
export async function placesOf(
  db: Kysely<Database>,
  run: string,
  sampleNo: number,
  limits: ChoiceLimits & { target: number | null },
  maxPerHost: number,
): Promise<ChoicePlaces> {
  const targets = limits.target === null ? [] : [{ tag: limits.tag, target: limits.target }]
  const rows = await sql<ChoicePlaces>`
    WITH ${choice(run, [limits], maxPerHost)}, ${finalChoice(run, targets, limits.tag)}
    SELECT (SELECT text_place FROM by_text WHERE sample_no = ${sampleNo})::int AS text_place,
      h.host_place::int AS host_place, h.host_cap::int AS host_cap,
      (SELECT target_place FROM by_target WHERE sample_no = ${sampleNo})::int AS target_place,
      (SELECT place FROM placed WHERE sample_no = ${sampleNo})::int AS final_place
    FROM (SELECT 1) one LEFT JOIN by_host h ON h.sample_no = ${sampleNo}`.execute(db)
  return rows.rows[0] ?? NO_PLACES
}

export interface LeaderNode {
  sample_no: number
  picture: Buffer
  has_native: boolean
  pixels: number
  pdq: string
}

/** Samples of one language that no rule dropped and whose picture has a near one, in the canonical order of survivors. */
export async function nearNodes(
  db: Kysely<Database>,
  run: string,
  normaliseDef: number,
  tag: string,
): Promise<LeaderNode[]> {
  const rows = await sql<LeaderNode>`
    SELECT s.sample_no, s.picture, s.alt_sha IS NOT NULL AS has_native, f.value ->> 'pdq' AS pdq,
      ((f.value ->> 'width')::bigint * (f.value ->> 'height')::bigint)::float8 AS pixels
    FROM component c JOIN sample s ON s.run = c.run AND s.picture = c.picture
    JOIN sample_verdict v ON v.run = s.run AND v.sample_no = s.sample_no AND v.stage = 'judge' AND v.reason IS NULL
    JOIN fact f ON f.def_id = ${normaliseDef} AND f.input = s.picture
    WHERE c.run = ${run} AND s.tag = ${tag}
    ORDER BY pixels DESC, has_native DESC, s.picture`.execute(db)
  return rows.rows
}

export async function insertComponents(
  db: Kysely<Database>,
  run: string,
  rows: readonly { picture: Buffer; least: Buffer }[],
): Promise<void> {
  for (let start = 0; start < rows.length; start += 5_000) {
    const part = rows.slice(start, start + 5_000)
    await sql`INSERT INTO component (run, picture, least)
      SELECT ${run}::bigint, * FROM unnest(${part.map((row) => row.picture)}::bytea[], ${part.map((row) => row.least)}::bytea[]) AS t (picture, least)
      ORDER BY 2 ON CONFLICT DO NOTHING`.execute(db)
  }
}

export interface HashedPicture {
  picture: Buffer
  pdq: string
}

const HASHES = 10_000

/** Perceptual hashes of the run's pictures that have enough detail to compare, in the order of picture digests. */
export async function* pictureHashes(
  db: Kysely<Database>,
  run: string,
  normaliseDef: number,
  leastQuality: number,
): AsyncGenerator<HashedPicture[]> {
  let after: Buffer = Buffer.alloc(0)
  for (;;) {
    const rows = await sql<HashedPicture & { quality: number | null }>`
      SELECT p.picture, f.value ->> 'pdq' AS pdq, (f.value ->> 'pdq_quality')::int AS quality
      FROM run_picture p JOIN fact f ON f.def_id = ${normaliseDef} AND f.input = p.picture
      WHERE p.run = ${run} AND p.picture > ${after}::bytea ORDER BY p.picture LIMIT ${HASHES}`.execute(db)
    const last = rows.rows.at(-1)
    if (!last) return
    yield rows.rows.filter((row) => row.pdq !== null && (row.quality ?? 0) >= leastQuality)
    after = last.picture
  }
}
