import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runFileJob, type FileJob, type JobRows } from '../../../activities/package/file-job.ts'
import type { BoundRow } from '../../../activities/package/leaf.ts'
import { checkpointText, manifestJson, originOf } from '../../../activities/package/manifest.ts'
import { finishRelease } from '../../../activities/package/release-documents.ts'
import { ReleasePlan, type PlannedFile } from '../../../activities/package/release-plan.ts'
import { AtomicFile, writeFileAtomically } from '../../../infra/atomic-file.ts'
import { loadSigningKey, signNote, type SigningKey } from '../../../infra/signing.ts'
import type { ReleaseFacts } from '../../../schema/contracts/release-facts.ts'
import type { ReleaseManifest, RemovalRow } from '../../../schema/contracts/release-manifest.ts'
import type { LineageRow, ReleaseFile, ReleaseRow } from '../../../schema/contracts/release-row.ts'
import type { ModelCall, ReleaseSpec } from '../../../schema/contracts/spec.ts'
import { rows, sha256 } from './a-row.ts'

export const SCORES = ['align', 'porn', 'sharpness']

const MODEL = {
  provider: 'openai',
  base_url: 'http://127.0.0.1:9/v1',
  model: 'org/vision-2b',
  revision: 'r1',
  prompt: 'caption/six-points@1',
  params: { temperature: 0, seed: 7, max_tokens: 500 },
  pivot: 'en',
} as ModelCall

export function aSpec(change: Partial<ReleaseSpec> = {}): ReleaseSpec {
  return {
    dataset: 'boats',
    version: '1.2.0',
    date: '2026-01-02',
    base: null,
    languages: ['ru', 'sr-Latn'],
    card: {
      title: 'Boats on rivers',
      creators: ['River Society'],
      contact: 'rivers@a.example',
      licence: 'CC-BY-4.0',
      citation: null,
      description: null,
    },
    crawls: ['boats-1'],
    crawl: {
      seeds: { ru: ['https://a.example/'] },
      scope: 'host',
      limits: { pages_per_host: 10, depth: 2, max_body_mib: 10, seconds_per_page: 30, give_up_hours: 1 },
      politeness: {
        delay_ms: 1000,
        per_host: 1,
        per_address: 1,
        user_agent: 'mella (+a@a.example)',
        honour: ['robots', 'noai'],
      },
    },
    image: {
      format: 'png',
      quality: 90,
      background: '#ffffff',
      max_side: 1024,
      min_side: 1,
      max_ratio: 3,
      min_bytes: 0,
    },
    filters: {
      nsfw: { porn: 0.85, hentai: 0.9, sexy: 1 },
      near_image: { pdq: 31, scope: 'language' },
      language: { prior: 'page', contrast: ['en'] },
      boilerplate: { count: 20, share: 0.5 },
      drop_types: ['filename'],
      text: { min_chars: 1, max_chars: 1000 },
      max_same_text: 10,
    },
    caption: MODEL,
    translate: null,
    thick: null,
    overrides: {},
    select: { target: {}, max_per_host: 0.1, splits: { train: 0.9, test: 0.1 } },
    package: { formats: ['parquet'], images: 'bytes', shard_mib: 1 },
    ...change,
  }
}

/** Twelve rows in two languages and two splits. */
export function someRows(): ReleaseRow[] {
  return rows(12, (n) => ({
    lang: n % 3 ? 'sr-Latn' : 'ru',
    script: n % 3 ? 'Latn' : 'Cyrl',
    split: n % 4 ? 'train' : 'test',
  }))
}

export function someFacts(
  plan: Pick<ReleaseFacts, 'tree' | 'counts'>,
  change: Partial<ReleaseFacts> = {},
): ReleaseFacts {
  const step = (name: string, kind: 'fact' | 'judgement' | 'generation', summary: string) => ({
    step: name,
    kind,
    rev: 1,
    sha256: sha256(name),
    summary,
    definition: { limit: 1 },
  })
  return {
    spec: aSpec(),
    datasetKey: sha256('public').slice(0, 16),
    ...plan,
    scoreNames: SCORES,
    inputs: [{ kind: 'crawl', name: 'boats-1', sha256: sha256('crawl') }],
    steps: [
      step('normalise', 'fact', 'decodes each picture once'),
      step('judge samples', 'judgement', 'applies the limits'),
      step('caption', 'generation', 'describes the picture'),
    ],
    tools: [{ kind: 'encoder', name: 'sharp', version: '0.35.5', sha256: null }],
    funnel: [
      { step: 'normalise', unit: 'pictures', lang: '*', in: 20, kept: 18, reasons: { undecodable: 2 } },
      { step: 'judge samples', unit: 'samples', lang: 'ru', in: 9, kept: 4, reasons: { too_small: 4, opted_out: 1 } },
      { step: 'judge samples', unit: 'samples', lang: 'sr-Latn', in: 8, kept: 8, reasons: {} },
    ],
    removals: 0,
    ...change,
  }
}

export interface Release {
  folder: string
  key: SigningKey
  facts: ReleaseFacts
  files: ReleaseFile[]
}

export interface ReleaseChange {
  rows?: ReleaseRow[]
  facts?: Partial<ReleaseFacts>
  removals?: RemovalRow[]
  key?: SigningKey
  shardMib?: number
}

/** A whole signed release in `folder`, made as production makes it, but in this thread. */
export async function aRelease(folder: string, change: ReleaseChange = {}): Promise<Release> {
  const given = change.rows ?? someRows()
  const removals = change.removals ?? []
  const plan = new ReleasePlan({ shardMib: change.shardMib ?? 1 })
  for (const row of given) plan.add(row, row.image?.bytes?.length ?? 0)
  const planned = plan.finish()
  const files: ReleaseFile[] = []
  const within = (file: PlannedFile) =>
    given.filter(
      ({ key, lang, split }) =>
        lang === file.lang && (file.split ?? split) === split && file.firstKey <= key && key <= file.lastKey,
    )
  for (const file of planned.data)
    files.push(
      await written(
        folder,
        file.path,
        dataJob(file, change.facts?.spec?.package.images ?? 'bytes'),
        within(file).map(pictured),
      ),
    )
  for (const file of planned.lineage)
    files.push(await written(folder, file.path, { kind: 'lineage' }, within(file).map(lineageOf)))
  files.push(await written(folder, 'removals.parquet', { kind: 'removals' }, removals))
  const facts = someFacts(planned, { removals: removals.length, ...change.facts })
  const key = change.key ?? loadSigningKey(`${folder}.key`, 'boats')
  const all = finishRelease(facts, files, key, {
    writeFile: (path, content) => writeFileAtomically(join(folder, path), content),
    sign: (text) => signNote(key, text),
  })
  return { folder, key, facts, files: all }
}

const dataJob = ({ lang, split }: PlannedFile, images: 'bytes' | 'links'): FileJob => ({
  kind: 'data',
  extension: 'png',
  lang,
  split: split!,
  scoreNames: SCORES,
  images,
})

function pictured(whole: ReleaseRow) {
  const { image, leaf: _leaf, ...row } = whole
  return { row: row satisfies BoundRow, picture: image?.bytes ?? null }
}

const lineageOf = ({ key, fetched_sha256 }: ReleaseRow): LineageRow => ({
  key,
  page_capture: sha256(`page of ${key}`),
  image_capture: fetched_sha256,
  fetched_at: '2026-01-01T00:00:00Z',
  detail: '{}',
})

async function written(
  folder: string,
  path: string,
  job: FileJob,
  given: JobRows[FileJob['kind']][],
): Promise<ReleaseFile> {
  async function* source() {
    for (const row of given) yield await Promise.resolve(row)
  }
  using file = new AtomicFile(join(folder, path))
  const count = await runFileJob(file, job, source())
  return { path, ...file.commit(), rows: count }
}

export const textOf = (folder: string, path: string) => readFileSync(join(folder, path), 'utf8')

/** Makes manifest and signature fit again what lies in the folder, as a forger would, with any key. */
export function reseal(folder: string, key: SigningKey, change: Partial<ReleaseManifest> = {}): void {
  const old = JSON.parse(textOf(folder, 'manifest.json')) as ReleaseManifest
  const files = old.files.map((file) => {
    const content = readFileSync(join(folder, file.path))
    return { ...file, sha256: sha256(content), bytes: content.length }
  })
  const manifest = { ...old, files, signer: { name: key.name, vkey: key.vkey }, ...change }
  const json = manifestJson(manifest)
  writeFileAtomically(join(folder, 'manifest.json'), json)
  writeFileAtomically(
    join(folder, 'manifest.sig'),
    signNote(key, checkpointText(originOf(manifest), manifest.tree, json)),
  )
}
