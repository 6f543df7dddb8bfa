import { expect, test } from 'vitest'
import { checkAppendOnly } from '../../../infra/self-check.ts'
import { inSession, useTestDatabase } from '../../support/database.ts'

const database = useTestDatabase()

/** Breaks a guard, checks, and mends it again. */
async function checkWith(breakIt: string, mendIt: string): Promise<unknown> {
  await inSession(database.url, (client) => client.query(breakIt))
  try {
    return await checkAppendOnly(database.url).then(
      () => 'no fault',
      (error: unknown) => error,
    )
  } finally {
    await inSession(database.url, (client) => client.query(mendIt))
  }
}

const refused = (message: RegExp) =>
  expect.objectContaining({ code: 'HISTORY_WRITABLE', message: expect.stringMatching(message) as string })

test('a worker starts where history is guarded', async () => {
  await expect(checkAppendOnly(database.url)).resolves.toBe(undefined)
})

test.each(['fact', 'sample_verdict', 'release_end'])('a worker refuses when %s lost its row trigger', async (table) => {
  const fault = await checkWith(
    `ALTER TABLE ${table} DISABLE TRIGGER append_only_rows`,
    `ALTER TABLE ${table} ENABLE TRIGGER append_only_rows`,
  )
  expect(fault).toEqual(refused(new RegExp(`${table} .*update and delete`)))
})

test('a worker refuses when a table lost its truncate trigger', async () => {
  const fault = await checkWith(
    'ALTER TABLE capture DISABLE TRIGGER append_only_truncate',
    'ALTER TABLE capture ENABLE TRIGGER append_only_truncate',
  )
  expect(fault).toEqual(refused(/capture .*truncate/))
})

test.each([
  [
    'UPDATE on capture was not refused',
    'GRANT UPDATE ON capture TO mella_writer',
    'REVOKE UPDATE ON capture FROM mella_writer',
  ],
  [
    'holds UPDATE',
    'GRANT UPDATE (kind) ON capture TO mella_writer',
    'REVOKE UPDATE (kind) ON capture FROM mella_writer',
  ],
  ['DELETE on fact was not refused', 'GRANT DELETE ON fact TO mella_writer', 'REVOKE DELETE ON fact FROM mella_writer'],
  [
    'TRUNCATE on row_artifact was not refused',
    'GRANT TRUNCATE ON row_artifact TO mella_writer',
    'REVOKE TRUNCATE ON row_artifact FROM mella_writer',
  ],
])('a worker refuses when the writer may change history: %s', async (verb, grant, revoke) => {
  expect(await checkWith(grant, revoke)).toEqual(refused(new RegExp(verb)))
})

test('a worker refuses when one partition of a history table is open', async () => {
  const fault = await checkWith(
    `CREATE TABLE parted (a int) PARTITION BY RANGE (a);
     CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (9);
     COMMENT ON TABLE parted IS 'class: history';
     CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON parted FOR EACH ROW EXECUTE FUNCTION refuse_change();
     CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON parted FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
     CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON parted_1 FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
     GRANT UPDATE ON parted_1 TO mella_writer`,
    'DROP TABLE parted',
  )
  expect(fault).toEqual(refused(/holds UPDATE on parted_1/))
})

const ROWS = 'BEFORE UPDATE OR DELETE ON weak FOR EACH ROW EXECUTE FUNCTION refuse_change()'
const TRUNCATE = 'BEFORE TRUNCATE ON weak FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()'

test.each([
  ['update and delete', 'calls something else', ROWS.replace('refuse_change', 'allow_change'), TRUNCATE],
  ['update and delete', 'comes after the change', ROWS.replace('BEFORE', 'AFTER'), TRUNCATE],
  ['update and delete', 'is asked once a statement', ROWS.replace('ROW', 'STATEMENT'), TRUNCATE],
  ['update and delete', 'lets rows be deleted', ROWS.replace(' OR DELETE', ''), TRUNCATE],
  ['update and delete', 'lets rows be updated', ROWS.replace('UPDATE OR ', ''), TRUNCATE],
  ['truncate', 'calls something else', ROWS, TRUNCATE.replace('refuse_change', 'allow_change')],
  ['truncate', 'comes after the change', ROWS, TRUNCATE.replace('BEFORE', 'AFTER')],
])('a worker refuses a table whose guard of %s %s', async (guarded, _, rows, truncate) => {
  const fault = await checkWith(
    `CREATE FUNCTION allow_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
     CREATE TABLE weak (a int);
     COMMENT ON TABLE weak IS 'class: history';
     CREATE TRIGGER append_only_rows ${rows};
     CREATE TRIGGER append_only_truncate ${truncate}`,
    'DROP TABLE weak; DROP FUNCTION allow_change',
  )
  expect(fault).toEqual(refused(new RegExp(`weak has no trigger that refuses ${guarded}`)))
})

test('a worker starts beside a new table that is guarded as it should', async () => {
  const fault = await checkWith(
    `CREATE TABLE weak (gone int, id int GENERATED ALWAYS AS IDENTITY, a int);
     ALTER TABLE weak DROP COLUMN gone;
     COMMENT ON TABLE weak IS 'class: history';
     CREATE TRIGGER append_only_rows ${ROWS};
     CREATE TRIGGER append_only_truncate ${TRUNCATE}`,
    'DROP TABLE weak',
  )
  expect(fault).toBe('no fault')
})

test('a worker refuses a database without any table marked as history', async () => {
  const tables = await inSession(database.url, async (client) => {
    const found = await client.query<{ name: string }>(
      `SELECT oid::regclass::text AS name FROM pg_class WHERE obj_description(oid, 'pg_class') = 'class: history'`,
    )
    return found.rows.map((row) => row.name)
  })
  const marks = (text: string) => tables.map((table) => `COMMENT ON TABLE ${table} IS ${text}`).join(';')
  expect(await checkWith(marks('NULL'), marks(`'class: history'`))).toEqual(refused(/no history table/))
})
