import type { LineageRow, ReleaseFile } from '../../schema/contracts/release-row.ts'
import type { RunInput } from '../../schema/contracts/release-work.ts'
import { clearFlight, finishShard, startFlight } from '../../schema/queries/in-flight.ts'
import { artifactsBetween, insertReleaseFile, membersForLineage } from '../../schema/queries/release-files.ts'
import { canonicalJson } from '../digest.ts'
import { type RunContext, runStep, type StepDeps } from '../steps/shard-edge.ts'
import { traceSamples } from '../trace/trace-samples.ts'
import { SCORE_NAMES } from './build-row.ts'
import { extensionOf, type FileJob, type JobRows } from './file-job.ts'
import type { BoundRow } from './leaf.ts'
import { type PlannedFile, type PlannedRelease, ReleasePlan } from './release-plan.ts'
import { readRows } from './row-artifact.ts'

export interface FilesDeps extends StepDeps {
  /** Writes one file in a thread of its own, whole or not at all. */
  writeFile<Kind extends FileJob['kind']>(request: {
    path: string
    job: Extract<FileJob, { kind: Kind }>
    rows: AsyncIterable<JobRows[Kind]>
    signal: AbortSignal
  }): Promise<{ sha256: string; bytes: number; rows: number }>
  withPictures(
    rows: AsyncIterable<BoundRow>,
    read: (sha256: string) => Promise<Uint8Array>,
  ): AsyncIterable<JobRows['data']>
  withoutPictures(rows: AsyncIterable<BoundRow>): AsyncIterable<JobRows['data']>
  /** Absolute path of a file of a run's release folder. */
  pathOf(release: string, run: string, file: string): string
}

export type FilesActivities = ReturnType<typeof createFilesActivities>

/** Keys traced at a time for the lineage files. */
const TRACED = 100

export function createFilesActivities(deps: FilesDeps) {
  /** Plans the data files from the rows in key order: a function of order and sizes alone. Safe to run twice. */
  const planFiles = (input: RunInput): Promise<{ count: number }> =>
    runStep(deps, input, 'package-plan', async ({ run, release }) => {
      const plan = new ReleasePlan({ shardMib: release.spec.package.shard_mib })
      for await (const { row, pictureBytes } of readRows(
        deps.store,
        await artifactsBetween(deps.db, run.run, null, null),
      ))
        plan.add(row, pictureBytes)
      const planned = plan.finish()
      const artifact = await deps.store.put(Buffer.from(canonicalJson(planned), 'utf8'))
      await deps.db
        .insertInto('file_plan')
        .values({ run: run.run, artifact })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
      return { count: planned.data.length + planned.lineage.length + 1 }
    })

  /** Writes one planned file. Safe to run twice: the same rows give the same bytes. */
  const writeDataFile = (input: RunInput & { file: number }): Promise<{ bytes: number }> =>
    runStep(deps, input, null, async (context) => {
      const { run } = context.run
      const flight = { run, step: 'package-file', first_no: input.file, last_no: input.file }
      await startFlight(deps.db, flight, 1, deps.worker)
      const planned = await readPlan(deps, run)
      const file = await writePlanned(deps, context, planned, input.file)
      await insertReleaseFile(deps.db, run, file)
      await clearFlight(deps.db, flight)
      await finishShard(deps.db, { run, step: 'package-file', shard: input.file, inputs: 1, computed: 1 })
      return { bytes: file.bytes }
    })

  return { planFiles, writeDataFile }
}

/** The plan that `planFiles` stored. */
export async function readPlan(deps: StepDeps, run: string): Promise<PlannedRelease> {
  const { artifact } = await deps.db
    .selectFrom('file_plan')
    .select('artifact')
    .where('run', '=', run)
    .executeTakeFirstOrThrow()
  return JSON.parse((await deps.store.get(artifact)).toString('utf8')) as PlannedRelease
}

async function writePlanned(
  deps: FilesDeps,
  context: RunContext,
  planned: PlannedRelease,
  index: number,
): Promise<ReleaseFile> {
  const { release, run, edge } = context
  const pathOf = (file: string) => deps.pathOf(release.id, run.run, file)
  const data = planned.data[index]
  if (data) {
    const images = release.spec.package.images
    const rows = rowsOf(deps, context, data)
    const written = await deps.writeFile({
      path: pathOf(data.path),
      job: {
        kind: 'data',
        extension: extensionOf(release.spec.image.format),
        lang: data.lang,
        split: data.split ?? '',
        scoreNames: SCORE_NAMES,
        images,
      },
      rows:
        images === 'bytes'
          ? deps.withPictures(rows, (sha) => deps.store.get(Buffer.from(sha, 'hex')))
          : deps.withoutPictures(rows),
      signal: edge.signal,
    })
    return { path: data.path, ...written }
  }
  const lineage = planned.lineage[index - planned.data.length]
  if (lineage) {
    const written = await deps.writeFile({
      path: pathOf(lineage.path),
      job: { kind: 'lineage' },
      rows: lineageOf(deps, context, lineage),
      signal: edge.signal,
    })
    return { path: lineage.path, ...written }
  }
  const path = 'removals.parquet'
  return {
    path,
    ...(await deps.writeFile({ path: pathOf(path), job: { kind: 'removals' }, rows: nothing(), signal: edge.signal })),
  }
}

async function* nothing(): AsyncGenerator<never> {}

async function* rowsOf(deps: FilesDeps, context: RunContext, file: PlannedFile): AsyncGenerator<BoundRow> {
  const artifacts = await artifactsBetween(
    deps.db,
    context.run.run,
    Buffer.from(file.firstKey, 'hex'),
    Buffer.from(file.lastKey, 'hex'),
  )
  for await (const { row } of readRows(deps.store, artifacts)) {
    if (row.lang !== file.lang || (file.split !== null && row.split !== file.split)) continue
    if (row.key >= file.firstKey && row.key <= file.lastKey) yield row
  }
}

async function* lineageOf(deps: FilesDeps, context: RunContext, file: PlannedFile): AsyncGenerator<LineageRow> {
  let keys: Buffer[] = []
  for await (const row of rowsOf(deps, context, file)) {
    keys.push(Buffer.from(row.key, 'hex'))
    if (keys.length < TRACED) continue
    yield* traced(deps, context, keys)
    keys = []
  }
  yield* traced(deps, context, keys)
}

async function* traced(deps: FilesDeps, context: RunContext, keys: readonly Buffer[]): AsyncGenerator<LineageRow> {
  if (keys.length === 0) return
  const { release, run } = context
  const subjects = await membersForLineage(deps.db, run.run, keys)
  for (const trace of await traceSamples(
    deps.db,
    { id: release.id, run: run.run, plan: release.plan, spec: release.spec },
    subjects,
  )) {
    const place = (warc: { segment: string; offset: number; length: number } | null | undefined) =>
      warc ? `${warc.segment}:${warc.offset}:${warc.length}` : ''
    yield {
      key: trace.key,
      page_capture: place(trace.pages[0]?.warc),
      image_capture: place(trace.pictures[0]?.warc),
      fetched_at: trace.pages[0]?.fetched_at ?? '',
      detail: canonicalJson(trace),
    }
  }
}
