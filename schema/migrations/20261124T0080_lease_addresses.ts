import { type Kysely, sql } from 'kysely'

/**
 * Which process asks which server. `crawl_process` has a row for each process that crawls, good until `until`;
 * `address_lease` says which of them may ask an address, when the next request may start there, the longest gap between
 * two starts that its names asked for, and the pace that its refusals taught; `address_want` is the queue of those that
 * wait for it. All class work, over all crawls of a database. A host keeps the address that it was last found at, by
 * which a claim passes over servers that have enough to do. Older workers go on and know nothing of it: stop them.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const TABLES = ['crawl_process', 'address_lease', 'address_want']

const STATEMENTS = [
  `CREATE TABLE crawl_process (
    process uuid PRIMARY KEY,
    until timestamptz NOT NULL)`,
  `CREATE TABLE address_lease (
    address text COLLATE "C" PRIMARY KEY,
    holder uuid,
    next_at timestamptz NOT NULL DEFAULT '-infinity',
    gap_ms float8 NOT NULL DEFAULT 0,
    base float8,
    window_ms float8,
    refused_at timestamptz)`,
  `CREATE INDEX address_lease_holder ON address_lease (holder) WHERE holder IS NOT NULL`,
  `CREATE TABLE address_want (
    address text COLLATE "C" NOT NULL,
    process uuid NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (address, process))`,
  `CREATE INDEX address_want_process ON address_want (process)`,
  ...TABLES.flatMap((table) => [
    `COMMENT ON TABLE ${table} IS 'class: work'`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO mella_writer`,
    `GRANT SELECT ON ${table} TO mella_auditor`,
  ]),
  `ALTER TABLE crawl_host ADD COLUMN address text COLLATE "C"`,
  // Hosts of a shard in their order, so that a claim reads some of them and not all.
  `CREATE INDEX crawl_host_order ON crawl_host (crawl_no, shard, host)`,
  `DROP INDEX crawl_host_shard`,
]
