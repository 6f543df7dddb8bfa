import { type Kysely, sql } from 'kysely'
import type { ReleasePlanRecord } from '../contracts/release-plan.ts'
import type { ReleaseSpec } from '../contracts/spec.ts'
import type { Database } from '../tables/database.ts'
import type { ReleaseStateName, ReleaseStateTable } from '../tables/release.table.ts'

export interface ReleaseRecord extends Omit<ReleaseStateTable, 'updated_at'> {
  id: string
  dataset: string
  version: string
  spec: ReleaseSpec
  plan: ReleasePlanRecord
  created_at: Date
}

function selectReleases(db: Kysely<Database>) {
  return db
    .selectFrom('release')
    .innerJoin('release_state', 'release_state.release_no', 'release.release_no')
    .select([
      'release.release_no',
      'release.id',
      'release.dataset',
      'release.version',
      'release.spec',
      'release.plan',
      'release_state.state',
      'release_state.run',
      'release_state.phase',
      'release_state.paused',
      'release_state.note',
      'release_state.note_code',
      'release.created_at',
    ])
}

export async function findRelease(db: Kysely<Database>, id: string): Promise<ReleaseRecord | undefined> {
  return (await selectReleases(db).where('release.id', '=', id).executeTakeFirst()) as ReleaseRecord | undefined
}

export async function getRelease(db: Kysely<Database>, releaseNo: number): Promise<ReleaseRecord> {
  return (await selectReleases(db)
    .where('release.release_no', '=', releaseNo)
    .executeTakeFirstOrThrow()) as ReleaseRecord
}

export async function listReleases(db: Kysely<Database>): Promise<ReleaseRecord[]> {
  return (await selectReleases(db).orderBy('release.release_no', 'desc').execute()) as ReleaseRecord[]
}

/** The release of this name that was made last, whatever became of it. */
export async function newestRelease(
  db: Kysely<Database>,
  dataset: string,
  version: string,
): Promise<ReleaseRecord | undefined> {
  return (await selectReleases(db)
    .where('release.dataset', '=', dataset)
    .where('release.version', '=', version)
    .orderBy('release.release_no', 'desc')
    .executeTakeFirst()) as ReleaseRecord | undefined
}

/** The newest finished release of the same dataset that was made before this one. */
export async function releaseBefore(
  db: Kysely<Database>,
  release: Pick<ReleaseRecord, 'dataset' | 'release_no'>,
): Promise<ReleaseRecord | undefined> {
  return (await selectReleases(db)
    .where('release.dataset', '=', release.dataset)
    .where('release.release_no', '<', release.release_no)
    .where('release_state.state', '=', 'done')
    .orderBy('release.release_no', 'desc')
    .executeTakeFirst()) as ReleaseRecord | undefined
}

/** By id, by `dataset@version` label, or by a dataset's name alone (its newest finished release). */
export async function findReleaseByName(db: Kysely<Database>, name: string): Promise<ReleaseRecord | undefined> {
  const byId = await findRelease(db, name)
  if (byId) return byId
  const [dataset, version] = name.split('@')
  if (dataset !== undefined && version !== undefined) {
    const label = await db
      .selectFrom('version_label')
      .select('release_no')
      .where('dataset', '=', dataset)
      .where('version', '=', version)
      .executeTakeFirst()
    if (label) return getRelease(db, label.release_no)
  }
  const newest = await selectReleases(db)
    .where('release.dataset', '=', name)
    .where('release_state.state', '=', 'done')
    .orderBy('release.release_no', 'desc')
    .executeTakeFirst()
  return newest as ReleaseRecord | undefined
}

/**
 * The release that a control is for: by id, else of the dataset (`dataset` or `dataset@version`) the newest that runs,
 * else the newest that was not finished, else what the name means elsewhere.
 */
export async function findReleaseToControl(db: Kysely<Database>, name: string): Promise<ReleaseRecord | undefined> {
  const byId = await findRelease(db, name)
  if (byId) return byId
  const [dataset = '', version] = name.split('@')
  const unfinished = await selectReleases(db)
    .where('release.dataset', '=', dataset)
    .$if(version !== undefined, (query) => query.where('release.version', '=', version ?? ''))
    .where('release_state.state', '<>', 'done')
    .orderBy(sql`release_state.state = 'running'`, 'desc')
    .orderBy('release.release_no', 'desc')
    .executeTakeFirst()
  return (unfinished as ReleaseRecord | undefined) ?? findReleaseByName(db, name)
}

/** Makes the release and its first run, or returns the one that is there. Safe to run twice and at the same time. */
export async function ensureRelease(
  db: Kysely<Database>,
  release: {
    id: string
    dataset: string
    version: string
    spec: ReleaseSpec
    plan: ReleasePlanRecord
    shardSize: number
  },
): Promise<ReleaseRecord> {
  await db.transaction().execute(async (tx) => {
    await sql`SELECT pg_advisory_xact_lock(hashtext(${`release:${release.id}`}))`.execute(tx)
    if (await findRelease(tx, release.id)) return
    const { release_no } = await tx
      .insertInto('release')
      .values({
        id: release.id,
        dataset: release.dataset,
        version: release.version,
        spec: JSON.stringify(release.spec),
        plan: JSON.stringify(release.plan),
      })
      .returning('release_no')
      .executeTakeFirstOrThrow()
    const run = await startRun(tx, release_no, false, release.shardSize)
    await tx
      .insertInto('release_state')
      .values({ release_no, state: 'running', run, phase: null, paused: false, note: null, note_code: null })
      .execute()
  })
  return (await findRelease(db, release.id)) as ReleaseRecord
}

export async function startRun(
  db: Kysely<Database>,
  releaseNo: number,
  again: boolean,
  shardSize: number,
): Promise<string> {
  const { run } = await db
    .insertInto('release_run')
    .values({ release_no: releaseNo, again, shard_size: shardSize })
    .returning('run')
    .executeTakeFirstOrThrow()
  return run
}

export async function setReleaseState(
  db: Kysely<Database>,
  releaseNo: number,
  patch: {
    state?: ReleaseStateName
    phase?: string | null
    paused?: boolean
    note?: string | null
    note_code?: string | null
    run?: string
  },
): Promise<void> {
  await db
    .updateTable('release_state')
    .set({ ...patch, updated_at: sql`now()` as never })
    .where('release_no', '=', releaseNo)
    .execute()
}

export interface RunRecord {
  run: string
  release_no: number
  again: boolean
  shard_size: number
}

export async function getRun(db: Kysely<Database>, run: string): Promise<RunRecord> {
  return db
    .selectFrom('release_run')
    .select(['run', 'release_no', 'again', 'shard_size'])
    .where('run', '=', run)
    .executeTakeFirstOrThrow()
}

/** The run whose results a finished release stands for: its first that ended. */
export async function finishedRun(
  db: Kysely<Database>,
  releaseNo: number,
): Promise<{ run: string; root: Buffer; size: string; manifest_sha: Buffer } | undefined> {
  return db
    .selectFrom('release_end')
    .innerJoin('release_run', 'release_run.run', 'release_end.run')
    .select(['release_end.run', 'release_end.root', 'release_end.size', 'release_end.manifest_sha'])
    .where('release_run.release_no', '=', releaseNo)
    .where('release_run.again', '=', false)
    .orderBy('release_end.run')
    .executeTakeFirst()
}

export async function isPaused(db: Kysely<Database>, releaseNo: number): Promise<boolean> {
  const state = await db
    .selectFrom('release_state')
    .select(['paused', 'state'])
    .where('release_no', '=', releaseNo)
    .executeTakeFirst()
  return state === undefined || state.paused || state.state === 'cancelled'
}
