import { promises as fs } from 'node:fs'
import path from 'node:path'
import { sql } from 'kysely'
import { FileMigrationProvider, Migrator } from 'kysely/migration'
import { expect, test } from 'vitest'
import { migrateToLatest } from '../../../infra/migrate.ts'
import { openDatabase } from '../../../infra/postgres.ts'
import { countCrawl } from '../../../schema/queries/crawl-counts.ts'
import { useTestDatabase } from '../../support/database.ts'

const MIGRATIONS = path.resolve(import.meta.dirname, '../../../schema/migrations')
const BEFORE = '20260103T0000_note_crawl_faults'

const database = useTestDatabase('empty')

test('a crawl of before has counters, classes and hosts that answered after the migration', async () => {
  const db = openDatabase(database.url, 'owner', 2)
  try {
    const migrator = new Migrator({
      db,
      provider: new FileMigrationProvider({ fs, path, migrationFolder: MIGRATIONS }),
    })
    expect((await migrator.migrateTo(BEFORE)).error).toBeUndefined()
    await sql`INSERT INTO crawl (id, dataset, section_sha, seq, section, shards) VALUES ('old-1', 'old', sha256('x'), 1, '{}', 1)`.execute(
      db,
    )
    const rows = [
      ['done', null, null],
      ['leased', null, null],
      ['pending', null, null],
      ['retry', 'http_error', '503'],
      ['failed', 'http_error', '500'],
      ['failed', 'dns_failed', 'ENOTFOUND: no such name'],
      ['failed', 'deadline_passed', 'reset: ECONNRESET: cut'],
      ['failed', 'redirect_out_of_scope', null],
      ['excluded', 'robots_unreachable', 'refused ECONNREFUSED'],
      ['excluded', 'robots_disallowed', null],
    ] as const
    for (const [no, [state, reason, detail]] of rows.entries())
      await sql`INSERT INTO frontier (crawl_no, url_sha, shard, host, page, picture, depth, state, reason, detail)
        VALUES (1, sha256(${String(no)}::bytea), 0, ${state === 'done' ? 'a.example' : 'b.example'}, true, false, 0, ${state}, ${reason}, ${detail})`.execute(
        db,
      )
    for (const host of ['a.example', 'b.example'])
      await sql`INSERT INTO crawl_host (crawl_no, host, shard) VALUES (1, ${host}, 0)`.execute(db)
    await sql`INSERT INTO capture (crawl_no, url_sha, kind, status, body_bytes, reserved, fetched_at)
      VALUES (1, sha256('0'), 'page', 200, 7, false, now())`.execute(db)

    await migrateToLatest(database.url)

    const counts = await countCrawl(db, 1)
    expect(counts.states.reduce((sum, row) => sum + row.count, 0)).toBe(rows.length)
    expect(counts.states).toContainEqual({ state: 'leased', reason: null, count: 1 })
    expect(counts.errors).toEqual([
      { class: '5xx', waiting: 0, given_up: 1 },
      { class: 'dns', waiting: 0, given_up: 1 },
      { class: 'overloaded', waiting: 1, given_up: 0 },
      { class: 'refused', waiting: 0, given_up: 1 },
      { class: 'reset', waiting: 0, given_up: 1 },
    ])
    expect(counts.kinds).toEqual([{ kind: 'page', captures: 1, bytes: 7 }])
    expect(counts.per_second).toBe(0)
    const hosts = await sql`SELECT host, answered FROM crawl_host ORDER BY host`.execute(db)
    expect(hosts.rows).toEqual([
      { host: 'a.example', answered: true },
      { host: 'b.example', answered: false },
    ])
  } finally {
    await db.destroy()
  }
})
