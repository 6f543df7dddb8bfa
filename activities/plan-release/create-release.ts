import type { Kysely } from 'kysely'
import type { ObjectStore } from '../../infra/objects.ts'
import { PermanentError } from '../../schema/contracts/errors.ts'
import type { ReleasePlanRecord } from '../../schema/contracts/release-plan.ts'
import type { ReleaseSpec } from '../../schema/contracts/spec.ts'
import { ensureDefinition } from '../../schema/queries/definitions.ts'
import {
  ensureRelease,
  finishedRun,
  type ReleaseRecord,
  setReleaseState,
  startRun,
} from '../../schema/queries/releases.ts'
import { specIdentity } from '../../schema/spec/spec-identity.ts'
import type { Database } from '../../schema/tables/database.ts'
import { definePipeline, type Definitions } from '../pipeline.ts'
import { canonicalJson, digestJson } from '../digest.ts'
import { type ToolVersions } from '../steps/step.ts'

export interface CreateReleaseDeps {
  db: Kysely<Database>
  store: ObjectStore
  tools: ToolVersions
  keyFingerprint(dataset: string): string
  platform: string
  commitId: string | null
}

export interface FrozenCrawl {
  id: string
  crawl_no: number
  /** Digest of its frozen list, lowercase hex. */
  digest: string
}

export interface CreatedRelease {
  release: ReleaseRecord
  run: string
  /** The asked run has ended already. */
  exists: boolean
}

/**
 * The identity of a release: what it is a function of, and nothing else (design rule 5). Two launches with the same
 * inputs have the same id, on any machine of the same platform.
 */
export function releaseIdentity(
  deps: Pick<CreateReleaseDeps, 'tools' | 'keyFingerprint'>,
  spec: ReleaseSpec,
  crawls: readonly FrozenCrawl[],
): { id: string; definitions: Definitions } {
  const definitions = definePipeline(spec, deps.tools)
  const digest = digestJson({
    spec: JSON.parse(specIdentity({ ...spec, crawls: [] })) as unknown,
    crawls: crawls.map((crawl) => crawl.digest),
    definitions: Object.values(definitions).map((one) => one.sha),
    dataset_key: deps.keyFingerprint(spec.dataset),
    abuse_lists: deps.tools.abuseLists,
  })
  return { id: `${spec.dataset}-${spec.version}-${digest.toString('hex').slice(0, 12)}`, definitions }
}

/** Makes a release, or joins the one of the same identity; `again` adds a run that recomputes. Safe to run twice. */
export async function createRelease(
  deps: CreateReleaseDeps,
  launch: {
    spec: ReleaseSpec
    specSha: string
    crawls: readonly FrozenCrawl[]
    again: boolean
    relabel: boolean
    shardSize: number
  },
): Promise<CreatedRelease> {
  const { spec, crawls } = launch
  const { id, definitions } = releaseIdentity(deps, spec, crawls)
  if (!launch.relabel) await refuseTakenLabel(deps.db, spec, id)
  const plan: ReleasePlanRecord = {
    spec: launch.specSha,
    crawls: crawls.map(({ id: crawlId, crawl_no, digest }) => ({ id: crawlId, crawl_no, digest })),
    definitions: {},
    dataset_key: deps.keyFingerprint(spec.dataset),
    abuse_lists: deps.tools.abuseLists,
    platform: deps.platform,
  }
  for (const [step, one] of Object.entries(definitions)) {
    // A trace names definitions by digest: each opens in the store, whatever the code says later.
    await deps.store.put(Buffer.from(canonicalJson(one.body), 'utf8'))
    plan.definitions[step] = { def_id: await ensureDefinition(deps.db, one, deps.commitId), sha: one.sha, rev: one.rev }
  }
  const release = await ensureRelease(deps.db, {
    id,
    dataset: spec.dataset,
    version: spec.version,
    spec,
    plan,
    shardSize: launch.shardSize,
  })
  const finished = await finishedRun(deps.db, release.release_no)
  if (!finished) {
    if (release.state === 'failed' || release.state === 'cancelled')
      await setReleaseState(deps.db, release.release_no, {
        state: 'running',
        note: null,
        note_code: null,
        paused: false,
      })
    return { release, run: release.run, exists: false }
  }
  if (!launch.again) return { release, run: finished.run, exists: true }
  const run = await startRun(deps.db, release.release_no, true, launch.shardSize)
  await setReleaseState(deps.db, release.release_no, { run })
  return { release, run, exists: false }
}

/** Throws VERSION_TAKEN when a finished release other than `id` holds the spec's version label. */
export async function refuseTakenLabel(
  db: Kysely<Database>,
  spec: Pick<ReleaseSpec, 'dataset' | 'version'>,
  id: string | null,
): Promise<void> {
  const holder = await db
    .selectFrom('version_label')
    .innerJoin('release', 'release.release_no', 'version_label.release_no')
    .select('release.id')
    .where('version_label.dataset', '=', spec.dataset)
    .where('version_label.version', '=', spec.version)
    .executeTakeFirst()
  if (holder && holder.id !== id) {
    throw new PermanentError(
      'VERSION_TAKEN',
      `version ${spec.dataset}@${spec.version} is held by release ${holder.id}: raise version in the spec, or move the label with --relabel`,
      { holder: holder.id },
    )
  }
}
