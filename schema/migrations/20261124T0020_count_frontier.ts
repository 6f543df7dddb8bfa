import { type Kysely, sql } from 'kysely'

/**
 * Numbers of a crawl without a scan: triggers write what each statement changes of `frontier` and `capture` into tallies,
 * in its transaction, so that their sums equal the rows at every commit. Leased URLs count as pending there (their own
 * index counts them), so that claiming writes nothing. Further: the class of a URL's error, every attempt that did not end
 * in an answer kept, and what a host's silence has come to. Older workers go on; they leave class and attempts empty.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [...COLUMNS, ...TABLES, ...TRIGGERS, ...BACKFILL]) await sql.raw(statement).execute(db)
}

const COLUMNS = [
  `ALTER TABLE frontier ADD COLUMN class text COLLATE "C"`,
  `ALTER TABLE crawl_host ADD COLUMN answered boolean NOT NULL DEFAULT false,
    ADD COLUMN failing_since timestamptz,
    ADD COLUMN suspensions int NOT NULL DEFAULT 0,
    ADD COLUMN fault text,
    ADD COLUMN fault_class text COLLATE "C",
    ADD COLUMN given_up_at timestamptz`,
  `UPDATE frontier SET class = CASE
      WHEN reason = 'deadline_passed' THEN split_part(detail, ':', 1)
      WHEN reason = 'robots_unreachable' THEN split_part(detail, ' ', 1)
      ELSE reason END
    WHERE state IN ('retry', 'failed') OR (state = 'excluded' AND reason = 'robots_unreachable')`,
  `UPDATE frontier SET class = CASE
      WHEN class = 'dns_failed' THEN 'dns'
      WHEN class = 'tls_failed' THEN 'tls'
      WHEN class IN ('decode_failed', 'bad_response') THEN 'decode'
      WHEN class IN ('refused', 'reset', 'timeout', 'truncated') THEN class
      WHEN class IN ('http_error', 'status') AND detail ~ '(408|425)' THEN 'slow_client'
      WHEN class IN ('http_error', 'status') AND detail ~ '(429|503)' THEN 'overloaded'
      WHEN class IN ('http_error', 'status') AND detail ~ '5[0-9]{2}' THEN '5xx' END
    WHERE class IS NOT NULL`,
  `UPDATE crawl_host h SET answered = EXISTS (
      SELECT 1 FROM frontier f WHERE f.crawl_no = h.crawl_no AND f.host = h.host AND f.state = 'done')`,
  `CREATE INDEX frontier_class ON frontier (crawl_no, class, host) WHERE class IS NOT NULL`,
  `CREATE INDEX crawl_host_failing ON crawl_host (crawl_no) WHERE failing_since IS NOT NULL OR given_up_at IS NOT NULL`,
]

const TABLES = [
  // What became of an attempt that had no final answer; `put_back` is a person's doing. The text may name hosts.
  `CREATE TABLE crawl_attempt (
    crawl_no int NOT NULL REFERENCES crawl,
    attempt_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    url_sha bytea NOT NULL CHECK (octet_length(url_sha) = 32),
    attempts smallint NOT NULL,
    outcome text COLLATE "C" NOT NULL CHECK (outcome IN ('retry', 'failed', 'excluded', 'given_up', 'put_back')),
    reason text,
    class text COLLATE "C",
    detail text,
    next_at timestamptz,
    capture_id bigint,
    at timestamptz NOT NULL DEFAULT now())`,
  `CREATE INDEX crawl_attempt_url ON crawl_attempt (crawl_no, url_sha)`,
  `COMMENT ON TABLE crawl_attempt IS 'class: erasable'`,
  `GRANT SELECT, INSERT, DELETE ON crawl_attempt TO mella_writer`,
  `CREATE TABLE frontier_tally (
    crawl_no int NOT NULL,
    state text COLLATE "C" NOT NULL,
    reason text,
    class text COLLATE "C",
    urls bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now())`,
  `CREATE INDEX frontier_tally_crawl ON frontier_tally (crawl_no, at)`,
  `COMMENT ON TABLE frontier_tally IS 'class: work'`,
  `GRANT SELECT, INSERT, UPDATE, DELETE ON frontier_tally TO mella_writer`,
  `CREATE TABLE capture_tally (
    crawl_no int NOT NULL,
    kind text COLLATE "C" NOT NULL,
    captures bigint NOT NULL,
    bytes bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now())`,
  `CREATE INDEX capture_tally_crawl ON capture_tally (crawl_no, at)`,
  `COMMENT ON TABLE capture_tally IS 'class: work'`,
  `GRANT SELECT, INSERT, UPDATE, DELETE ON capture_tally TO mella_writer`,
  ...['crawl_attempt', 'frontier_tally', 'capture_tally'].map((table) => `GRANT SELECT ON ${table} TO mella_auditor`),
  `GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO mella_writer`,
]

const COUNTED = `crawl_no, CASE state WHEN 'leased' THEN 'pending' ELSE state END AS state, reason, class`

const TRIGGERS = [
  `CREATE FUNCTION tally_frontier() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'INSERT' THEN
        INSERT INTO frontier_tally (crawl_no, state, reason, class, urls)
        SELECT ${COUNTED}, count(*) FROM added GROUP BY 1, 2, 3, 4;
      ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO frontier_tally (crawl_no, state, reason, class, urls)
        SELECT ${COUNTED}, -count(*) FROM gone GROUP BY 1, 2, 3, 4;
      ELSE
        INSERT INTO frontier_tally (crawl_no, state, reason, class, urls)
        SELECT crawl_no, state, reason, class, sum(one)
        FROM (SELECT ${COUNTED}, 1 AS one FROM added UNION ALL SELECT ${COUNTED}, -1 FROM gone) AS changed
        GROUP BY 1, 2, 3, 4 HAVING sum(one) <> 0;
      END IF;
      RETURN NULL;
    END $$`,
  `CREATE TRIGGER tally_insert AFTER INSERT ON frontier REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION tally_frontier()`,
  `CREATE TRIGGER tally_update AFTER UPDATE ON frontier REFERENCING NEW TABLE AS added OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION tally_frontier()`,
  `CREATE TRIGGER tally_delete AFTER DELETE ON frontier REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION tally_frontier()`,
  `CREATE FUNCTION tally_capture() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO capture_tally (crawl_no, kind, captures, bytes)
      SELECT crawl_no, kind, count(*), sum(body_bytes) FROM added GROUP BY 1, 2;
      RETURN NULL;
    END $$`,
  `CREATE TRIGGER tally_insert AFTER INSERT ON capture REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION tally_capture()`,
]

// What is there already was not counted by a trigger; its time is of no use to a rate.
const BACKFILL = [
  `INSERT INTO frontier_tally (crawl_no, state, reason, class, urls, at)
    SELECT ${COUNTED}, count(*), '-infinity' FROM frontier GROUP BY 1, 2, 3, 4`,
  `INSERT INTO capture_tally (crawl_no, kind, captures, bytes, at)
    SELECT crawl_no, kind, count(*), sum(body_bytes), '-infinity' FROM capture GROUP BY 1, 2`,
]
