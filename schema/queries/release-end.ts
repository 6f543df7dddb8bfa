import type { Kysely } from 'kysely'
import type { Database } from '../tables/database.ts'
import { type ReleaseRecord, setReleaseState } from './releases.ts'

/** A run has ended: its root stands, the release is done and holds its version's label. Safe to run twice. */
export async function endRun(
  db: Kysely<Database>,
  end: { run: string; again: boolean; release: ReleaseRecord; root: Buffer; size: number; manifestSha: Buffer },
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await tx
      .insertInto('release_end')
      .values({ run: end.run, root: end.root, size: String(end.size), manifest_sha: end.manifestSha })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    await setReleaseState(tx, end.release.release_no, { state: 'done', phase: null, note: null, note_code: null })
    if (end.again) return
    const { dataset, version, release_no } = end.release
    await tx
      .insertInto('version_label')
      .values({ dataset, version, release_no })
      .onConflict((conflict) => conflict.columns(['dataset', 'version']).doUpdateSet({ release_no }))
      .execute()
  })
}
